"""Maps Firestore's errors: another worker was faster, there was no answer, or a fault."""

from typing import Final

from orders.outcome import StoreContended, StoreUnavailable

# The statuses: https://cloud.google.com/firestore/docs/understand-error-codes
WRITE_CONTENDED: Final = frozenset({"ABORTED", "ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"})
"""For a commit, these mean that another worker was faster."""
READ_CONTENDED: Final = frozenset({"ABORTED"})
"""For reads, where the others mean that a database or an index is missing."""
_NO_ANSWER: Final = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"}
)


class RequestRefused(Exception):
    """The request is invalid, a database or an index is missing, or the service account lacks a role."""


class AnswerTooLarge(Exception):
    """The answer exceeds the limit, and was not read to its end."""


def error_of(status: str, message: str, contended: frozenset[str]) -> Exception:
    """The exception for an error status, with the server's message."""
    if status in contended:
        # The message names the document, which may be personal data: not for the log.
        return StoreContended(status)
    said = f"{status}: {message}"
    return StoreUnavailable(said) if status in _NO_ANSWER else RequestRefused(said)
