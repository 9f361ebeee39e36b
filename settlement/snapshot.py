"""What an event's documents say, in the words of the domain, as of one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from audit.entry import audit_path
from database.documents.orders import (
    catalogue_path,
    inventory_path,
    order_from,
    order_path,
    paid_order_from,
    payment_path,
    product_from,
    waiting_events_in,
)
from database.documents.webhook_events import Claim, claim_from, claim_path
from database.store import Committed, Document, Fields
from inventory.reservation import Product
from inventory.stock import Level
from orders.events import CarriesPayment, DisputeChanged, NotUnderstood, OrderEvent, RefundUpdated, ShopEvent
from orders.order import Order
from orders.outcome import Result


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """What stands in `payments/{paymentId}`."""

    order_id: str | None
    """The order it has paid for; None while only parked events know of the payment."""
    waiting: tuple[str, ...]
    """The parked events that wait for it."""
    version: object


@dataclass(frozen=True, slots=True)
class Seen:
    """The documents that an event concerns, as of one moment."""

    claim: Claim | None = None
    order_id: str | None = None
    """The order that the event names, or that its payment leads to."""
    is_order_unread: bool = False
    """Whether nobody has looked at that order yet: only its payment has told which it is."""
    order: Order | None = None
    order_version: object = None
    products: Mapping[str, Product] = field(default_factory=dict)
    """Only the products that were looked at."""
    inventory_versions: Mapping[str, object] = field(default_factory=dict)
    """Of the products whose inventory document is there, by product."""
    payments: Mapping[str, KnownPayment] = field(default_factory=dict)
    """What is known under the ids of the event's payment, by id."""
    audited: bool | None = None
    """Whether the event has an audit entry; None if nobody looked."""
    set_aside: Document | None = None
    """That entry, if it says no more than that the event was of the other mode."""
    deliveries_on_record: int = 0
    """The entries under the audit entry's `deliveries`. Looked at only if the claim is gone and the entry is there."""

    @property
    def was_set_aside(self) -> bool:
        """Whether all that was ever done with the event was to put on record that it was of the other mode."""
        if self.audited:
            return self.set_aside is not None
        return self.claim is not None and self.claim.result is Result.LIVEMODE_MISMATCH

    @property
    def deliveries_before(self) -> int:
        """How often an event was delivered whose claim has lived out its time, as its audit entry tells."""
        # The first delivery has no record of its own.
        return 1 + self.deliveries_on_record if self.audited and not self.claim else 0

    def with_hold(self, held: Order, committed: Committed) -> "Seen":
        """What stands after a hold was counted: the commit has told all that can have changed."""
        return replace(
            self,
            order=held,
            order_version=committed.versions[order_path(held.order_id)],
            products={
                product_id: _at_level(product, committed.figures.get(inventory_path(product_id)))
                for product_id, product in self.products.items()
            },
        )


def paths_to_read(
    event: OrderEvent | NotUnderstood, order_id: str | None, product_ids: Iterable[str], *, with_audit_entry: bool
) -> tuple[str, ...]:
    """What one BatchGet must bring to plan for the event."""
    is_of_the_shop = isinstance(event, ShopEvent)
    paths = [audit_path(event.event_id)] if with_audit_entry or is_of_the_shop else []
    if not is_of_the_shop:
        paths.append(claim_path(event.event_id))
    if order_id is not None and not isinstance(event, NotUnderstood):
        paths.append(order_path(order_id))
    paths += [payment_path(payment_id) for payment_id in _payment_ids_of(event)]
    for product_id in product_ids:
        paths += [inventory_path(product_id), catalogue_path(product_id)]
    return tuple(paths)


def seen_from(
    event: OrderEvent | NotUnderstood,
    order_id: str | None,
    documents: Mapping[str, Document | None],
    product_ids: Iterable[str],
) -> Seen:
    """What `paths_to_read` brought, in the words of the domain."""
    claim = documents.get(claim_path(event.event_id))
    payments = {
        payment_id: KnownPayment(paid_order_from(document), waiting_events_in(document), document.version)
        for payment_id in _payment_ids_of(event)
        if (document := documents.get(payment_path(payment_id)))
    }
    found_id = order_id or next((payment.order_id for payment in payments.values() if payment.order_id), None)
    order = documents.get(order_path(order_id)) if order_id is not None else None
    inventory = {product_id: documents[inventory_path(product_id)] for product_id in product_ids}
    entry = documents.get(audit_path(event.event_id))
    return Seen(
        claim=claim_from(claim) if claim else None,
        order_id=found_id,
        is_order_unread=order_id is None and found_id is not None,
        order=order_from(order_id, order.fields) if order and order_id is not None else None,
        order_version=order.version if order else None,
        products={
            product_id: product_from(product_id, _fields(document), _fields(documents[catalogue_path(product_id)]))
            for product_id, document in inventory.items()
        },
        inventory_versions={product_id: document.version for product_id, document in inventory.items() if document},
        payments=payments,
        audited=entry is not None if audit_path(event.event_id) in documents else None,
        set_aside=entry if entry and entry.fields.get("result") == Result.LIVEMODE_MISMATCH else None,
    )


def _payment_ids_of(event: OrderEvent | NotUnderstood) -> tuple[str, ...]:
    return event.payment_ids if isinstance(event, CarriesPayment | RefundUpdated | DisputeChanged) else ()


def _at_level(product: Product, figures: Mapping[str, int] | None) -> Product:
    return replace(product, level=Level(figures["stock"], figures["reserved"])) if figures else product


def _fields(document: Document | None) -> Fields | None:
    return document.fields if document else None
