"""`orders/{orderId}` ↔ an order. Reading never raises, however broken the document."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from database.documents.audit_heads import HEAD_FIELDS
from database.documents.order_fields import (
    decline_fields,
    decline_from,
    product_ids_from,
    refunds_fields,
    refunds_from,
    units_fields,
    units_from,
)
from database.documents.payment_fields import adjustments_fields, payments_fields, payments_from
from database.documents.price_fields import price_fields, price_from
from database.documents.size import Unread, why_oversized
from database.documents.values import money_or_none, text_or_none, time_or_none
from database.ids import is_document_id, is_order_id, is_user_id
from database.store import Fields, Listing
from orders.money import amount_or_none
from orders.numbers import whole_number
from orders.order import Order, OrderLine, OrderStatus
from orders.outcome import Uncountable
from orders.payments import Payment, Payments, PaymentState
from orders.validation import InvalidOrder, lines_from

WENT_UNCOUNTED: Final = "wentUncounted"
"""Whether units of it ever moved without being counted, because their inventory document was gone."""
OPEN_STATUSES: Final = (str(OrderStatus.RESERVING), str(OrderStatus.RESERVED))
"""The statuses of unpaid orders that hold units."""
MAY_HOLD: Final = (*OPEN_STATUSES, str(OrderStatus.REVIEW))
"""The statuses in which an order may hold units; not all orders in them do."""
COUNTED_ORDERS_MAX: Final = 20_000
"""How many orders' units can be counted within one request: forty pages of five hundred."""
_TOO_MANY: Final = (
    "too many to count in one request. Release those that nobody will pay for; or take the "
    "product off sale, let reconciliation count, and write `reserved` into its inventory by hand, as the finding "
    "reserved_not_held says"
)
HOLDING_ORDERS: Final = Listing(
    "orders", {"status": MAY_HOLD}, order=["createdAt"], only=["status", "holdKept", "items", "unlimited", "createdAt"]
)
"""All orders that may hold units, with the fields that show what they hold. Served by the index (status, createdAt):
every held order has both."""

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
        **price_from(fields),
        created_at=time_or_none(fields.get("createdAt")),
        is_oversized=oversized is not None,
        reserved_at=time_or_none(fields.get("reservedAt")),
        reservation_expires_at=time_or_none(fields.get("reservationExpiresAt")),
        extended_until=time_or_none(fields.get("extendedUntil")),
        checkout_attempts=_count_from(fields.get("checkoutAttempts")) or 0,
        checkout_until=time_or_none(fields.get("checkoutUntil")),
        held_from=None if held_from is None else _status_from(held_from),
        hold_kept=fields.get("holdKept") is True,
        unlimited=product_ids_from(fields.get("unlimited")),
        taken_later=product_ids_from(fields.get("takenLater")),
        payments=payments_from(fields["payments"]) if "payments" in fields else _one_payment_from(fields),
        settled_by=text_or_none(fields.get("webhookEventId")),
        unfulfilled_as=_unfulfilled_from(fields.get("unfulfilledAs")),
        finalized_at=time_or_none(fields.get("finalizedAt")),
        refunds=refunds_from(fields.get("refunds")),
        returned=units_from(fields.get("returned")),
        failure_reason=text_or_none(fields.get("failureReason")),
        decline=decline_from(fields.get("lastPaymentError")),
        open_disputes=_count_from(fields.get("openDisputes")),
        cancel_requested_at=time_or_none(fields.get("cancelRequestedAt")),
    )


def units_held(orders: Iterable[tuple[str, Fields]], at_most: int | None = None) -> Counter[str]:
    """The units that these orders hold, by product id.

    Args:
        orders: ids and fields, at least those in HOLDING_ORDERS.
        at_most: the largest number of orders.

    Raises:
        Uncountable: there are more.
    """
    held: Counter[str] = Counter()
    for number, (order_id, fields) in enumerate(orders, 1):
        if at_most is not None and number > at_most:
            raise Uncountable(f"too_many_orders: more than {at_most} orders may hold units, {_TOO_MANY}")
        order = order_from(order_id, fields)
        if order.holds_units:
            held.update({line.product_id: line.quantity for line in order.counted_lines})
    return held


def _lines_from(items: object) -> tuple[tuple[OrderLine, ...], str | None]:
    """The order's lines; or none, and why they can never be held."""
    try:
        return lines_from(items, is_document_id), None
    except InvalidOrder as invalid:
        return (), str(invalid)


def changed_fields(before: Order, after: Order) -> dict[str, object]:
    """The fields of `orders/{orderId}` that differ between the two, as they are afterwards."""
    old, new = _order_fields(before), _order_fields(after)
    if after.settled_by != before.settled_by:
        # The backend may have changed the price since, without updating `pricedBy`.
        del old["pricedBy"]
    return {name: value for name, value in new.items() if name not in old or value != old[name]}


def _order_fields(order: Order) -> dict[str, object]:
    """The fields that this service writes."""
    received, paid_first = order.received, next(iter(order.paid_with), None)
    refunded = order.refunded_in(received.currency).amount if received else order.amount_refunded
    return {
        "status": str(order.status),
        **price_fields(order),
        "reservedAt": order.reserved_at,
        "reservationExpiresAt": order.reservation_expires_at,
        "extendedUntil": order.extended_until,
        "checkoutAttempts": order.checkout_attempts or None,
        "checkoutUntil": order.checkout_until,
        "addedInCheckout": adjustments_fields(order.added) or None,
        "heldFrom": str(order.held_from) if order.held_from else None,
        "holdKept": order.hold_kept,
        "unlimited": sorted(order.unlimited),
        "takenLater": sorted(order.taken_later),
        "unfulfilledAs": str(order.unfulfilled_as) if order.unfulfilled_as else None,
        "finalizedAt": order.finalized_at,
        "webhookEventId": order.settled_by,
        "paymentIntentId": paid_first.payment_intent_id if paid_first else None,
        "chargeId": paid_first.charge_id if paid_first else None,
        "amountReceived": received.amount if received else None,
        "currencyReceived": received.currency if received else None,
        "amountRefunded": refunded if paid_first else None,
        "payments": payments_fields(order.payments),
        "refunds": refunds_fields(order.refunds),
        "chargeAmountRefunded": sum(payment.amount_refunded for payment in order.paid_with),
        "returned": units_fields(order.returned),
        "failureReason": order.failure_reason,
        "lastPaymentError": decline_fields(order.decline) if order.decline else None,
        "disputed": None if order.open_disputes is None else order.open_disputes > 0,
        "openDisputes": order.open_disputes,
        "cancelRequestedAt": order.cancel_requested_at,
        # Set only while somebody has to send money back, so that the index holds no other orders.
        "overpaid": True if order.unneeded else None,
        "refundLost": True if order.refunds_to_repeat else None,
    }


def held_fields(order: Order, now: datetime) -> dict[str, object]:
    """The held lines, without what else its customer wrote into them, and the price, even if unknown.

    An unreadable price of an order that was held before is left for the backend to correct. An order without
    `createdAt` gets one, since HOLDING_ORDERS finds no others.
    """
    price = {} if order.price_defect else price_fields(order)
    made = {} if order.created_at else {"createdAt": now}
    return {"items": units_fields({line.product_id: line.quantity for line in order.lines}), **price, **made}


def _count_from(value: object) -> int | None:
    number = whole_number(value)
    return number if number is not None and number >= 0 else None


def _unfulfilled_from(value: object) -> OrderStatus | None:
    status = _status_from(value)
    return status if status in _UNFULFILLED else None


_UNFULFILLED: Final = frozenset({OrderStatus.REVIEW, OrderStatus.REFUND_DUE})


def _one_payment_from(fields: Fields) -> Payments:
    """The payment of an order that has no `payments`. Without an amount, it is taken to be what was asked.

    Before an order is settled, a payment that it names is only what somebody expects to be paid with.
    """
    intent_id, charge_id = text_or_none(fields.get("paymentIntentId")), text_or_none(fields.get("chargeId"))
    settled_by, paid_at = text_or_none(fields.get("webhookEventId")), time_or_none(fields.get("finalizedAt"))
    currency = fields.get("currencyReceived", fields.get("currency"))
    money = money_or_none(fields.get("amountReceived"), currency)
    payment_id = intent_id or charge_id or (settled_by if money else None)
    if payment_id is None or not (money or settled_by or paid_at):
        return Payments()
    money = money or money_or_none(fields.get("amountTotal"), currency)
    refunded = amount_or_none(fields.get("chargeAmountRefunded"))
    succeeded = Payment(payment_id, PaymentState.SUCCEEDED, paid_at or _LONG_AGO, money, charge_id)
    return Payments.of(replace(succeeded, amount_refunded=refunded or 0))


_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _status_from(value: object) -> OrderStatus:
    return OrderStatus(value) if isinstance(value, str) and value in _STATUSES else OrderStatus.UNKNOWN


_BLANK: Final = Order(order_id="", status=OrderStatus.PENDING, user_id=None, lines=(), defect=None, total=None)
_OF_THE_SERVICE: Final = _order_fields(_BLANK).keys() | {*HEAD_FIELDS, "updatedAt", WENT_UNCOUNTED}
"""These fields do not count towards an order's size limit: an order that was small enough to be held stays so."""
ALL_BUT_ITEMS: Final = sorted(_OF_THE_SERVICE - {"updatedAt"} | {"userId", "createdAt"})
"""The fields read of an order except `items`, the only field that the rules let a customer fill freely."""


def without_items(fields: Fields) -> Fields:
    """An order of which only ALL_BUT_ITEMS could be read, marked as oversized."""
    return {**fields, "items": Unread()}
