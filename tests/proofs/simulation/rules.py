"""The rules of reconciliation, on a shop in which nothing is wrong, and on what Stripe has of it: none finds anything.

Left out is what Stripe has and no event has ever said, or said of an order that is not there, or is another one by now,
or in an event that a person has handled: that is what these rules are to find.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from database.documents.inventory import level_defect_in, level_from
from database.documents.orders import order_from, units_held
from database.documents.takings import units_in
from database.store import Document
from orders.refunds import RefundStatus
from reconciliation import records
from reconciliation.finding import Subject
from reconciliation.registry import findings_of
from reconciliation.subjects import InventoryRecord, PaymentOnBothSides, ProductRecord, RefundsOnBothSides
from stripe_api.lists import ListedRefund, PaymentIntent
from tests.proofs.simulation.event_oracle import refund_reports_in, reports_of
from tests.proofs.simulation.payments import Payment, Repayment
from tests.proofs.simulation.scenarios import Scenario
from tests.support.builders import NOW, Fields
from tests.support.memory_store import MemoryStore
from tests.support.stock_auditor import Recount

AtStripe = tuple[Scenario, Collection[str]]
"""With the ids of the events that a person has handled: what they say is not known here."""


def findings_in(
    store: MemoryStore, at: datetime, stock: Mapping[str, Recount], at_stripe: Sequence[AtStripe], tally: Counter[str]
) -> list[str]:
    """What the rules find, in words.

    Args:
        stock: what the shop has written last as the stock of each product, and what the trail had moved by then.
        at_stripe: what has really happened around each order that is the one of its id, and what of it was handled.
        tally: counts what is looked at.
    """
    documents = dict(store.as_of(at).documents())
    subjects: list[Subject] = [*_orders(documents, at), *_products(documents, stock)]
    subjects += [*_events(documents), *_effects(documents, at)]
    subjects += (subject for each in at_stripe for subject in _money(documents, *each))
    tally.update(type(subject).__name__ for subject in subjects)
    return [f"{found.rule}: {found.words}" for subject in subjects for found in findings_of(subject)]


def _orders(documents: Mapping[str, Document], at: datetime) -> Iterator[Subject]:
    entries = _in(documents, "auditLog").values()
    for order_id, fields in _in(documents, "orders").items():
        head = records.head_of(order_id, documents)
        yield records.order_record_from(order_from(order_id, fields), head, documents, entries, at)


def _products(documents: Mapping[str, Document], stock: Mapping[str, Recount]) -> Iterator[Subject]:
    moved = records.stock_moves(_in(documents, "auditLog").values())
    held = units_held(_in(documents, "orders").items())
    to_take = units_in(_in(documents, "takings").values())
    for product_id, fields in _in(documents, "inventory").items():
        yield InventoryRecord(product_id, level_defect_in(fields))
        if level := level_from(fields):
            begun = stock[product_id]
            change = moved.get(product_id, 0) - begun.moved
            expected = None if begun.stock is None else begun.stock - begun.to_take + change
            figures = level.reserved, held[product_id], level.stock, expected, to_take[product_id]
            yield ProductRecord(product_id, *figures)


def _events(documents: Mapping[str, Document]) -> Iterator[Subject]:
    for event_id in _in(documents, "webhookEvents"):
        around = {path: documents.get(path) for path in records.paths_of_event(event_id)}
        yield records.event_record_from(event_id, around)


def _effects(documents: Mapping[str, Document], at: datetime) -> Iterator[Subject]:
    for effect_id, fields in _in(documents, "effects").items():
        due_at: Any = fields["nextAttemptAt"]
        if due_at is not None and due_at <= at:
            yield records.effect_record_from(effect_id, fields, at)


def _money(documents: Mapping[str, Document], scenario: Scenario, handled: Collection[str]) -> Iterator[Subject]:
    """Each payment that either side has, and its refunds."""
    (order,) = records.orders_in([scenario.order_id], documents).values()
    known = {scenario.intent_of(payment): payment for payment in scenario.payments if not payment.is_free}
    reported = {each for each, one in known.items() if not one.succeeds or reports_of(scenario, one, handled)}
    own = {each for each in reported if not known[each].is_foreign}
    here = {each.payment_id: each for each in order.payments.succeeded if not each.is_free}
    for payment_id in sorted(own | here.keys()):
        intent = _intent(payment_id, known[payment_id], scenario) if payment_id in own else None
        yield PaymentOnBothSides(payment_id, scenario.order_id, intent, order)
        is_told = payment_id in own and not refund_reports_in(scenario, known[payment_id], handled)
        if is_told and payment_id in here:
            yield RefundsOnBothSides(here[payment_id], order, _refunds(payment_id, known[payment_id]))


def _intent(payment_id: str, payment: Payment, scenario: Scenario) -> PaymentIntent:
    status = "succeeded" if payment.succeeds else "canceled" if payment.is_canceled else "requires_payment_method"
    received = payment.amount if payment.succeeds else 0
    return PaymentIntent(payment_id, status, received, "eur", NOW, {"orderId": scenario.order_id})


def _refunds(payment_id: str, payment: Payment) -> Sequence[ListedRefund]:
    return [
        ListedRefund(f"{payment_id}_{refund.number}", _status_of(refund), refund.amount, payment_id, NOW)
        for refund in payment.refunds
    ]


def _status_of(refund: Repayment) -> RefundStatus:
    if refund.fails:
        return RefundStatus.FAILED
    return RefundStatus.PENDING if refund.is_stuck else RefundStatus.SUCCEEDED


def _in(documents: Mapping[str, Document], collection: str) -> dict[str, Fields]:
    """By id."""
    paths = ((path.split("/"), document) for path, document in documents.items())
    return {parts[1]: dict(document.fields) for parts, document in paths if parts[0] == collection and len(parts) == 2}
