"""Why a call has no result, in the codes of Firebase's callable functions. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """The codes of Google's APIs that a call can end in: https://cloud.google.com/apis/design/errors#error_codes."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    """Trying again helps only once something else has changed."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_FOUND = "NOT_FOUND"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    """Trying again may win."""


class CallRefused(Exception):
    """The call cannot be answered with a result. The message is for the app's developer, and names nothing secret."""

    def __init__(
        self,
        status: Status,
        message: str,
        details: Mapping[str, object] | None = None,
        *,
        severity: str = "INFO",
        note: str | None = None,
    ) -> None:
        """The details are for the app; the severity says whether an operator has to know, and the note, of what."""
        super().__init__(message)
        self.status = status
        self.details = details
        self.severity = severity
        self.note = note
