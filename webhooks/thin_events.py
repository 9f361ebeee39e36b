"""A thin event names the ordinary event that it stands for: with a key to ask Stripe, that one is settled instead.

So both count once, in whatever order they come. https://docs.stripe.com/event-destinations#thin-payload
"""

from collections.abc import Callable

from webhooks.ownership import account_in
from webhooks.stripe_fields import Json, is_stripe_id
from webhooks.translation import HANDLED_THIN

LookUp = Callable[[str], Json]
"""Returns the event of this id, as Stripe keeps it. Raises StripeRefused and StripeUnavailable."""


def snapshot_of(message: Json, look_up: LookUp) -> Json | None:
    """The ordinary event that a verified thin event stands for.

    None where none is looked up: it is not thin, of a type that is not handled, names no other event, or is of another
    account, whose events our key does not show; and where Stripe shows another than was asked for.

    Raises:
        StripeUnavailable: another try can help.
        StripeRefused: Stripe knows no such event, or does not show it.
    """
    snapshot_id = message.get("snapshot_event")
    if message.get("object") != "v2.core.event" or message.get("type") not in HANDLED_THIN:
        return None
    if not is_stripe_id(snapshot_id) or account_in(message) is not None:
        return None
    event = look_up(snapshot_id)
    is_the_one = event.get("id") == snapshot_id and f"v1.{event.get('type')}" == message.get("type")
    return event if is_the_one else None
