"""`./shop search TEXT`: everything whose id begins with the text, and the orders of customers whose id does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import click

from database.documents.values import text_or_none
from database.ids import is_document_id
from ops.commands import Asked, command
from ops.exit_codes import Failed
from ops.lookup import Kind
from ops.page import Line, Row, Table, Tone
from ops.reading import LAST, Found, Query, Reader, Where
from reconciliation.finding import to_copy

_COLLECTIONS: Final = (
    (Kind.ORDER, "orders"),
    (Kind.PAYMENT, "payments"),
    (Kind.EVENT, "webhookEvents"),
    (Kind.EVENT, "auditLog"),
    (Kind.DISPUTE, "disputes"),
    (Kind.PRODUCT, "products"),
)


@dataclass(frozen=True, slots=True)
class Hit:
    kind: Kind
    id: str
    order_id: str | None
    says: str
    """Its status, result or name."""


@command("search")
@click.argument("text")
@click.option(
    "--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="At most this many of each kind."
)
@click.pass_obj
def search(asked: Asked, text: str, limit: int) -> None:
    """Find everything whose id begins with TEXT.

    Orders, payments, events, disputes, products, and customers with orders.
    """
    if not is_document_id(text):
        raise click.UsageError(f"{text!r} cannot be the beginning of an id.")
    hits = hits_for(text, asked.shop.reader, limit)
    if not hits:
        raise Failed(f"No id in {asked.shop.project} begins with {text}.")
    asked.output.show(hits, [Table([_row(hit) for hit in hits], ("", "id", "", "order")), *_next(hits)])


def hits_for(text: str, reader: Reader, limit: int) -> list[Hit]:
    """Hits of each kind, sorted by id; each event once, although two documents may have its id."""
    of_ids = (
        _hit(kind, found)
        for kind, collection in _COLLECTIONS
        for found in reader.find(Query(collection, prefix=text, at_most=limit))
    )
    of_users = (
        Hit(Kind.USER, str(found.fields["userId"]), found.id, str(found.fields.get("status")))
        for found in reader.find(of_users_query(text, limit))
    )
    return list({(hit.kind, hit.id, hit.order_id): hit for hit in (*of_ids, *of_users)}.values())


def of_users_query(text: str, limit: int) -> Query:
    """Served by the single-field index of userId."""
    where = (Where("userId", ">=", text), Where("userId", "<=", text + LAST))
    return Query("orders", where, "userId", at_most=limit)


def _hit(kind: Kind, found: Found) -> Hit:
    fields = found.fields
    order_id = found.id if kind is Kind.ORDER else text_or_none(fields.get("orderId"))
    said = (text_or_none(fields.get(name)) for name in ("status", "result", "name"))
    return Hit(kind, found.id, order_id, next((word for word in said if word), ""))


def _row(hit: Hit) -> Row:
    return (hit.kind, hit.id, hit.says, hit.order_id or "-")


def _next(hits: list[Hit]) -> Iterator[Line]:
    if len({hit.order_id for hit in hits}) == 1 and hits[0].order_id:
        yield Line(to_copy("why", hits[0].order_id), Tone.COMMAND)
