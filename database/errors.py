"""Firestore's errors as settlement knows them: someone was faster, there was no answer, or a fault."""

from typing import Final

from orders.outcome import StoreContended, StoreUnavailable

# What each status means: https://cloud.google.com/firestore/docs/understand-error-codes
WRITE_CONTENDED: Final = frozenset({"ABORTED", "ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"})
"""Of a commit: someone was faster."""
READ_CONTENDED: Final = frozenset({"ABORTED"})
"""Of all else, where the other ones mean that a database or an index is missing."""
_NO_ANSWER: Final = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"}
)


class RequestRefused(Exception):
    """A request is wrong in itself, a database or an index is missing, or the service account lacks a role."""


class AnswerTooLarge(Exception):
    """An answer is larger than any that this service has use for. It was not read to its end."""


def error_of(status: str, message: str, contended: frozenset[str]) -> Exception:
    """What an answer other than the one that was asked for means, and in the server's words, why."""
    if status in contended:
        # Of what others have written, the message names the document, which can be a customer's: not for the log.
        return StoreContended(status)
    said = f"{status}: {message}"
    return StoreUnavailable(said) if status in _NO_ANSWER else RequestRefused(said)
