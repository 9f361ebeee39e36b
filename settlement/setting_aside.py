"""Sets aside events that the shop's terms exclude: those of another account or of the other mode. Pure.

Both depend on settings, which may be wrong. So an event that is set aside is on record. Delivered again after the
setting is corrected, it is settled, and replaces that record.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from orders.events import NotUnderstood, StripeDelivery, StripeEvent
from orders.outcome import Result
from settlement.decisions import SetAside
from settlement.snapshot import Record, Snapshot
from settlement.terms import Terms


class Handling(StrEnum):
    """What is done with an event of Stripe's before its order is considered."""

    SETTLE = "settle"
    SETTLE_AFTER_ALL = "settle_after_all"
    """A wrong setting had it set aside, and is corrected: settle it, and replace its audit entry."""
    SETTLE_IF_ASKED = "settle_if_asked"
    """A person had set it aside: the same, but only if a person asks; if it cannot be settled, it stays set aside."""
    KEEP_PARKED = "keep_parked"
    """Count the delivery. A parked event stays parked, since the setting may be what is wrong."""
    SET_ASIDE = "set_aside"
    COUNT_DUPLICATE = "count_duplicate"


HANDLING: Final[Mapping[tuple[Record, bool], Handling]] = MappingProxyType(
    {
        (Record.NEW, True): Handling.SETTLE,
        (Record.NEW, False): Handling.SET_ASIDE,
        (Record.PARKED, True): Handling.SETTLE,
        (Record.PARKED, False): Handling.KEEP_PARKED,
        (Record.SET_ASIDE, True): Handling.SETTLE_AFTER_ALL,
        (Record.SET_ASIDE, False): Handling.COUNT_DUPLICATE,
        (Record.HANDLED, True): Handling.SETTLE_IF_ASKED,
        (Record.HANDLED, False): Handling.COUNT_DUPLICATE,
        (Record.SETTLED, True): Handling.COUNT_DUPLICATE,
        (Record.SETTLED, False): Handling.COUNT_DUPLICATE,
    }
)
"""By what is on record of an event, and whether the shop's terms accept its account and mode."""
_TAKEN_FOR: Final[Mapping[Result, str]] = MappingProxyType(
    {
        Result.OTHER_ACCOUNT: "an event of another account",
        Result.LIVEMODE_MISMATCH: "an event of the other mode",
    }
)


def objections_to(delivery: StripeDelivery, terms: Terms) -> Mapping[Result, str]:
    """Why the terms exclude the event: human-readable reasons by result; empty if they accept it."""
    objections: dict[Result, str] = {}
    if is_of_other_account(delivery, terms):
        objections[Result.OTHER_ACCOUNT] = f"other_account: an event of {delivery.account}"
    if None not in (terms.expected_livemode, delivery.livemode) and terms.expected_livemode != delivery.livemode:
        mode = "live" if delivery.livemode else "test"
        objections[Result.LIVEMODE_MISMATCH] = f"livemode_mismatch: an event of {mode} mode"
    return objections


def is_of_other_account(delivery: StripeDelivery, terms: Terms) -> bool:
    """Whether the event names an account that the terms do not list.

    Whoever runs a connected account can write any `metadata.orderId` into their own payments, and their events reach
    the platform's endpoint: https://docs.stripe.com/connect/webhooks.
    """
    return delivery.account is not None and not terms.accounts.issuperset(delivery.account.split(","))


def set_aside(event: StripeEvent | NotUnderstood, terms: Terms) -> SetAside:
    """Record all objections to the event, with the first of them as the result."""
    objections = objections_to(event.delivery, terms)
    return SetAside(next(iter(objections)), event.order_id, "; ".join(objections.values()))


def delay_in_words(snapshot: Snapshot) -> str | None:
    """Human-readable note that the event was set aside before it was settled; None if it was not."""
    if snapshot.set_aside_as is None:
        return None
    since = snapshot.set_aside.since if snapshot.set_aside else None
    if snapshot.set_aside_as is Result.HANDLED:
        said = "handled: a person had set it aside"
    else:
        said = f"set_aside: taken for {_TAKEN_FOR[snapshot.set_aside_as]}"
    return f"{said}{f', on {since:%Y-%m-%d at %H:%M:%S} UTC' if since else ''}"
