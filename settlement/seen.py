"""What an event's documents say, in the words of the domain, as of one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from audit.entry import audit_path
from inventory.reservation import Product
from inventory.stock import Level
from orders.events import NotUnderstood, OrderEvent, OrderPlaced, PaymentSucceeded
from orders.order import Order, OrderStatus
from settlement.claims import Claim, claim_from, claim_path
from settlement.documents import (
    catalogue_path,
    inventory_path,
    order_from,
    order_path,
    paid_order_from,
    payment_path,
    product_from,
)
from settlement.ledger import Committed, Document, Fields


@dataclass(frozen=True, slots=True)
class Seen:
    """The documents that an event concerns, as of one moment."""

    claim: Claim | None = None
    order: Order | None = None
    order_version: object = None
    status_before: OrderStatus | None = None
    """What the order was before this event counted its hold; None if it has not."""
    products: Mapping[str, Product] = field(default_factory=dict)
    """Only the products that were looked at."""
    paid_order_id: str | None = None
    """The order that this payment is known to have paid for; None if it is new."""
    audited: bool | None = None
    """Whether the event has an audit entry; None if nobody looked."""
    deliveries_on_record: int = 0
    """The entries under the audit entry's `deliveries`. Looked at only if the claim is gone and the entry is there."""

    def with_hold(self, held: Order, committed: Committed) -> "Seen":
        """What stands after a hold was counted: the commit has told all that can have changed."""
        return replace(
            self,
            order=held,
            status_before=self.order.status if self.order else None,
            order_version=committed.versions[order_path(held.order_id)],
            products={
                product_id: _at_level(product, committed.figures.get(inventory_path(product_id)))
                for product_id, product in self.products.items()
            },
        )


def paths_to_read(
    event: OrderEvent | NotUnderstood, product_ids: Iterable[str], *, with_audit_entry: bool
) -> tuple[str, ...]:
    """What one BatchGet must bring to plan for the event."""
    paths = [audit_path(event.event_id)] if with_audit_entry or isinstance(event, OrderPlaced) else []
    if not isinstance(event, OrderPlaced):
        paths.append(claim_path(event.event_id))
    if not isinstance(event, NotUnderstood):
        paths.append(order_path(event.order_id))
    if isinstance(event, PaymentSucceeded) and event.payment_id:
        paths.append(payment_path(event.payment_id))
    for product_id in product_ids:
        paths += [inventory_path(product_id), catalogue_path(product_id)]
    return tuple(paths)


def seen_from(
    event: OrderEvent | NotUnderstood, documents: Mapping[str, Document | None], product_ids: Iterable[str]
) -> Seen:
    """What `paths_to_read` brought, in the words of the domain."""
    claim = documents.get(claim_path(event.event_id))
    order_id = event.order_id
    order = documents.get(order_path(order_id)) if order_id is not None else None
    payment_id = event.payment_id if isinstance(event, PaymentSucceeded) else None
    return Seen(
        claim=claim_from(claim) if claim else None,
        order=order_from(order_id, order.fields) if order and order_id is not None else None,
        order_version=order.version if order else None,
        products={
            product_id: product_from(
                product_id,
                _fields(documents[inventory_path(product_id)]),
                _fields(documents[catalogue_path(product_id)]),
            )
            for product_id in product_ids
        },
        paid_order_id=paid_order_from(documents.get(payment_path(payment_id))) if payment_id else None,
        audited=documents[entry] is not None if (entry := audit_path(event.event_id)) in documents else None,
    )


def _at_level(product: Product, figures: Mapping[str, int] | None) -> Product:
    return replace(product, level=Level(figures["stock"], figures["reserved"])) if figures else product


def _fields(document: Document | None) -> Fields | None:
    return document.fields if document else None
