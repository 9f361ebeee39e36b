"""What was read + an event + the shop's terms + the time → a decision. Pure: all that the service does is decided here.

First what is on record of the event (duplicates, what was set aside, events that nobody could read), then whether
its order is known and there, then what the lifecycle says. Last, what follows from a change for everybody else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, cast

from inventory.reservation import counted_apart
from inventory.stock import together
from notifications.notices import NoticeType
from orders.events import (
    CancelRequested,
    CarriesPayment,
    EventKind,
    NotUnderstood,
    OrderEvent,
    RefundUpdated,
    ShopEvent,
    StripeEvent,
)
from orders.lifecycle import Step, step_for
from orders.order import CLOSED, OrderLine, OrderStatus
from orders.outcome import Outcome, Result, in_words
from settlement.decisions import (
    Case,
    Change,
    CountDelivery,
    Decision,
    GiveBack,
    Look,
    Park,
    Proposal,
    Terms,
    Unchanged,
)
from settlement.holding import cancel, confirm_hold, expire, extend_hold, hold_units
from settlement.matching import is_newly_paid, shared_payment, why_not_heard
from settlement.notices import money_of, notices_of, price_of
from settlement.parking import count_delivery, released_by, wait_for_order, wait_for_payment
from settlement.paying import quarantine, refuse, take_units
from settlement.recording import change_nothing, record_cancel_request, record_decline, record_dispute
from settlement.refunding import record_refund
from settlement.setting_aside import delay_in_words, is_of_other_account, objections_to, set_aside
from settlement.snapshot import Claim, Record, Snapshot


def decide(event: OrderEvent | NotUnderstood, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    """Decide the next step towards settling the event.

    Raises:
        OrderNotThereYet: the order does not exist, and the event is young enough to wait for it.
    """
    if isinstance(event, ShopEvent):
        return _decide_for_the_shop(event, snapshot, terms, now)
    if snapshot.has_outlived_its_claim and snapshot.deliveries_on_record is None:
        return Look(deliveries=True)
    if isinstance(event, NotUnderstood):
        return _keep_for_a_person(event, snapshot, terms, now)
    handling = HANDLING[snapshot.record, not objections_to(event.delivery, terms)]
    return _HANDLED_BY[handling](event, snapshot, terms, now)


# --- By what is on record of the event -------------------------------------------------------------------------------


class Handling(StrEnum):
    """What is done with an event of Stripe's, before anybody looks at its order."""

    SETTLE = "settle"
    SETTLE_AFTER_ALL = "settle_after_all"
    """A wrong setting had set it aside, and is corrected: it is settled in the place of its audit entry."""
    KEEP_PARKED = "keep_parked"
    """Count the delivery; what was parked stays so, since the setting may be what is wrong."""
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
        (Record.SETTLED, True): Handling.COUNT_DUPLICATE,
        (Record.SETTLED, False): Handling.COUNT_DUPLICATE,
    }
)
"""By what is on record of an event, and whether the shop's terms take its account and its mode."""


def _settle_after_all(event: StripeEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if snapshot.audited is None:
        return Look(audit_entry=True)
    return _find_order(event, snapshot, terms, now)


def _keep_parked(event: StripeEvent, snapshot: Snapshot, _terms: Terms, now: datetime) -> Decision:
    claim = cast("Claim", snapshot.claim)  # What is parked has one.
    return count_delivery(event, claim, event.order_id, claim.result, now)


def _set_aside(event: StripeEvent, _snapshot: Snapshot, terms: Terms, _now: datetime) -> Decision:
    return set_aside(event, terms)


def _count_duplicate(event: StripeEvent, snapshot: Snapshot, _terms: Terms, now: datetime) -> Decision:
    order_id, result = snapshot.order_id, Result.DUPLICATE_DETECTED
    # Whoever settled the event may have died before what it released was settled too.
    released = released_by(event, snapshot)
    if snapshot.claim:
        return count_delivery(event, snapshot.claim, order_id, result, now, released)
    if event.delivery.is_replay:
        # Taken up again, it was settled by someone else meanwhile, and outlived its claim: nothing was delivered.
        return Unchanged(Outcome(result, order_id), released)
    return _claim_put_back(snapshot, released)


def _claim_put_back(snapshot: Snapshot, released: tuple[str, ...] = ()) -> CountDelivery:
    """The claim has expired, but the audit entry stays: put the claim back, and count on from there."""
    recorded_as = snapshot.set_aside_as or Result.DUPLICATE_DETECTED
    return CountDelivery(Result.DUPLICATE_DETECTED, snapshot.order_id, recorded_as, released)


def _keep_for_a_person(event: NotUnderstood, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    is_foreign = is_of_other_account(event.delivery, terms)
    # What was only set aside has yet to be kept.
    if (claim := snapshot.claim) and (is_foreign or snapshot.record is not Record.SET_ASIDE):
        result = Result.DUPLICATE_DETECTED if claim.processed else Result.ERROR
        return count_delivery(event, claim, event.order_id, result, now)
    if snapshot.record is Record.SETTLED:
        # A release that could read it has settled it, and only its claim has expired.
        return _claim_put_back(snapshot)
    if is_foreign:
        # Nobody here is to read what concerns nobody here.
        note = f"other_account: an event of {event.delivery.account} that cannot be read: {event.reason}"
        return Unchanged(Outcome(Result.IGNORED, event.order_id, note))
    return Park(Result.ERROR, event.order_id, event.reason)


# --- By its order ----------------------------------------------------------------------------------------------------

_DONE_BEFORE: Final = {
    EventKind.ORDER_PLACED: Result.ALREADY_PLACED,
    EventKind.RESERVATION_LAPSED: Result.NOT_EXPIRED,
    EventKind.CANCEL_REQUESTED: Result.ALREADY_RECORDED,
}


def _decide_for_the_shop(event: ShopEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if snapshot.order is None:
        note = "no_order: it does not exist"
        return Unchanged(Outcome(_DONE_BEFORE[event.kind], event.order_id, note))
    # A hold that a late payment began and nobody finished is not done with, however long ago the order was placed.
    if snapshot.audited and snapshot.order.status is not OrderStatus.RESERVING:
        return Unchanged(Outcome(_DONE_BEFORE[event.kind], event.order_id))
    if isinstance(event, CancelRequested) and (why := why_not_heard(snapshot.cancel_request, snapshot.order)):
        return Unchanged(Outcome(Result.IGNORED, event.order_id, why))
    return _by_lifecycle(Case(event, snapshot.order, snapshot, terms, now))


def _find_order(event: StripeEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if snapshot.order_id is None:
        return wait_for_payment(event, snapshot, now)
    if snapshot.is_order_unread:
        return Look(order_id=snapshot.order_id)
    if snapshot.order is None:
        return wait_for_order(event, snapshot.order_id, snapshot, terms, now)
    return _by_lifecycle(Case(event, snapshot.order, snapshot, terms, now))


_HANDLED_BY: Final[Mapping[Handling, Callable[[StripeEvent, Snapshot, Terms, datetime], Decision]]] = {
    Handling.SETTLE: _find_order,
    Handling.SETTLE_AFTER_ALL: _settle_after_all,
    Handling.KEEP_PARKED: _keep_parked,
    Handling.SET_ASIDE: _set_aside,
    Handling.COUNT_DUPLICATE: _count_duplicate,
}

# --- By the lifecycle ------------------------------------------------------------------------------------------------


def _by_lifecycle(case: Case) -> Decision:
    order = case.order
    if case.snapshot.is_loss_unexplained and order.lines and not case.snapshot.products:
        # Nothing else has changed, so the inventory has: it may be gone.
        return Look(order.product_ids)
    if order.held_from in CLOSED and not isinstance(case.event, CarriesPayment):
        # A late payment is holding it, or crashed while holding it, and comes again. To all others it is what it was.
        return GiveBack.of(case)
    decided = DECIDED_BY[step_for(order.settled_status, case.event.kind)](case)
    return _change(case, decided) if isinstance(decided, Proposal) else decided


def _await_payment(case: Case) -> Decision:
    return wait_for_payment(case.event_as(RefundUpdated), case.snapshot, case.now)


DECIDED_BY: Final[Mapping[Step, Callable[[Case], Decision | Proposal]]] = {
    Step.HOLD: hold_units,
    Step.CONFIRM_HOLD: confirm_hold,
    Step.EXTEND_HOLD: extend_hold,
    Step.EXPIRE: expire,
    Step.CANCEL: cancel,
    Step.TAKE: take_units,
    Step.REFUSE: refuse,
    Step.QUARANTINE: quarantine,
    Step.RECORD_DECLINE: record_decline,
    Step.REFUND: record_refund,
    Step.AWAIT_PAYMENT: _await_payment,
    Step.RECORD_DISPUTE: record_dispute,
    Step.RECORD_CANCEL_REQUEST: record_cancel_request,
    Step.NOTHING: change_nothing,
}

# --- What follows from a change --------------------------------------------------------------------------------------


def _change(case: Case, proposal: Proposal) -> Change:
    event, before, after = case.event, case.order, proposal.order
    moves, uncounted = counted_apart(proposal.moves, case.snapshot.products)
    moved, _ = counted_apart(together(proposal.counted, proposal.moves), case.snapshot.products)
    is_paid, shared = is_newly_paid(before, after), shared_payment(event, case.snapshot)
    was_to_be_cancelled = is_paid and before.cancel_requested_at is not None
    note = in_words(
        proposal.note,
        _uncounted_in_words(uncounted),
        shared,
        "cancel_requested: its customer had asked to cancel the order before it was paid"
        if was_to_be_cancelled
        else None,
        delay_in_words(case.snapshot),
    )
    to_decide = NoticeType.CANCEL_REQUESTED if was_to_be_cancelled else None
    if is_paid and shared:
        to_decide = NoticeType.SHARED_PAYMENT
    return Change(
        result=proposal.result,
        order=after,
        status_before=before.held_from if before.held_from and after.status is not before.status else before.status,
        moves=moves,
        moved=moved,
        uncounted=uncounted,
        notices=notices_of(event, after, proposal.notice, to_decide, note),
        money=money_of(event) or price_of(after),
        released=released_by(event, case.snapshot),
        note=note,
        dispute=proposal.dispute,
    )


def _uncounted_in_words(uncounted: tuple[OrderLine, ...]) -> str | None:
    gone = ", ".join(f"{line.quantity} of {line.product_id!r}" for line in uncounted)
    return f"inventory_gone: {gone} could not be counted" if gone else None
