"""Why a call has no result, in the codes of Firebase's callable functions. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """The codes of Google's APIs that a call can end with: https://cloud.google.com/apis/design/errors#error_codes."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    """A retry helps only after something else has changed."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_FOUND = "NOT_FOUND"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    """A retry may succeed."""


class CallRefused(Exception):
    """The call is refused. The message is for the app's developer, and contains nothing secret."""

    def __init__(
        self,
        status: Status,
        message: str,
        details: Mapping[str, object] | None = None,
        *,
        severity: str = "INFO",
        note: str | None = None,
    ) -> None:
        """The details are for the app. Severity and note are for the log: whether an operator should know, and what."""
        super().__init__(message)
        self.status = status
        self.details = details
        self.severity = severity
        self.note = note
