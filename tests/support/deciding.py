"""Given an order, when an event comes, then this is decided: everything is complete by default.

Three shirts for 36 euros, ordered by alice. A test names only what it is about, and writes statuses and results as they
are stored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from database.documents.wanted import Wanted
from inventory.reservation import Product
from orders.events import Cause, OfSession, OrderEvent, StripeEvent
from orders.operator_events import OperatorEvent
from orders.order import Order
from orders.shop_events import CancelRequested, CheckoutEnded, CheckoutOpened, OrderPlaced
from settlement.decide import decide
from settlement.decisions import Change, Decision, Look
from settlement.snapshot import OperatorRequest, Snapshot
from settlement.terms import Terms
from tests.support.builders import NOW, TERMS
from tests.support.orders import known
from tests.support.snapshots import a_snapshot

LIVE_ONLY = replace(TERMS, expected_livemode=True)
"""Terms that expect live mode; every event here is in test mode."""


@dataclass(frozen=True)
class Given:
    """Everything in the shop. An event first reads a part of it, and more when its decision asks for that."""

    snapshot: Snapshot
    terms: Terms
    after_loss: bool
    """Whether a commit was refused before; then the audit entry is read too."""

    def when(self, event: Cause) -> Decision:
        """The decision, once everything it asks for has been read."""
        *_, decided = self._decisions(event)
        moved = [move.product_id for move in getattr(decided, "moves", ())]
        assert len(set(moved)) == len(moved), "no commit writes one document twice"
        return decided

    def changed_by(self, event: OrderEvent) -> Change:
        """The change that the event makes; fails if it is not settled."""
        decided = self.when(event)
        assert isinstance(decided, Change), decided
        return decided

    def looks_for(self, event: Cause) -> list[Decision]:
        """The reads that are asked for on the way to a decision."""
        return list(self._decisions(event))[:-1]

    def _decisions(self, event: Cause) -> Iterator[Decision]:
        snapshot = self._read_first(event)
        while isinstance(decision := decide(event, snapshot, self.terms, NOW), Look):
            yield decision
            before, snapshot = snapshot, self._after_look(decision, snapshot)
            assert snapshot != before, f"to ask again for what is known never ends: {decision}"
        yield decision

    def _read_first(self, event: Cause) -> Snapshot:
        reads_entry = self.after_loss or not isinstance(event, StripeEvent) or event.delivery.is_replay
        paid_orders = (payment.order_id for payment in self.snapshot.payments.values() if payment.order_id)
        order_id = event.order_id or next(paid_orders, None)
        return replace(
            self.snapshot,
            order_id=order_id,
            is_order_unread=event.order_id != order_id,
            order=self.snapshot.order if event.order_id else None,
            cancel_request=self.snapshot.cancel_request if isinstance(event, CancelRequested) else None,
            operator_request=self._request_of(event),
            products=self._products(Wanted(event).product_ids),
            audited=self.snapshot.audited if reads_entry else None,
            set_aside=self.snapshot.set_aside if reads_entry else None,
            checkout=self.snapshot.checkout if _names_session(event) else None,
            is_checkout_read=_names_session(event),
            was_placed=bool(self.snapshot.audited) if isinstance(event, OrderPlaced) else False,
            deliveries_on_record=None,
            open_orders=None,
            effects=None,
            to_take=None,
            held=None,
        )

    def _request_of(self, event: Cause) -> OperatorRequest | None:
        """The operator's request says what the event says, unless the test gives another."""
        if not isinstance(event, OperatorEvent):
            return None
        return self.snapshot.operator_request or OperatorRequest(event, None, None, "request as read")

    def _after_look(self, look: Look, snapshot: Snapshot) -> Snapshot:
        more: dict[str, Any] = {}
        if look.product_ids:
            more |= known(
                products=self._products(look.product_ids), was_placed=snapshot.was_placed or self.snapshot.was_placed
            )
        if look.audit_entry:
            more |= known(audited=self.snapshot.audited, set_aside=self.snapshot.set_aside)
        if look.order_id:
            more |= known(order=self.snapshot.order, order_id=look.order_id, is_order_unread=False)
        if look.deliveries:
            more |= known(deliveries_on_record=self.snapshot.deliveries_on_record)
        if look.checkout:
            more |= known(checkout=self.snapshot.checkout, is_checkout_read=True)
        if look.effects:
            more |= known(effects=self.snapshot.effects)
        if look.to_take:
            more |= known(to_take=self.snapshot.to_take)
        if look.promised:
            more |= known(held=self.snapshot.held, to_take=self.snapshot.to_take)
        if look.open_orders:
            more |= known(open_orders=self.snapshot.open_orders)
        return replace(snapshot, **more)

    def _products(self, product_ids: Iterable[str]) -> Mapping[str, Product]:
        return {product_id: self.snapshot.products[product_id] for product_id in product_ids}


def _names_session(event: Cause) -> bool:
    """Whether the event itself may concern a session of ours."""
    is_of_session = isinstance(event, OfSession) and event.session_id is not None
    return is_of_session or isinstance(event, CheckoutOpened | CheckoutEnded)


def given(order: Order | None = None, *, terms: Terms = TERMS, after_loss: bool = False, **more: Any) -> Given:
    """An order, ten shirts of which none is held, and whatever else the snapshot should hold."""
    return Given(a_snapshot(order, **more), terms, after_loss)


def changes_by(order: Order, *events: OrderEvent, **more: Any) -> list[Change]:
    """The change that each event makes, one after the other."""
    changes: list[Change] = []
    for event in events:
        changes.append(given(order, **more).changed_by(event))
        order = changes[-1].order
    return changes
