"""What Stripe's events mean, for the tests of their translation."""

from collections.abc import Mapping
from typing import Any

from orders.events import Ignored, NotUnderstood, StripeEvent
from tests.support.builders import LATER
from tests.support.stripe_objects import the_event
from webhooks.ownership import Naming
from webhooks.translation import order_event_from


def translated(message: Mapping[str, object], naming: Naming = Naming()) -> StripeEvent | NotUnderstood | Ignored:
    return order_event_from(message, delivered_at=LATER, naming=naming)


def meaning_of(event_type: str, **fields: Any) -> StripeEvent | NotUnderstood | Ignored:
    """The meaning of an event of this type, with these fields of its object changed."""
    return translated(the_event(event_type, **fields))


def why_ignored(event_type: str, **fields: Any) -> str:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, Ignored), event
    assert (event.event_id, event.event_type) == ("evt_1", event_type)
    return event.reason


def why_not_understood(event_type: str, **fields: Any) -> str:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, NotUnderstood), event
    assert (event.event_id, event.event_type) == ("evt_1", event_type)
    return event.reason
