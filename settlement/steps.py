"""The steps of the lifecycle as plans: what each writes, given the order, the event and what was read. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from audit.entry import AuditEntry
from inventory.reservation import Product, Refused, hold_is_covered, price_to_hold
from inventory.stock import StockMove, hold, hold_and_take, release, take
from notifications.notices import Notice, NoticeType
from orders.events import OrderEvent, OrderPlaced, PaymentSucceeded
from orders.lifecycle import Step
from orders.order import Order, OrderLine, OrderStatus
from orders.outcome import Outcome, Result
from settlement.claims import settled_claim
from settlement.documents import inventory_path, order_path, payment_path
from settlement.ledger import Create, Fields, Increase, Update, Write
from settlement.seen import Seen


@dataclass(frozen=True, slots=True)
class Terms:
    """The shop's terms, from its settings."""

    reservation: timedelta = timedelta(minutes=30)
    """How long units stay held for an unpaid order."""
    claim_lifetime: timedelta = timedelta(days=7)
    """How long a claim is kept. Stripe retries for three days; a person may ask it to resend for longer."""
    order_wait: timedelta = timedelta(hours=1)
    """How old an event may grow while its order does not exist, before it is parked."""


@dataclass(frozen=True, slots=True)
class Look:
    """More must be read, afresh and together with what was read before."""

    product_ids: tuple[str, ...] = ()
    audit_entry: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Commit; then plan again with what the commit answered."""

    writes: tuple[Write, ...]
    held: Order


@dataclass(frozen=True, slots=True)
class StartOver:
    """Commit; then read everything afresh and plan again."""

    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """Commit, and the event is settled. With no writes there is nothing to commit."""

    writes: tuple[Write, ...]
    outcome: Outcome


Plan = Look | Hold | StartOver | Finish


@dataclass(frozen=True, slots=True)
class Case:
    """One event for one order that exists and has not heard of it."""

    event: OrderEvent
    order: Order
    seen: Seen
    terms: Terms
    now: datetime


def _hold(case: Case) -> Plan:
    if look := _products_to_look_at(case):
        return look
    try:
        total = price_to_hold(case.order, case.seen.products)
    except Refused as refusal:
        return _refuse(case, str(refusal))
    held = replace(case.order, status=OrderStatus.RESERVING, total=total)
    # Written even when unknown: an amount that a client wrote is never believed.
    price = {"amountTotal": total.amount if total else None, "currency": total.currency if total else None}
    # An increase by nothing makes the commit tell the stock too, as of the same moment.
    counted = (Increase(inventory_path(m.product_id), {"stock": 0, "reserved": m.reserved}) for m in hold(held.lines))
    return Hold((_order_write(case, OrderStatus.RESERVING, price), *counted), held)


def _confirm_hold(case: Case) -> Plan:
    if case.order.defect:
        # Nothing that this service counts as held has a defect: somebody else wrote this status.
        return _refuse(case)
    if look := _products_to_look_at(case):
        return look
    lines = case.order.lines
    if not hold_is_covered(case.order, case.seen.products):
        given_back, _ = _counted_apart(release(lines), case.seen.products)
        status = case.seen.status_before or OrderStatus.PENDING
        return StartOver((_order_write(case, status), *_increases(given_back)))
    match case.event:
        case OrderPlaced():
            times = {"reservedAt": case.now, "reservationExpiresAt": case.now + case.terms.reservation}
            return _finish(case, Result.RESERVED, OrderStatus.RESERVED, times, moves=hold(lines))
        case PaymentSucceeded() as payment if mismatch := _mismatch(payment, case.order):
            return _quarantine(case, mismatch, moves=hold(lines))
        case PaymentSucceeded() as payment:
            return _finalize(case, payment, moves=hold_and_take(lines))


def _take(case: Case) -> Plan:
    payment = _payment_of(case)
    if case.order.defect:
        return _quarantine(case)
    if mismatch := _mismatch(payment, case.order):
        return _quarantine(case, mismatch)
    return _finalize(case, payment, moves=take(case.order.lines))


def _finalize(case: Case, payment: PaymentSucceeded, *, moves: tuple[StockMove, ...]) -> Plan:
    return _finish(
        case,
        Result.FIRST_TIME_FINALIZED,
        OrderStatus.FINALIZED,
        {**_payment_fields(payment, case.order), "finalizedAt": case.now},
        steps=take(case.order.lines),
        moves=moves,
        notice=NoticeType.PAID,
    )


def _refuse(case: Case, reason: str | None = None) -> Plan:
    reason = reason or f"invalid_order: {case.order.defect}"
    match case.event:
        case OrderPlaced():
            why = {"failureReason": reason}
            return _finish(case, Result.RESERVATION_FAILED, OrderStatus.FAILED, why, note=reason)
        case PaymentSucceeded() as payment:
            paid = {**_payment_fields(payment, case.order), "failureReason": reason}
            notice = NoticeType.REFUND_DUE
            return _finish(case, Result.REFUND_DUE, OrderStatus.REFUND_DUE, paid, notice=notice, note=reason)


def _quarantine(case: Case, reason: str | None = None, *, moves: tuple[StockMove, ...] = ()) -> Plan:
    reason = reason or f"invalid_order: {case.order.defect}"
    paid = {**_payment_fields(_payment_of(case), case.order), "failureReason": reason}
    notice = NoticeType.REVIEW
    return _finish(case, Result.QUARANTINED, OrderStatus.REVIEW, paid, moves=moves, notice=notice, note=reason)


def _change_nothing(case: Case) -> Plan:
    match case.event:
        case OrderPlaced():
            return Finish((), Outcome(Result.ALREADY_PLACED, case.order.order_id))
        case PaymentSucceeded() as payment:
            return _finish(case, _ALREADY[case.order.status], note=_second_payment(payment, case.order))


PLAN_FOR: Final[Mapping[Step, Callable[[Case], Plan]]] = {
    Step.HOLD: _hold,
    Step.CONFIRM_HOLD: _confirm_hold,
    Step.TAKE: _take,
    Step.REFUSE: _refuse,
    Step.QUARANTINE: _quarantine,
    Step.NOTHING: _change_nothing,
}

_ALREADY: Final[Mapping[OrderStatus, Result]] = {
    OrderStatus.FINALIZED: Result.ALREADY_FINALIZED,
    OrderStatus.PARTIALLY_REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUND_DUE: Result.ALREADY_REFUND_DUE,
    OrderStatus.REVIEW: Result.ALREADY_QUARANTINED,
}


def _finish(
    case: Case,
    result: Result,
    status: OrderStatus | None = None,
    order_fields: Fields = MappingProxyType({}),
    *,
    steps: tuple[StockMove, ...] = (),
    moves: tuple[StockMove, ...] = (),
    notice: NoticeType | None = None,
    note: str | None = None,
) -> Finish:
    """The one commit: claim, order, stock, audit entry, notice and payment index, together or not at all.

    Args:
        status: what the order becomes; None leaves its document untouched.
        steps: what this commit changes in the inventory.
        moves: what the event changes there as a whole, a hold that was counted before included.
    """
    event, order, products = case.event, case.order, case.seen.products
    steps, uncounted = _counted_apart(steps, products)
    remarks = (note, _uncounted_in_words(uncounted), _shared_payment(event, case.seen))
    note = "; ".join(remark for remark in remarks if remark) or None
    entry = AuditEntry(
        kind=event.kind,
        event_id=event.event_id,
        event_type=event.event_type,
        order_id=order.order_id,
        webhook_processed=event.delivery is not None,
        result=result,
        status_before=case.seen.status_before or order.status,
        status_after=status or order.status,
        created_at=case.now,
        moves=_counted_apart(moves, products)[0],
        uncounted=uncounted,
        money=event.money or order.total,
        payment_intent_id=event.payment_intent_id,
        note=note,
    )
    writes: list[Write] = [Create(entry.path, entry.fields()), *_increases(steps)]
    if status:
        writes.append(_order_write(case, status, order_fields))
    if event.delivery:
        lifetime = case.terms.claim_lifetime
        writes += settled_claim(event.delivery, order.order_id, result, case.seen.claim, case.now, lifetime)
    if notice and order.user_id and event.money:
        message = Notice(notice, order.user_id, event.event_id, order.order_id, event.money, case.now)
        writes.append(Create(message.path, message.fields()))
    if event.payment_id and case.seen.paid_order_id is None:
        # Refunds and disputes carry no order id; they find the order by its payment.
        writes.append(Create(payment_path(event.payment_id), {"orderId": order.order_id}))
    return Finish(tuple(writes), Outcome(result, order.order_id, note))


def _order_write(case: Case, status: OrderStatus, fields: Fields = MappingProxyType({})) -> Update:
    if case.order.is_oversized:
        # Its own commits must fit into the document too.
        fields = {**fields, "items": []}
    fields = {"status": str(status), **fields, "updatedAt": case.now}
    return Update(order_path(case.order.order_id), fields, case.seen.order_version)


def _increases(moves: Iterable[StockMove]) -> tuple[Increase, ...]:
    changes = ((move, {"stock": move.stock, "reserved": move.reserved}) for move in moves)
    return tuple(
        Increase(inventory_path(move.product_id), {name: amount for name, amount in change.items() if amount})
        for move, change in changes
    )


def _payment_fields(payment: PaymentSucceeded, order: Order) -> dict[str, object]:
    return {
        "webhookEventId": payment.event_id,
        "paymentIntentId": payment.payment_intent_id,
        "chargeId": payment.charge_id,
        "amountReceived": payment.money.amount,
        **({} if order.total else {"currency": payment.money.currency}),
    }


def _payment_of(case: Case) -> PaymentSucceeded:
    match case.event:
        case PaymentSucceeded() as payment:
            return payment
        case OrderPlaced():
            raise AssertionError("the lifecycle lets only payments come here")


def _products_to_look_at(case: Case) -> Look | None:
    product_ids = tuple(line.product_id for line in case.order.lines)
    return None if case.seen.products.keys() >= set(product_ids) else Look(product_ids)


def _counted_apart(
    moves: Iterable[StockMove], products: Mapping[str, Product]
) -> tuple[tuple[StockMove, ...], tuple[OrderLine, ...]]:
    """The moves that can be counted, and the units of products whose inventory is known to be gone."""
    counted, uncounted = [], []
    for move in moves:
        product = products.get(move.product_id)
        if product and not product.in_inventory:
            uncounted.append(OrderLine(move.product_id, abs(move.stock or move.reserved)))
        else:
            counted.append(move)
    return tuple(counted), tuple(uncounted)


def _mismatch(payment: PaymentSucceeded, order: Order) -> str | None:
    paid, asked = payment.money, order.total
    if asked is None or asked == paid:
        return None
    return f"amount_mismatch: {paid.amount} {paid.currency} was paid, {asked.amount} {asked.currency} was asked"


def _shared_payment(event: OrderEvent, seen: Seen) -> str | None:
    if seen.paid_order_id in (None, event.order_id):
        return None
    return f"shared_payment: {event.payment_id} has also paid order {seen.paid_order_id}"


def _second_payment(payment: PaymentSucceeded, order: Order) -> str | None:
    if order.payment_id is None or payment.payment_id in (None, order.payment_id):
        return None
    return f"second_payment: {payment.payment_id} paid an order that {order.payment_id} had paid"


def _uncounted_in_words(uncounted: Iterable[OrderLine]) -> str | None:
    gone = ", ".join(f"{line.quantity} of {line.product_id!r}" for line in uncounted)
    return f"inventory_gone: {gone} could not be counted" if gone else None
