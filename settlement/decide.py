"""Decides what an event does: snapshot, event, terms and time → decision. Pure; every decision of the service is here.

First comes what is on record of the event (duplicates, events set aside or unreadable), then whether its order is known
and exists, then the lifecycle. Last comes what a change means for everybody else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, cast

from orders.event_kinds import EventKind
from orders.events import (
    FOUND_BY_PAYMENT,
    CarriesPayment,
    Cause,
    NotUnderstood,
    RefundUpdated,
    StripeEvent,
)
from orders.lifecycle import step_for
from orders.operator_events import EffectRetried, EventReplayed, MarkedAsHandled, OperatorEvent, StockAdjusted
from orders.order import CLOSED, Order, OrderStatus
from orders.outcome import Outcome, Result
from orders.shop_events import CancelRequested, OrderPlaced, ReservationLapsed, ShopEvent
from orders.steps import Step
from settlement.adjusting import adjust_stock
from settlement.change import change_from
from settlement.decisions import Adjustment, Case, Decision, GiveBack, Look, Park, Proposal, Unchanged
from settlement.deleted import leave_as_it_is, of_deleted_order
from settlement.ending import end_checkout, with_session_ended
from settlement.holding import cancel, confirm_hold, expire, extend_hold, hold_units
from settlement.marking import mark_as_handled
from settlement.matching import why_not_heard
from settlement.opening import open_checkout
from settlement.operating import (
    REFUSALS,
    accept,
    is_not_as_expected,
    prolong_hold,
    release_hold,
    turn_down,
)
from settlement.parking import claim_put_back, count_delivery, released_by, wait_for_order, wait_for_payment
from settlement.paying import quarantine, refuse, take_units
from settlement.recording import (
    await_payment,
    change_nothing,
    record_cancel_request,
    record_decline,
    record_dispute,
    record_money,
    record_subscription,
)
from settlement.replaying import answered, replay
from settlement.reported import is_more_than_declined, of_earlier_order, order_it_belongs_to
from settlement.retrying import retry_effect
from settlement.sending_back import send_back
from settlement.setting_aside import HANDLING, Handling, objections_to, set_aside
from settlement.snapshot import Claim, Record, Snapshot
from settlement.terms import Terms


def decide(event: Cause, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    """Decide the next step towards settling the event.

    Raises:
        OrderNotThereYet: the order does not exist, and the event is young enough to wait for it.
    """
    if isinstance(event, ShopEvent):
        return _decide_for_the_shop(event, snapshot, terms, now)
    if isinstance(event, OperatorEvent):
        return _decide_for_an_operator(event, snapshot, terms, now)
    request = event.delivery.asked_by
    if isinstance(request, EventReplayed) and not isinstance(event, NotUnderstood):
        unasked = _gone_or_answered(request, snapshot)
        return unasked or answered(event, snapshot, _decide_for_stripe(event, snapshot, terms, now), terms)
    return _decide_for_stripe(event, snapshot, terms, now)


# --- By what is on record of the event -------------------------------------------------------------------------------


def _decide_for_stripe(event: StripeEvent | NotUnderstood, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if snapshot.has_outlived_its_claim and snapshot.deliveries_on_record is None:
        return Look(deliveries=True)
    if isinstance(event, NotUnderstood):
        return _keep_for_a_person(event, snapshot, terms, now)
    handling = HANDLING[snapshot.record, not objections_to(event.delivery, terms)]
    return _HANDLED_BY[handling](event, snapshot, terms, now)


def _settle_after_all(event: StripeEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if snapshot.audited is None:
        return Look(audit_entry=True)
    return _find_order(event, snapshot, terms, now)


def _settle_if_asked(event: StripeEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if event.delivery.asked_by is None:
        return _count_duplicate(event, snapshot, terms, now)
    decision = _settle_after_all(event, snapshot, terms, now)
    return Unchanged(decision.outcome) if isinstance(decision, Park) else decision


def _keep_parked(event: StripeEvent, snapshot: Snapshot, _terms: Terms, now: datetime) -> Decision:
    claim = cast("Claim", snapshot.claim)  # A parked event has a claim.
    return count_delivery(event, claim, event.order_id, claim.result, now)


def _set_aside(event: StripeEvent, snapshot: Snapshot, terms: Terms, _now: datetime) -> Decision:
    return _ignored_without_order(event, snapshot) or set_aside(event, terms)


def _count_duplicate(event: StripeEvent, snapshot: Snapshot, _terms: Terms, now: datetime) -> Decision:
    order_id, result = order_it_belongs_to(event, snapshot) or snapshot.order_id, Result.DUPLICATE_DETECTED
    # The worker that settled the event may have died before it settled what the event released. An event that was set
    # aside released nothing.
    released = released_by(event, snapshot) if snapshot.record is Record.SETTLED else ()
    if snapshot.claim:
        return count_delivery(event, snapshot.claim, order_id, result, now, released)
    return claim_put_back(event, snapshot, released)


def _keep_for_a_person(event: NotUnderstood, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    is_ours = not objections_to(event.delivery, terms)
    # An event that was only set aside is not kept yet.
    if (claim := snapshot.claim) and not (is_ours and snapshot.record is Record.SET_ASIDE):
        result = Result.DUPLICATE_DETECTED if claim.processed else Result.ERROR
        return count_delivery(event, claim, event.order_id, result, now)
    if snapshot.record in (Record.SETTLED, Record.HANDLED) or (snapshot.record is Record.SET_ASIDE and not is_ours):
        # Either a release that understood it has settled it, or it was set aside; only its claim has expired.
        return claim_put_back(event, snapshot)
    if not is_ours:
        return set_aside(event, terms)
    return Park(Result.ERROR, event.order_id, event.reason)


# --- By its order ----------------------------------------------------------------------------------------------------

_DONE_BEFORE: Final = {
    EventKind.ORDER_PLACED: Result.ALREADY_PLACED,
    EventKind.RESERVATION_LAPSED: Result.NOT_EXPIRED,
    EventKind.CANCEL_REQUESTED: Result.ALREADY_RECORDED,
    EventKind.CHECKOUT_OPENED: Result.CHECKOUT_NOT_OPENED,
    EventKind.CHECKOUT_ENDED: Result.ALREADY_ENDED,
}


def _decide_for_the_shop(event: ShopEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if snapshot.order is None:
        note = "no_order: it does not exist"
        return Unchanged(Outcome(_DONE_BEFORE[event.kind], event.order_id, note))
    # A hold that a late payment began and did not finish is still open, however long ago the order was placed.
    is_unfinished = snapshot.order.status is OrderStatus.RESERVING
    if snapshot.audited and not is_unfinished and not _is_of_earlier_order(event, snapshot.order):
        return Unchanged(Outcome(_DONE_BEFORE[event.kind], event.order_id))
    if isinstance(event, CancelRequested) and (why := why_not_heard(snapshot.cancel_request, snapshot.order)):
        return Unchanged(Outcome(Result.IGNORED, event.order_id, why))
    return _by_lifecycle(Case(event, snapshot.order, snapshot, terms, now))


def _decide_for_an_operator(event: OperatorEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if unasked := _gone_or_answered(event, snapshot):
        return unasked
    if snapshot.audited:
        # The entry under this id is of another request, which was deleted.
        return Unchanged(Outcome(Result.ALREADY_RECORDED, event.order_id, "id_used_before: give it another id"))
    if isinstance(event, StockAdjusted):
        return adjust_stock(event, snapshot)
    if isinstance(event, EffectRetried):
        return retry_effect(event, snapshot)
    if isinstance(event, EventReplayed):
        return replay(event, snapshot)
    if isinstance(event, MarkedAsHandled):
        return mark_as_handled(event, snapshot)
    if snapshot.order is None:
        return Adjustment(REFUSALS[event.kind], event.order_id, f"no_order: {event.order_id} does not exist")
    return _by_lifecycle(Case(event, snapshot.order, snapshot, terms, now))


def _gone_or_answered(event: OperatorEvent, snapshot: Snapshot) -> Unchanged | None:
    """The outcome of a request that is gone, was changed or is answered already; None if it is to be settled."""
    request = snapshot.operator_request
    if request is None or request.event != event:
        return Unchanged(Outcome(Result.IGNORED, event.order_id, "no_request: nobody asks for this, or no longer"))
    return Unchanged(request.settled) if request.settled else None


def _ignored_without_order(event: StripeEvent, snapshot: Snapshot) -> Unchanged | None:
    """Ignore a payment that names no order and is linked to none: there is nothing to record."""
    if snapshot.order_id is not None or event.kind in FOUND_BY_PAYMENT:
        return None
    return Unchanged(Outcome(Result.IGNORED, None, "no order id"))


def _is_of_earlier_order(event: ShopEvent, order: Order) -> bool:
    """Whether the event's audit entry is about an earlier order with this id, so that this order was created again.

    An order that was placed is no longer pending, and one whose hold has lapsed is no longer reserved.
    """
    if isinstance(event, OrderPlaced):
        return order.status is OrderStatus.PENDING
    return isinstance(event, ReservationLapsed) and order.status is OrderStatus.RESERVED


def _find_order(event: StripeEvent, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    if ignored := _ignored_without_order(event, snapshot):
        return ignored
    if other_id := order_it_belongs_to(event, snapshot):
        return Look(order_id=other_id)
    if snapshot.order_id is None:
        return wait_for_payment(event, snapshot, now)
    if snapshot.is_order_unread:
        return Look(order_id=snapshot.order_id)
    if snapshot.order is None:
        of_deleted = of_deleted_order(event, snapshot.order_id, snapshot, terms)
        return of_deleted or wait_for_order(event, snapshot.order_id, snapshot, terms, now)
    return _by_lifecycle(Case(event, snapshot.order, snapshot, terms, now))


_HANDLED_BY: Final[Mapping[Handling, Callable[[StripeEvent, Snapshot, Terms, datetime], Decision]]] = {
    Handling.SETTLE: _find_order,
    Handling.SETTLE_AFTER_ALL: _settle_after_all,
    Handling.SETTLE_IF_ASKED: _settle_if_asked,
    Handling.KEEP_PARKED: _keep_parked,
    Handling.SET_ASIDE: _set_aside,
    Handling.COUNT_DUPLICATE: _count_duplicate,
}

# --- By the lifecycle ------------------------------------------------------------------------------------------------


def _by_lifecycle(case: Case) -> Decision:
    order = case.order
    if case.snapshot.is_loss_unexplained and order.lines and not case.snapshot.products:
        # Neither order, claim nor dispute has changed, so the commit failed because of the inventory: it may be gone.
        return Look(order.product_ids)
    if order.held_from in CLOSED and not isinstance(case.event, CarriesPayment):
        # A late payment is holding the closed order or crashed meanwhile, and will be delivered again. For every other
        # event the order is still what it was.
        return GiveBack.of(case)
    earlier = of_earlier_order(case.event, order, case.snapshot)
    if earlier and isinstance(case.event, StripeEvent):
        return change_from(case, leave_as_it_is(case, earlier))
    # An operator sends that order's payment back, whatever became of the order that has its id now.
    step = Step.SEND_BACK if earlier else _step_for(case)
    decided = DECIDED_BY[step](case)
    if isinstance(decided, Proposal):
        decided = with_session_ended(case, decided)
    return change_from(case, decided) if isinstance(decided, Proposal) else decided


def _step_for(case: Case) -> Step:
    if is_not_as_expected(case):
        return Step.TURN_DOWN
    if isinstance(case.event, RefundUpdated) and not is_more_than_declined(case.event, case.order):
        # The refund may name another order than the one that was paid.
        return Step.AWAIT_PAYMENT
    return step_for(case.order.settled_status, case.event.kind)


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
    Step.RECORD_MONEY: record_money,
    Step.RECORD_SUBSCRIPTION: record_subscription,
    Step.AWAIT_PAYMENT: await_payment,
    Step.RECORD_DISPUTE: record_dispute,
    Step.RECORD_CANCEL_REQUEST: record_cancel_request,
    Step.OPEN_CHECKOUT: open_checkout,
    Step.END_CHECKOUT: end_checkout,
    Step.ACCEPT: accept,
    Step.SEND_BACK: send_back,
    Step.RELEASE: release_hold,
    Step.PROLONG: prolong_hold,
    Step.TURN_DOWN: turn_down,
    Step.NOTHING: change_nothing,
}
