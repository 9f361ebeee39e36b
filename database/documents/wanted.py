"""The documents that an event needs: builds their paths, and reads them into a snapshot."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from database.documents.audit_heads import ACTS_CHAIN, head_from
from database.documents.audit_log import audit_path, set_aside_from
from database.documents.cancel_requests import cancel_request_from, cancel_request_path
from database.documents.checkouts import checkout_path, known_checkout_from
from database.documents.disputes import dispute_path, known_dispute_from
from database.documents.effects import effect_from, effect_path
from database.documents.findings import finding_path, known_finding_from
from database.documents.inventory import inventory_path, level_from
from database.documents.operator_requests import operator_request_from, operator_request_path
from database.documents.orders import order_from, order_path
from database.documents.payments import known_payment_from, payment_path
from database.documents.products import product_from, product_path
from database.documents.webhook_events import claim_from, claim_path, event_on_record_from
from database.store import Committed, Document, Fields
from orders.events import Cause, DisputeChanged, FoundByPayment, NotUnderstood, OfSession, StripeEvent
from orders.frozen import frozen
from orders.operator_events import (
    EffectRetried,
    EventReplayed,
    HandledKind,
    MarkedAsHandled,
    OperatorEvent,
    OrderAccepted,
    RefundOrdered,
    StockAdjusted,
)
from orders.order import Order
from orders.shop_events import CancelRequested, CheckoutEnded, CheckoutOpened, OrderPlaced, ShopEvent
from settlement.decisions import Look
from settlement.snapshot import EventOnRecord, KnownPayment, Snapshot

Documents = Mapping[str, Document | None]
_Read = TypeVar("_Read")


@frozen
class Wanted:
    """What to read for one event, and what decisions have asked for in addition."""

    event: Cause
    more: Look = Look()
    """What decisions have asked for so far."""
    lost_at: Snapshot | None = None
    """The snapshot on which a failed commit was based."""

    @property
    def order_id(self) -> str | None:
        return self.more.order_id or self.event.order_id

    @property
    def product_ids(self) -> tuple[str, ...]:
        return self.more.product_ids or self._product_ids_of_event

    @property
    def _product_ids_of_event(self) -> tuple[str, ...]:
        match self.event:
            case OrderPlaced(product_ids=product_ids):
                return product_ids
            case StockAdjusted(product_id=product_id):
                return (product_id,)
            case _:
                return ()

    @property
    def has_audit_entry(self) -> bool:
        # An event that is taken up again may have been set aside before it was parked; and one that cannot be read may
        # have been settled by a release that could. Both have an audit entry.
        is_replay = isinstance(self.event, StripeEvent) and self.event.delivery.is_replay
        is_read_first = isinstance(self.event, NotUnderstood | ShopEvent | OperatorEvent)
        return is_replay or is_read_first or self.more.audit_entry

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths for one BatchGet."""
        event_id = self.event.event_id
        paths = [audit_path(event_id)] if self.has_audit_entry else []
        if isinstance(self.event, StripeEvent | NotUnderstood):
            paths.append(claim_path(event_id))
        if self.order_id and not isinstance(self.event, NotUnderstood):
            paths.append(order_path(self.order_id))
        if isinstance(self.event, CancelRequested):
            paths.append(cancel_request_path(self.event.order_id))
        paths += self._operators_paths
        paths += [payment_path(payment_id) for payment_id in self._payment_ids]
        if self._checkout_path:
            paths.append(self._checkout_path)
        if self._dispute_id:
            paths.append(dispute_path(self._dispute_id))
        for product_id in self.product_ids:
            paths += [inventory_path(product_id), product_path(product_id)]
        if self._placed_path and self._placed_path not in paths:
            paths.append(self._placed_path)
        return tuple(paths)

    @property
    def _operators_paths(self) -> list[str]:
        """An operator's request, and what it names."""
        # A request that turns out to concern no order goes into that chain.
        paths = [operator_request_path(self._asked_id), ACTS_CHAIN] if self._asked_id else []
        if effect_id := self._named(HandledKind.EFFECT):
            paths.append(effect_path(effect_id))
        if finding_id := self._named(HandledKind.FINDING):
            paths.append(finding_path(finding_id))
        if event_id := self._named(HandledKind.EVENT):
            paths += [claim_path(event_id), audit_path(event_id)]
        return paths

    def and_also(self, look: Look) -> "Wanted":
        """The same, and what a decision asks for."""
        more = Look(
            product_ids=look.product_ids or self.more.product_ids,
            audit_entry=look.audit_entry or self.more.audit_entry,
            order_id=look.order_id or self.more.order_id,
            checkout=look.checkout or self.more.checkout,
        )
        return replace(self, more=more)

    def after_loss(self, snapshot: Snapshot) -> "Wanted":
        """The same, and what else may have made a commit fail.

        Args:
            snapshot: what the failed commit was based on.
        """
        return replace(self.and_also(Look(audit_entry=True)), lost_at=snapshot)

    def snapshot(self, documents: Documents) -> Snapshot:
        """The snapshot from the documents under `paths`."""
        claim, entry = documents.get(claim_path(self.event.event_id)), documents.get(audit_path(self.event.event_id))
        payments = {
            payment_id: known_payment_from(document)
            for payment_id in self._payment_ids
            if (document := documents[payment_path(payment_id)])
        }
        wanted_id = self.order_id
        found_id = wanted_id or self._order_of(payments.values())
        order = documents.get(order_path(wanted_id)) if wanted_id else None
        request = documents.get(cancel_request_path(wanted_id)) if wanted_id else None
        acts = documents.get(ACTS_CHAIN)
        checkout = documents.get(self._checkout_path) if self._checkout_path else None
        inventory = {product_id: documents[inventory_path(product_id)] for product_id in self.product_ids}
        snapshot = Snapshot(
            claim=claim_from(claim) if claim else None,
            order_id=found_id,
            is_order_unread=found_id != wanted_id,
            order=order_from(wanted_id, order.fields) if order and wanted_id else None,
            order_version=order.version if order else None,
            audit_head=head_from(order.fields) if order else None,
            acts_head=head_from(acts.fields) if acts else None,
            acts_version=acts.version if acts else None,
            cancel_request=cancel_request_from(request) if request else None,
            operator_request=_read(self._asked_id, operator_request_path, operator_request_from, documents),
            effect=_read(self._named(HandledKind.EFFECT), effect_path, effect_from, documents),
            finding=_read(self._named(HandledKind.FINDING), finding_path, known_finding_from, documents),
            event_on_record=self._event_on_record(documents),
            products={
                product_id: product_from(product_id, _fields(document), _fields(documents[product_path(product_id)]))
                for product_id, document in inventory.items()
            },
            inventory_versions={product_id: document.version for product_id, document in inventory.items() if document},
            payments=payments,
            dispute=_read(self._dispute_id, dispute_path, known_dispute_from, documents),
            checkout=known_checkout_from(checkout) if checkout else None,
            is_checkout_read=self._checkout_path is not None,
            audited=entry is not None if self.has_audit_entry else None,
            was_placed=bool(self._placed_path and documents[self._placed_path]),
            set_aside=set_aside_from(entry),
        )
        before = self.lost_at
        is_unexplained = before is not None and _of_the_event(before) == _of_the_event(snapshot)
        return replace(snapshot, is_loss_unexplained=True) if is_unexplained else snapshot

    def _order_of(self, payments: Iterable[KnownPayment]) -> str | None:
        """The order that the event's payment belongs to; a further decline belongs to the order of the first."""
        leading = (p.leads_to if isinstance(self.event, FoundByPayment) else p.order_id for p in payments)
        return next(filter(None, leading), None)

    @property
    def _asked_id(self) -> str | None:
        """The operator's request's id, also if the event is the Stripe event that it replays."""
        asked = self.event.delivery.asked_by if isinstance(self.event, StripeEvent) else self.event
        return asked.request_id if isinstance(asked, OperatorEvent) else None

    @property
    def _dispute_id(self) -> str | None:
        return self.event.dispute.dispute_id if isinstance(self.event, DisputeChanged) else None

    def _named(self, of: HandledKind) -> str | None:
        """The id that an operator names, if it is of this kind."""
        match self.event:
            case EffectRetried(effect_id=named_id) if of is HandledKind.EFFECT:
                return named_id
            case EventReplayed(stripe_event_id=named_id) if of is HandledKind.EVENT:
                return named_id
            case MarkedAsHandled(of=kind, target_id=named_id) if of is kind:
                return named_id
            case _:
                return None

    def _event_on_record(self, documents: Documents) -> EventOnRecord | None:
        if (event_id := self._named(HandledKind.EVENT)) is None:
            return None
        return event_on_record_from(event_id, documents[claim_path(event_id)], documents[audit_path(event_id)])

    @property
    def _payment_ids(self) -> tuple[str, ...]:
        return self.event.payment_ids if isinstance(self.event, StripeEvent | OrderAccepted | RefundOrdered) else ()

    @property
    def _checkout_path(self) -> str | None:
        """The path of the order's own session, if the event may be about one or needs it."""
        # A session reports its total, which counts only if it is the order's own.
        names_session = isinstance(self.event, OfSession) and self.event.session_id is not None
        is_of_interest = names_session or isinstance(self.event, CheckoutOpened | CheckoutEnded) or self.more.checkout
        return checkout_path(self.order_id) if self.order_id and is_of_interest else None

    @property
    def _placed_path(self) -> str | None:
        """The audit entry that an order with this id was placed; needed before its units are held."""
        is_of_interest = self.product_ids or isinstance(self.event, OrderPlaced)
        return audit_path(OrderPlaced(self.order_id).event_id) if self.order_id and is_of_interest else None


def after_hold(snapshot: Snapshot, held: Order, committed: Committed) -> Snapshot:
    """The snapshot once the order's units are counted, from the commit's answer."""
    levels = {
        line.product_id: level_from(committed.figures[inventory_path(line.product_id)]) for line in held.counted_lines
    }
    return snapshot.with_hold(held, committed.versions[order_path(held.order_id)], levels)


def _of_the_event(snapshot: Snapshot) -> tuple[object, ...]:
    """What changes if another worker settles it, or another event of its order, dispute or session."""
    return snapshot.claim, snapshot.order_version, snapshot.dispute, snapshot.checkout


def _read(
    document_id: str | None,
    path_of: Callable[[str], str],
    read: Callable[[str, Document], _Read | None],
    documents: Documents,
) -> _Read | None:
    document = documents[path_of(document_id)] if document_id else None
    return read(document_id, document) if document_id and document else None


def _fields(document: Document | None) -> Fields | None:
    return document.fields if document else None
