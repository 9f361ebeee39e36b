"""`./shop replay`, and a stand-in for Stripe that answers it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from click.testing import Result

from ops.bulk import set_of
from stripe_api.api import NoSuchEvent, StripeRefused, StripeUnavailable
from tests.support.builders import LATER
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.stripe_objects import the_event

PAID = the_event("payment_intent.succeeded")
YES = ("--yes", "--reason", "the endpoint was off", "--operator", "olga")


class Stripe:
    """Has these events."""

    def __init__(self, *events: Mapping[str, Any]) -> None:
        self.events = {event["id"]: event for event in events}

    def event(self, event_id: str) -> Mapping[str, object]:
        if event_id == "evt_slow":
            raise StripeUnavailable("Stripe answers 503")
        if event_id == "evt_secret":
            raise StripeRefused("The key may not read events", "more_permissions_required")
        if event_id not in self.events:
            raise NoSuchEvent(event_id, "resource_missing")
        return self.events[event_id]


def the_set(*event_ids: str) -> tuple[str, ...]:
    """The options by which `./shop replay` confirms these events."""
    return ("--count", str(len(event_ids)), "--set", set_of(event_ids))


def replay(store: MemoryStore, *words: str, now: datetime = LATER, **more: Any) -> Result:
    return operated(store, "replay", *words, now=now, **more)


def output_lines_of(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines()]
