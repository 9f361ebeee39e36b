"""Decides whether an order's payments pay for it, and which of them do. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from orders.events import CarriesPayment, OrderEvent
from orders.order import Order, OrderStatus
from orders.outcome import Result
from orders.payments import Payment, amount_of
from settlement.snapshot import CancelRequest


def why_unpaid(order: Order) -> str | None:
    """Human-readable reason why no payment, nor several together, pay for the order; None if they do."""
    if order.price_defect:
        return f"invalid_price: {order.price_defect}"
    if order.paying:
        return None
    asked = order.asked
    if asked and asked.amount < 0:
        return "invalid_price: the adjustments take off more than the items cost"
    if paid := [each for each in order.payments.succeeded if not each.is_doubtful]:
        asked_in_words = f"{asked.amount} {asked.currency}" if asked else "nothing"
        return f"amount_mismatch: {_in_words(paid)} was paid, {asked_in_words} was asked"
    return "doubtful_payment: the payment may be for another order"


def is_free_and_unneeded(event: OrderEvent, order: Order) -> bool:
    """Whether the event reports a free-of-charge session of an order that it does not pay for."""
    return isinstance(event, CarriesPayment) and event.payment.is_free and why_unpaid(order) is not None


def newly_extra(before: Order, after: Order) -> tuple[Payment, ...]:
    """The payments that this event shows to be extra and that are not fully refunded."""
    known = {payment.payment_id for payment in before.extra_payments}
    extra = after.extra_payments
    if before.finalized_at and not before.payments.succeeded:
        # Somebody has finalized the order by hand, and knows better what paid for it.
        extra = tuple(each for each in after.payments.succeeded if not (each.is_free or each.is_doubtful))
    return tuple(
        each for each in extra if each.payment_id not in known and after.refunds.promised_of(each) < amount_of(each)
    )


def extra_in_words(extra: Collection[Payment], order: Order) -> str | None:
    """Which payments are extra, for a person; None if none are."""
    named = [f"{payment.payment_id} ({_in_words([payment])})" for payment in extra]
    paying = [payment.payment_id for payment in order.paid_with if payment not in extra] or ["somebody"]
    are, have = "are" if len(named) > 1 else "is", "have" if len(paying) > 1 else "has"
    words = f"second_payment: {' and '.join(named)} {are} not needed: {' and '.join(paying)} {have} paid for the order"
    return words if named else None


def newly_partly_funded(before: Order, after: Order) -> str | None:
    """Human-readable note of bank transfers that have arrived in part, once nobody waits for the rest; else None."""
    known = {(each.payment_id, each.funded) for each in before.partly_funded}
    parts = [each for each in after.partly_funded if (each.payment_id, each.funded) not in known]
    named = " and ".join(
        f"{each.funded.amount} {each.funded.currency} of {each.payment_id}" for each in parts if each.funded
    )
    return f"partly_funded: {named} has arrived at Stripe, and the order is {after.status}" if named else None


def is_newly_paid(before: Order, after: Order) -> bool:
    """Whether this event made the order paid, or took the units for an earlier payment."""
    has_come, is_sold = after.paid_with and not before.paid_with, after.sold and not before.sold
    return bool(has_come or is_sold) and after.status is not OrderStatus.REFUNDED


def why_not_heard(request: CancelRequest | None, order: Order) -> str | None:
    """Human-readable reason why this request does not cancel the order; None if it is the order's own customer's.

    Security rules already refuse other people's requests. But rules can be bypassed, and the event of a request forged.
    """
    if request is None:
        return "no_request: nobody has asked to cancel the order"
    if request.user_id is None or request.user_id != order.user_id:
        return "not_the_owner: the request is not the customer's own"
    return None


def already(order: Order) -> Result:
    """The result of an event that changes nothing because the order is already in this status."""
    return _ALREADY[order.status] if order.status is order.settled_status else Result.UNKNOWN_STATUS


def _in_words(payments: Iterable[Payment]) -> str:
    return " + ".join(f"{each.money.amount} {each.money.currency}" for each in payments if each.money)


_ALREADY: Final[Mapping[OrderStatus, Result]] = {
    OrderStatus.FINALIZED: Result.ALREADY_FINALIZED,
    OrderStatus.PARTIALLY_REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUND_DUE: Result.ALREADY_REFUND_DUE,
    OrderStatus.REVIEW: Result.ALREADY_QUARANTINED,
    OrderStatus.FAILED: Result.ALREADY_FAILED,
    OrderStatus.EXPIRED: Result.ALREADY_EXPIRED,
    OrderStatus.CANCELLED: Result.ALREADY_CANCELLED,
    OrderStatus.UNKNOWN: Result.UNKNOWN_STATUS,
}
