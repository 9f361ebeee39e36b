"""The books for an accountant, one row per item, with amounts in minor units beside their currency."""

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
    """The rows of one document, from its id and fields."""
    happened_at: str
    """The column with the time."""
    index: tuple[str, str] | None = None
    """The two fields of an index that sorts all documents by that time, which is the first of them."""


def _orders(order_id: str, fields: Mapping[str, Any]) -> Iterator[Row]:
    order = order_from(order_id, fields)
    received, currency = order.received, _currency_of(order)
    # A row has only one currency, that of the money received.
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
    """The rows from `since` until before `until`, page by page.

    With an index by time, only documents in that window are read, in that order. Otherwise the whole collection is read
    by id, so that none is missed.
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
