"""Orders, products and payments as documents ↔ the domain. Reading is total: no broken document makes it raise."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from database.store import Document, Fields
from inventory.reservation import Product
from inventory.stock import Level
from orders.declines import Decline
from orders.disputes import Dispute
from orders.order import (
    Money,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    is_amount,
    is_currency,
    is_document_id,
    is_order_id,
    is_user_id,
)
from orders.refunds import Refund, Refunds, RefundStatus
from orders.validation import InvalidOrder, OversizedOrder, lines_from, require_bounded, user_id_from

_STATUSES: Final = frozenset(OrderStatus)
_REFUND_STATUSES: Final = frozenset(RefundStatus)


def order_path(order_id: str) -> str:
    return f"orders/{order_id}"


def inventory_path(product_id: str) -> str:
    return f"inventory/{product_id}"


def catalogue_path(product_id: str) -> str:
    return f"products/{product_id}"


def payment_path(payment_id: str) -> str:
    return f"payments/{payment_id}"


# --- Orders ----------------------------------------------------------------------------------------------------------


def order_from(order_id: str, fields: Fields) -> Order:
    status = _status_from(fields.get("status"))
    user_id = fields.get("userId")
    lines: tuple[OrderLine, ...] = ()
    is_oversized = False
    defect = "status must be 'pending'" if status is OrderStatus.UNKNOWN else None
    try:
        require_bounded(fields, _OF_THE_SERVICE)
        user_id_from(user_id)
        lines = lines_from(fields.get("items"))
    except InvalidOrder as invalid:
        defect = defect or str(invalid)
        is_oversized = isinstance(invalid, OversizedOrder)
    held_from = fields.get("heldFrom")
    return Order(
        order_id=order_id,
        status=status,
        user_id=user_id if is_user_id(user_id) else None,
        lines=lines,
        defect=defect,
        total=money_or_none(fields.get("amountTotal"), fields.get("currency")),
        is_oversized=is_oversized,
        reserved_at=time_or_none(fields.get("reservedAt")),
        reservation_expires_at=time_or_none(fields.get("reservationExpiresAt")),
        held_from=None if held_from is None else _status_from(held_from),
        hold_kept=fields.get("holdKept") is True,
        payment=_payment_from(fields),
        unfulfilled_as=_unfulfilled_from(fields.get("unfulfilledAs")),
        finalized_at=time_or_none(fields.get("finalizedAt")),
        refunds=refunds_from(fields),
        returned=_units_from(fields.get("returned")),
        failure_reason=text_or_none(fields.get("failureReason")),
        decline=decline_from(fields.get("lastPaymentError")),
        dispute=dispute_from(fields.get("dispute")),
        cancel_requested_at=time_or_none(fields.get("cancelRequestedAt")),
    )


def changed_fields(before: Order, after: Order) -> dict[str, object]:
    """The fields of `orders/{orderId}` in which the two differ, as they stand afterwards."""
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
        "returned": _units_fields(order.returned),
        "failureReason": order.failure_reason,
        "lastPaymentError": decline_fields(order.decline) if order.decline else None,
        "dispute": dispute_fields(order.dispute) if order.dispute else None,
        "cancelRequestedAt": order.cancel_requested_at,
    }


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


# --- What orders and parked events have in common --------------------------------------------------------------------


def refunds_from(fields: Fields) -> Refunds:
    by_id, charge_total = fields.get("refunds"), fields.get("chargeAmountRefunded")
    refunds = [_refund_from(key, value) for key, value in by_id.items()] if isinstance(by_id, Mapping) else []
    return Refunds(
        {refund.refund_id: refund for refund in refunds if refund}, charge_total if is_amount(charge_total) else 0
    )


def refunds_fields(refunds: Refunds) -> dict[str, object]:
    return {
        "chargeAmountRefunded": refunds.charge_total,
        "refunds": {
            refund_id: {
                "amount": refund.amount,
                "status": str(refund.status),
                "restock": _units_fields(refund.restock),
            }
            for refund_id, refund in refunds.by_id.items()
        },
    }


def _refund_from(refund_id: object, fields: object) -> Refund | None:
    if not isinstance(refund_id, str) or not isinstance(fields, Mapping):
        return None
    amount, status = fields.get("amount"), fields.get("status")
    if not is_amount(amount) or not isinstance(status, str) or status not in _REFUND_STATUSES:
        return None
    return Refund(refund_id, amount, RefundStatus(status), _units_from(fields.get("restock")))


def decline_from(fields: object) -> Decline | None:
    if not isinstance(fields, Mapping) or (declined_at := time_or_none(fields.get("at"))) is None:
        return None
    return Decline(
        code=text_or_none(fields.get("code")),
        decline_code=text_or_none(fields.get("declineCode")),
        declined_at=declined_at,
        payment_intent_id=text_or_none(fields.get("paymentIntentId")),
        charge_id=text_or_none(fields.get("chargeId")),
    )


def decline_fields(decline: Decline) -> dict[str, object]:
    return {
        "code": decline.code,
        "declineCode": decline.decline_code,
        "at": decline.declined_at,
        "paymentIntentId": decline.payment_intent_id,
        "chargeId": decline.charge_id,
    }


def dispute_from(fields: object) -> Dispute | None:
    if not isinstance(fields, Mapping):
        return None
    dispute_id, status = text_or_none(fields.get("id")), text_or_none(fields.get("status"))
    money = money_or_none(fields.get("amount"), fields.get("currency"))
    opened_at, told_at = time_or_none(fields.get("openedAt")), time_or_none(fields.get("toldAt"))
    if dispute_id is None or status is None or money is None or opened_at is None or told_at is None:
        return None
    return Dispute(
        dispute_id=dispute_id,
        status=status,
        reason=text_or_none(fields.get("reason")),
        amount=money.amount,
        currency=money.currency,
        due_by=time_or_none(fields.get("dueBy")),
        opened_at=opened_at,
        told_at=told_at,
    )


def dispute_fields(dispute: Dispute) -> dict[str, object]:
    return {
        "id": dispute.dispute_id,
        "status": dispute.status,
        "reason": dispute.reason,
        "amount": dispute.amount,
        "currency": dispute.currency,
        "dueBy": dispute.due_by,
        "openedAt": dispute.opened_at,
        "toldAt": dispute.told_at,
    }


def _units_from(value: object) -> dict[str, int]:
    units: dict[str, int] = {}
    for item in value if isinstance(value, list) else ():
        product_id, quantity = (item.get("productId"), item.get("quantity")) if isinstance(item, Mapping) else (None, 0)
        if isinstance(product_id, str) and type(quantity) is int and quantity > 0:
            units[product_id] = quantity
    return units


def _units_fields(units: Mapping[str, int]) -> list[dict[str, object]]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in units.items() if quantity]


# --- Products --------------------------------------------------------------------------------------------------------


def product_from(product_id: str, inventory: Fields | None, catalogue: Fields | None) -> Product:
    """A product from `inventory/{productId}` and `products/{productId}`; either may be missing."""
    catalogue = catalogue or {}
    unit_amount, currency = catalogue.get("unitAmount"), catalogue.get("currency")
    price = money_or_none(unit_amount, currency)
    has_broken_price = price is None and not (unit_amount is None and currency is None)
    return Product(
        product_id=product_id,
        in_inventory=inventory is not None,
        level=_level_from(inventory),
        on_sale=catalogue.get("active", True) is True,
        unit_price=price,
        price_defect="needs a whole unitAmount in minor units and a currency such as 'eur'"
        if has_broken_price
        else None,
    )


def _level_from(fields: Fields | None) -> Level | None:
    if fields is None:
        return None
    stock, reserved = fields.get("stock"), fields.get("reserved", 0)
    return Level(stock, reserved) if type(stock) is int and type(reserved) is int else None


# --- Payments --------------------------------------------------------------------------------------------------------


def paid_order_from(document: Document) -> str | None:
    """The order that `payments/{paymentId}` names; None while only parked events know of the payment."""
    order_id = document.fields.get("orderId")
    return order_id if is_order_id(order_id) else None


def waiting_events_in(document: Document) -> tuple[str, ...]:
    """The parked events that wait for the payment of `payments/{paymentId}`."""
    waiting = document.fields.get("waiting")
    return tuple(filter(is_document_id, waiting)) if isinstance(waiting, list) else ()


def money_or_none(amount: object, currency: object) -> Money | None:
    return Money(amount, currency) if is_amount(amount) and is_currency(currency) else None


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def time_or_none(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _status_from(value: object) -> OrderStatus:
    return OrderStatus(value) if isinstance(value, str) and value in _STATUSES else OrderStatus.UNKNOWN


_BLANK: Final = Order(order_id="", status=OrderStatus.PENDING, user_id=None, lines=(), defect=None, total=None)
_OF_THE_SERVICE: Final = _order_fields(_BLANK).keys() | {"updatedAt"}
"""These fields do not count towards what an order may hold: what was small enough to be held stays so."""
