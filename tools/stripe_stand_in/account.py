"""One account at Stripe: its objects and its events."""

import copy
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from tools.stripe_events import Json, event_around

EVENT_DAYS_MAX: Final = 30
_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(slots=True)
class Account:
    """Not thread-safe: callers that change it hold the application's lock."""

    origin: str
    """The base URL of the API and of the payment pages."""
    clock: Callable[[], float]
    ahead_seconds: int = 0
    """How far the account's clock is put forward."""
    sessions: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    shipping_rates: dict[str, Json] = field(default_factory=dict)
    asked: dict[str, Json] = field(default_factory=dict)
    """The parameters of each session, by the session's id."""
    events: list[Json] = field(default_factory=list)
    """In the order in which they happened."""
    refund_outcome: str = "succeeded"
    """The status that new refunds get."""
    _run: str = field(default_factory=lambda: secrets.token_hex(3))
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _cause: Json = field(default_factory=dict)

    @property
    def now(self) -> int:
        return int(self.clock()) + self.ahead_seconds

    def new_name(self) -> str:
        """A unique id without its prefix; no other run of the stand-in gives it out."""
        return f"{self._run}{next(self._numbers):04}"

    @contextmanager
    def caused_by(self, request_id: str | None, key: str | None) -> Iterator[int]:
        """In this block, events name this request as their cause. Yields how many events there are so far."""
        self._cause = {"id": request_id, "idempotency_key": key}
        try:
            yield len(self.events)
        finally:
            self._cause = {}

    def report(self, event_type: str, stripe_object: Json) -> None:
        """Record an event about the object, with a copy of the object as it is now."""
        cause = self._cause or {"id": None, "idempotency_key": None}
        self.events.append(
            event_around(
                copy.deepcopy(stripe_object), f"evt_{self.new_name()}", event_type, self.now, request=dict(cause)
            )
        )

    def kept_events(self) -> list[Json]:
        """The events that Stripe still lists, oldest first."""
        return [event for event in self.events if event["created"] > self.now - EVENT_DAYS_MAX * _DAY_SECONDS]
