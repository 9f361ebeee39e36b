"""Describes where an order is and what it is missing, from the order alone. Pure; nothing is decided."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from ops.phrases import added, age, amount, moment
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.payments import Payment, amount_of
from settlement.matching import extra_in_words, why_unpaid

STANDING: Final[Mapping[OrderStatus, str]] = {
    OrderStatus.PENDING: "placed; nothing is held for it yet",
    OrderStatus.RESERVING: "its units are counted, but it is not confirmed yet that there are enough",
    OrderStatus.RESERVED: "its units are held until it is paid",
    OrderStatus.FINALIZED: "paid, and its units are taken",
    OrderStatus.PARTIALLY_REFUNDED: "paid, and partly refunded",
    OrderStatus.REFUNDED: "fully refunded",
    OrderStatus.FAILED: "its units could not be held",
    OrderStatus.EXPIRED: "its hold ended before it was paid",
    OrderStatus.CANCELLED: "cancelled before it was paid",
    OrderStatus.REFUND_DUE: "paid, but it cannot be fulfilled: its money is due back",
    OrderStatus.REVIEW: "what was paid is not what was asked; nothing moves until a person decides",
    OrderStatus.UNKNOWN: "somebody else has overwritten its status",
}


def where_it_is(order: Order) -> str:
    said = STANDING[order.status]
    if order.status is OrderStatus.UNKNOWN and order.settled_status is not OrderStatus.UNKNOWN:
        return f"{said}; for this service it is {order.settled_status}: {STANDING[order.settled_status]}"
    return said


def what_is_missing(order: Order, now: datetime) -> tuple[str, ...]:
    """Why it is not further, and what somebody has to do, starting with the order's own reasons."""
    return tuple(dict.fromkeys(_missing(order, now)))


def due_back(order: Order) -> tuple[Money, ...]:
    """What is left to refund of an order that cannot be fulfilled, one sum per currency; nothing for any other."""
    is_due = order.settled_status is OrderStatus.REFUND_DUE
    return tuple(money for money in _kept_of(order.paid_with, order) if money.amount) if is_due else ()


def held_back(order: Order) -> tuple[Money, ...]:
    """What was paid and not refunded for an order that waits for a decision, one sum per currency."""
    return _kept_of(order.payments.succeeded, order)


def _kept_of(payments: Iterable[Payment], order: Order) -> tuple[Money, ...]:
    return added(
        [Money(amount_of(each) - order.refunds.amount_of(each), each.money.currency) for each in payments if each.money]
    )


def _missing(order: Order, now: datetime) -> Iterator[str]:
    is_sold = order.finalized_at is not None
    if order.failure_reason:
        yield order.failure_reason
    if order.defect and not is_sold:
        yield f"it can never be held: {order.defect}"
    if order.price_defect and not is_sold:
        yield f"its price cannot be used: {order.price_defect}"
    if order.status in (OrderStatus.RESERVED, OrderStatus.REVIEW) and order.payments.succeeded:
        yield why_unpaid(order) or "what was paid is what is asked"
    elif order.status is OrderStatus.RESERVED:
        yield f"not paid yet; {amount(order.asked)} is asked" if order.asked else "not paid yet; it has no price"
    if order.status is OrderStatus.RESERVED and (ends := order.reservation_expires_at):
        is_over = f"its hold ended {age(ends, now)} ago, at {moment(ends)}: the next sweep releases it"
        yield is_over if ends <= now else f"its units are held for another {age(ends, now)}, until {moment(ends)}"
    if order.status in (OrderStatus.PENDING, OrderStatus.RESERVING) and order.created_at:
        yield f"it was created {age(order.created_at, now)} ago; if its trigger was lost, the sweep does its work"
    yield from (f"payment {each.payment_id} is {each.state}" for each in order.payments.under_way)
    for each in order.payments.by_id.values():
        if each.funded and not each.money:
            yield f"{amount(each.funded)} of payment {each.payment_id} has arrived at Stripe, and the rest has not"
    yield from _of_money(order)


def _of_money(order: Order) -> Iterator[str]:
    yield from (f"{amount(money)} is to be refunded" for money in due_back(order))
    if extra := extra_in_words(order.unneeded, order):
        yield extra
    pending = (each for each in order.refunds.by_id.values() if not (each.is_done or each.is_undone))
    yield from (f"refund {each.refund_id} is {each.status}" for each in pending)
    yield from (f"refund {each.refund_id} paid nothing back: it is {each.status}" for _, each, _ in order.lost_refunds)
    if order.open_disputes:
        yield f"undecided disputes of its payments: {order.open_disputes}"
    if order.cancel_requested_at and order.sold and order.status is not OrderStatus.REFUNDED:
        yield f"the customer asked at {moment(order.cancel_requested_at)} to cancel it"
