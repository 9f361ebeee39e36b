"""What goes wrong with the next requests, because a test says so."""

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus

from tools.stripe_stand_in.refusals import Refused


class Kind(StrEnum):
    RATE_LIMITED = "rate_limited"
    """429, with Retry-After; nothing is done."""
    LOCK_TIMEOUT = "lock_timeout"
    """429, because others hold the object: https://docs.stripe.com/rate-limits#object-lock-timeouts."""
    UNAVAILABLE = "unavailable"
    """503; nothing is done."""
    FORBIDDEN = "forbidden"
    """403: the key lacks a permission."""
    SLOW = "slow"
    """Worked on for so many seconds, during which its key is in use."""
    BROKEN = "broken"
    """Done, and answered 500: which is kept under the key, and answered again."""
    LOST = "lost"
    """Done, and the connection ends without an answer."""
    HANGS = "hangs"
    """Done, and answered so many seconds later."""
    GARBAGE = "garbage"
    """Done, and answered 200 by something else than Stripe."""


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    times: int = 1
    """How many requests it befalls."""
    seconds: int = 1
    """Of the pause that is asked for, or made."""
    about: str = ""
    """A text that is in the path, the key or the parameters of each request that it befalls, such as an order's id."""

    def refusal(self) -> Refused | None:
        """The answer, if it comes before anything is done."""
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
        """The first that is planned for it, which has then happened once more."""
        with self._lock:
            for at, fault in enumerate(self._planned):
                if fault.about in request:
                    self._planned[at : at + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    return fault
        return None
