"""`orders/{orderId}` ↔ an order. Reading is total: no broken document makes it raise."""

from typing import Final

from database.documents.order_fields import (
    decline_fields,
    decline_from,
    refunds_fields,
    refunds_from,
    units_fields,
    units_from,
)
from database.documents.size import why_oversized
from database.documents.values import money_or_none, text_or_none, time_or_none
from database.ids import is_document_id, is_order_id, is_user_id
from database.store import Fields
from orders.numbers import whole_number
from orders.order import Order, OrderLine, OrderStatus, Payment
from orders.validation import InvalidOrder, lines_from

OPEN_STATUSES: Final = (str(OrderStatus.RESERVING), str(OrderStatus.RESERVED))
"""Unpaid orders that hold units have one of these."""

_STATUSES: Final = frozenset(OrderStatus)


def order_path(order_id: str) -> str:
    return f"orders/{order_id}"


def order_from(order_id: str, fields: Fields) -> Order:
    status = _status_from(fields.get("status"))
    oversized = why_oversized(fields, _OF_THE_SERVICE)
    lines, defect = ((), oversized) if oversized else _lines_from(fields.get("items"))
    if not is_order_id(order_id):
        defect = "the id of an order has 1 to 128 letters (A to Z, a to z), digits, hyphens and underscores"
    if status is OrderStatus.UNKNOWN:
        defect = "status must be 'pending'"
    user_id = fields.get("userId")
    held_from = fields.get("heldFrom")
    return Order(
        order_id=order_id,
        status=status,
        user_id=user_id if is_user_id(user_id) else None,
        lines=lines,
        defect=defect,
        total=money_or_none(fields.get("amountTotal"), fields.get("currency")),
        is_oversized=oversized is not None,
        reserved_at=time_or_none(fields.get("reservedAt")),
        reservation_expires_at=time_or_none(fields.get("reservationExpiresAt")),
        held_from=None if held_from is None else _status_from(held_from),
        hold_kept=fields.get("holdKept") is True,
        payment=_payment_from(fields),
        unfulfilled_as=_unfulfilled_from(fields.get("unfulfilledAs")),
        finalized_at=time_or_none(fields.get("finalizedAt")),
        refunds=refunds_from(fields),
        returned=units_from(fields.get("returned")),
        failure_reason=text_or_none(fields.get("failureReason")),
        decline=decline_from(fields.get("lastPaymentError")),
        open_disputes=_count_from(fields.get("openDisputes")),
        cancel_requested_at=time_or_none(fields.get("cancelRequestedAt")),
    )


def _lines_from(items: object) -> tuple[tuple[OrderLine, ...], str | None]:
    """The order's lines, and why they can never be held."""
    try:
        return lines_from(items, is_document_id), None
    except InvalidOrder as invalid:
        return (), str(invalid)


def changed_fields(before: Order, after: Order) -> dict[str, object]:
    """The fields of `orders/{orderId}` in which the two differ, as they are afterwards."""
    old, new = _order_fields(before), _order_fields(after)
    return {name: value for name, value in new.items() if value != old[name]}


def _order_fields(order: Order) -> dict[str, object]:
    """The fields that this service writes."""
    payment, total = order.payment, order.total
    paid = payment.money if payment else None
    currency = total.currency if total else paid.currency if paid else None
    return {
        "status": str(order.status),
        "amountTotal": total.amount if total else None,
        "currency": currency,
        "reservedAt": order.reserved_at,
        "reservationExpiresAt": order.reservation_expires_at,
        "heldFrom": str(order.held_from) if order.held_from else None,
        "holdKept": order.hold_kept,
        "unfulfilledAs": str(order.unfulfilled_as) if order.unfulfilled_as else None,
        "finalizedAt": order.finalized_at,
        "webhookEventId": payment.event_id if payment else None,
        "paymentIntentId": payment.payment_intent_id if payment else None,
        "chargeId": payment.charge_id if payment else None,
        "amountReceived": paid.amount if paid else None,
        "currencyReceived": paid.currency if paid else None,
        "amountRefunded": order.refunds.amount if payment else None,
        **refunds_fields(order.refunds),
        "returned": units_fields(order.returned),
        "failureReason": order.failure_reason,
        "lastPaymentError": decline_fields(order.decline) if order.decline else None,
        "disputed": None if order.open_disputes is None else order.open_disputes > 0,
        "openDisputes": order.open_disputes,
        "cancelRequestedAt": order.cancel_requested_at,
    }


def held_fields(order: Order) -> dict[str, object]:
    """What is held, without whatever else its customer wrote into the lines; and what was asked, also where unknown."""
    total = order.total
    return {
        "items": units_fields({line.product_id: line.quantity for line in order.lines}),
        "amountTotal": total.amount if total else None,
        "currency": total.currency if total else None,
    }


def _count_from(value: object) -> int | None:
    number = whole_number(value)
    return number if number is not None and number >= 0 else None


def _unfulfilled_from(value: object) -> OrderStatus | None:
    status = _status_from(value)
    return status if status in _UNFULFILLED else None


_UNFULFILLED: Final = frozenset({OrderStatus.REVIEW, OrderStatus.REFUND_DUE})


def _payment_from(fields: Fields) -> Payment | None:
    """What paid for the order. A document that names a payment and no amount was paid what was asked."""
    intent_id, charge_id = text_or_none(fields.get("paymentIntentId")), text_or_none(fields.get("chargeId"))
    currency = fields.get("currencyReceived", fields.get("currency"))
    money = money_or_none(fields.get("amountReceived"), currency)
    if money is None and (intent_id or charge_id):
        money = money_or_none(fields.get("amountTotal"), currency)
    return Payment(money, intent_id, charge_id, str(fields.get("webhookEventId"))) if money else None


def _status_from(value: object) -> OrderStatus:
    return OrderStatus(value) if isinstance(value, str) and value in _STATUSES else OrderStatus.UNKNOWN


_BLANK: Final = Order(order_id="", status=OrderStatus.PENDING, user_id=None, lines=(), defect=None, total=None)
_OF_THE_SERVICE: Final = _order_fields(_BLANK).keys() | {"updatedAt"}
"""These fields do not count towards what an order may hold: what was small enough to be held stays so."""
