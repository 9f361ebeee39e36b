"""What an accountant asks for, one row a thing: amounts in the currency's minor units, each beside its currency."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from database.documents.orders import order_from
from ops.long_queries import documents_of, in_time
from orders.order import Order

if TYPE_CHECKING:
    from google.cloud.firestore import Client, Query

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Export:
    columns: tuple[str, ...]
    collection: str
    rows: Callable[[str, Mapping[str, Any]], Iterator[Row]]
    """The rows that are in one document, by its id and its fields."""
    happened_at: str
    """The column that says when."""
    index: tuple[str, str] | None = None
    """Two fields whose index has all documents in the order of that time, the first of them."""


def _orders(order_id: str, fields: Mapping[str, Any]) -> Iterator[Row]:
    order = order_from(order_id, fields)
    received, currency = order.received, _currency_of(order)
    # One row has one currency, which is that of the money.
    asked = order.asked if order.asked and order.asked.currency == currency else None
    yield {
        "orderId": order_id,
        "createdAt": order.created_at,
        "status": str(order.status),
        "finalizedAt": order.finalized_at,
        "amountAsked": asked.amount if asked else None,
        "amountReceived": received.amount if received else None,
        "amountRefunded": order.refunded_in(received.currency).amount if received else 0,
        "currency": currency,
    }


def _payments(order_id: str, fields: Mapping[str, Any]) -> Iterator[Row]:
    order = order_from(order_id, fields)
    for payment in order.payments.by_id.values():
        yield {
            "paymentId": payment.payment_id,
            "orderId": order_id,
            "at": payment.at,
            "state": str(payment.state),
            "chargeId": payment.charge_id,
            "amount": payment.money.amount if payment.money else None,
            "amountRefunded": order.refunds.amount_of(payment),
            "currency": payment.money.currency if payment.money else None,
        }


def _refunds(order_id: str, fields: Mapping[str, Any]) -> Iterator[Row]:
    order = order_from(order_id, fields)
    for refund in order.refunds.by_id.values():
        paid = order.payments.find(refund.payment_id) if refund.payment_id else None
        yield {
            "refundId": refund.refund_id,
            "orderId": order_id,
            "orderCreatedAt": order.created_at,
            "paymentId": refund.payment_id,
            "status": str(refund.status),
            "amount": refund.amount,
            "currency": paid.money.currency if paid and paid.money else _currency_of(order),
        }


def _trail(event_id: str, fields: Mapping[str, Any]) -> Iterator[Row]:
    yield {**{name: fields.get(name) for name in _OF_ENTRIES}, "eventId": event_id}


def _currency_of(order: Order) -> str | None:
    known = order.received or order.asked
    return known.currency if known else None


_OF_ENTRIES: Final = (
    *("eventId", "orderId", "createdAt", "kind", "result", "statusBefore", "statusAfter"),
    *("amount", "currency", "paymentIntentId", "sequence", "hash"),
)
EXPORTS: Final[Mapping[str, Export]] = {
    "orders": Export(
        (
            *("orderId", "createdAt", "status", "finalizedAt"),
            *("amountAsked", "amountReceived", "amountRefunded", "currency"),
        ),
        "orders",
        _orders,
        "createdAt",
    ),
    "payments": Export(
        ("paymentId", "orderId", "at", "state", "chargeId", "amount", "amountRefunded", "currency"),
        "orders",
        _payments,
        "at",
    ),
    "refunds": Export(
        ("refundId", "orderId", "orderCreatedAt", "paymentId", "status", "amount", "currency"),
        "orders",
        _refunds,
        "orderCreatedAt",
    ),
    "trail": Export(_OF_ENTRIES, "auditLog", _trail, "createdAt", index=("createdAt", "orderId")),
}


def rows_of(export: Export, since: datetime | None, until: datetime | None, client: "Client") -> Iterator[Row]:
    """The rows from one moment on and before another, page by page.

    Where an index has them in the order of their time, only what is in the window is read, in that order. Else all
    documents of the collection are, in the order of their ids: of what has no such index, none may be missed.
    """
    for document in documents_of(_query_of(export, since, until, client)):
        for row in export.rows(document.id, document.to_dict() or {}):
            if _is_within(row[export.happened_at], since, until):
                yield row


def _query_of(export: Export, since: datetime | None, until: datetime | None, client: "Client") -> "Query":
    collection = client.collection(export.collection)
    if export.index is None or not (since or until):
        return collection.order_by("__name__")
    at, then = export.index
    return in_time(collection, at, since, until, then)


def _is_within(moment: object, since: datetime | None, until: datetime | None) -> bool:
    if since is None and until is None:
        return True
    return isinstance(moment, datetime) and (not since or moment >= since) and (not until or moment < until)
