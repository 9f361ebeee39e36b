"""Settles an event of Stripe's again for an operator, from what was kept of it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from orders.events import StripeEvent
from orders.operator_events import EventReplayed
from orders.outcome import Result, in_words
from settlement.decisions import Adjustment, Change, Decision, GiveBack, Hold, Look, Notify, Park, Replay
from settlement.parking import NO_ORDER, NO_PAYMENT
from settlement.setting_aside import objections_to
from settlement.snapshot import EventOnRecord, Record, Snapshot
from settlement.terms import Terms

_WAITS_FOR: Final[Mapping[Result, str]] = MappingProxyType(
    {Result.ORDER_NOT_FOUND: NO_ORDER, Result.PAYMENT_NOT_FOUND: NO_PAYMENT}
)


def replay(event: EventReplayed, snapshot: Snapshot) -> Replay | Adjustment:
    """Return the event as it was kept, to be settled for the operator. If it was not kept, only Stripe can show it."""
    known, event_id = snapshot.event_on_record, event.stripe_event_id
    ask_stripe = f"`./shop replay {event_id}` asks Stripe for it"
    if known is None or known.record is Record.NEW:
        return _not_replayed(f"no_event: nothing is on record of {event_id}; {ask_stripe}")
    if known.record is Record.SETTLED:
        return _not_replayed(f"settled_already: it was {on_record_in_words(known)}")
    if known.event is None:
        return _not_replayed(
            f"not_kept: it was {on_record_in_words(known)}, and what is stored of it is unreadable; {ask_stripe}"
        )
    return Replay(replace(known.event, delivery=replace(known.event.delivery, asked_by=event)))


def answered(event: StripeEvent, snapshot: Snapshot, decision: Decision, terms: Terms) -> Decision:
    """The decision, if it settles the event or leads there; otherwise an answer to the request that says why not."""
    if isinstance(decision, Look | Hold | GiveBack | Change | Notify | Park | Replay):
        return decision
    result, order_id = decision.outcome.result, decision.outcome.order_id
    if snapshot.record is Record.SETTLED:
        return _not_replayed("settled_already: somebody else was faster")
    objections = in_words(*objections_to(event.delivery, terms).values())
    why = objections or f"{result}: {_WAITS_FOR.get(result, 'it cannot be settled now')}"
    return _not_replayed(f"{why}{f' ({order_id})' if order_id else ''}")


def on_record_in_words(known: EventOnRecord) -> str:
    """What was done with the event and when, for a person."""
    how = "parked" if known.record is Record.PARKED else "set aside" if known.record is Record.SET_ASIDE else "settled"
    when = f" on {known.since:%Y-%m-%d at %H:%M:%S} UTC" if known.since else ""
    if known.record is Record.HANDLED:
        return f"marked as handled{when}"
    return f"{how} as {known.result}{when}"


def _not_replayed(why: str) -> Adjustment:
    return Adjustment(Result.NOT_REPLAYED, None, why)
