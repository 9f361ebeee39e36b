"""Firestore's errors as settlement knows them: someone was faster, there was no answer, or a fault."""

import contextlib
from collections.abc import Iterator
from typing import Final

import grpc
from google.api_core import exceptions

from orders.outcome import StoreContended, StoreUnavailable

# What each status means: https://cloud.google.com/firestore/docs/understand-error-codes
_SOMEONE_WAS_FASTER: Final = (
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
    exceptions.Aborted,
)
# Of a query, the other ones mean that an index is missing: a fault, whose message names the index.
A_QUERY_WAS_TOO_SLOW: Final = (exceptions.Aborted,)
_NO_ANSWER: Final = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.ResourceExhausted,
    exceptions.InternalServerError,
    exceptions.Cancelled,
    exceptions.Unknown,
    exceptions.RetryError,
)


@contextlib.contextmanager
def errors_in_our_words(
    someone_was_faster: tuple[type[exceptions.GoogleAPICallError], ...] = _SOMEONE_WAS_FASTER,
) -> Iterator[None]:
    """Someone was faster, or there was no answer: both can be tried again. All else is a fault, and stays one."""
    try:
        with _errors_by_name():
            yield
    except someone_was_faster as error:
        raise StoreContended(type(error).__name__) from error
    except _NO_ANSWER as error:
        raise StoreUnavailable(type(error).__name__) from error


@contextlib.contextmanager
def _errors_by_name() -> Iterator[None]:
    """The channel's errors as those of the client library."""
    try:
        yield
    except grpc.RpcError as error:
        raise exceptions.from_grpc_error(error) from error
