"""Idempotency keys: the same request with the same key is done once (https://docs.stripe.com/api/idempotent_requests)."""

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from tools.stripe_stand_in.refusals import Refused

KEY_CHARACTERS_MAX: Final = 255
LIFETIME_SECONDS: Final = 24 * 60 * 60
"""Stripe keeps a key for at least a day; the stand-in, for exactly one."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    request_id: str


@dataclass(slots=True)
class _Kept:
    request: object
    until: int
    answer: Answer | None = None
    """None while the request is in progress."""


@dataclass(slots=True)
class Keys:
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, key: str, request: object, now: int) -> Answer | None:
        """The answer given before to the same request; None if it is new and has to be worked on.

        Raises Refused.
        """
        if len(key) > KEY_CHARACTERS_MAX:
            raise Refused(f"An idempotency key has at most {KEY_CHARACTERS_MAX} characters.")
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or (kept.answer and kept.until <= now):
                self._kept[key] = _Kept(request, now + LIFETIME_SECONDS)
                return None
            if kept.request != request:
                raise Refused(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                    f"Try using a key other than '{key}' if you meant to execute a different request.",
                    kind="idempotency_error",
                )
            if kept.answer is None:
                raise Refused(
                    "There is currently another in-progress request using this Idempotent Key (that probably means you "
                    "submitted twice, and the other request is still going through). Please try again later.",
                    code="idempotency_key_in_use",
                    kind="idempotency_error",
                    status=HTTPStatus.CONFLICT,
                )
            return kept.answer

    def keep(self, key: str, answer: Answer) -> None:
        with self._lock:
            self._kept[key].answer = answer

    def forget(self, key: str) -> None:
        """Forget a request that was refused before any work: the key may be used again."""
        with self._lock:
            self._kept.pop(key, None)
