"""The faults that a test plans for the next requests."""

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus

from tools.stripe_stand_in.refusals import Refused


class Kind(StrEnum):
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After; nothing is done."""
    LOCK_TIMEOUT = "lock_timeout"
    """429, because another request holds the object: https://docs.stripe.com/rate-limits#object-lock-timeouts."""
    UNAVAILABLE = "unavailable"
    """503; nothing is done."""
    FORBIDDEN = "forbidden"
    """403: the key lacks a permission."""
    SLOW = "slow"
    """Takes this many seconds, during which the idempotency key is in use."""
    BROKEN = "broken"
    """Done, but answered 500. The 500 is kept under the key and repeated."""
    LOST = "lost"
    """Done, but the connection ends without an answer."""
    HANGS = "hangs"
    """Done, but answered this many seconds later."""
    GARBAGE = "garbage"
    """Done, but answered 200 by something other than Stripe."""


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    times: int = 1
    """How many requests fail."""
    seconds: int = 1
    """The length of the pause, or the value of Retry-After."""
    about: str = ""
    """Only requests whose path, key or parameters contain this text fail; it may be an order's id."""

    def refusal(self) -> Refused | None:
        """The error, if the request is refused before anything is done."""
        match self.kind:
            case Kind.RATE_LIMITED:
                words = "Request rate limit exceeded."
                return Refused(words, code="rate_limit", status=HTTPStatus.TOO_MANY_REQUESTS)
            case Kind.LOCK_TIMEOUT:
                words = "This object cannot be accessed right now because another request holds it."
                return Refused(words, code="lock_timeout", status=HTTPStatus.TOO_MANY_REQUESTS)
            case Kind.UNAVAILABLE:
                return Refused("Try again later.", kind="api_error", status=HTTPStatus.SERVICE_UNAVAILABLE)
            case Kind.FORBIDDEN:
                words = "The provided key 'rk_test_***tors' does not have the required permissions for this endpoint."
                return Refused(words, status=HTTPStatus.FORBIDDEN)
        return None


@dataclass(slots=True)
class Faults:
    _planned: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def for_request(self, request: str) -> Fault | None:
        """The first planned fault that applies to the request, which is used up once."""
        with self._lock:
            for at, fault in enumerate(self._planned):
                if fault.about in request:
                    self._planned[at : at + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    return fault
        return None
