"""Looks up the ordinary event that a thin event stands for, so that it is settled instead; this takes an API key.

So both count once, in whatever sequence they arrive. https://docs.stripe.com/event-destinations#thin-payload
"""

from collections.abc import Callable

from webhooks.ownership import account_in
from webhooks.stripe_fields import Json, is_stripe_id
from webhooks.translation import HANDLED_THIN

LookUp = Callable[[str], Json]
"""Returns the event with this id from Stripe. Raises StripeRefused and StripeUnavailable."""


def snapshot_of(message: Json, look_up: LookUp) -> Json | None:
    """The ordinary event for which a verified thin event stands.

    None if the event is not thin, is of a type that is not handled, names no other event, or is of another account,
    whose events our key cannot read; also if Stripe returns another event than was asked for.

    Raises:
        StripeUnavailable: a retry may succeed.
        StripeRefused: Stripe has no such event, or does not show it.
    """
    snapshot_id = message.get("snapshot_event")
    if message.get("object") != "v2.core.event" or message.get("type") not in HANDLED_THIN:
        return None
    if not is_stripe_id(snapshot_id) or account_in(message) is not None:
        return None
    event = look_up(snapshot_id)
    is_the_one = event.get("id") == snapshot_id and f"v1.{event.get('type')}" == message.get("type")
    return event if is_the_one else None
