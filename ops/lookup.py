"""Finds what an id is of (payment, event, refund and so on), and which order it leads to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from database.documents.audit_log import audit_path
from database.documents.disputes import dispute_path
from database.documents.effects import effect_path
from database.documents.findings import finding_path
from database.documents.inventory import inventory_path
from database.documents.operator_requests import OF_NO_ORDER, operator_request_path
from database.documents.order_fields import refunds_from
from database.documents.orders import order_path
from database.documents.parked_events import parked_event_from
from database.documents.payments import known_payment_from, payment_path
from database.documents.products import product_path
from database.documents.takings import taking_path
from database.documents.values import text_or_none
from database.documents.webhook_events import claim_path
from database.ids import is_document_id
from database.store import Document
from ops.event_sources import parked_claims
from ops.reading import Found, Query, Reader, Where
from orders.events import ChargeRefunded, RefundUpdated, StripeEvent
from orders.order import OrderStatus
from reconciliation.finding import finding_id_of
from reconciliation.rules import not_compared, paid_only_at_stripe

REFUNDED_ORDERS_MAX: Final = 500
"""A refund is looked for in this many of the latest refunded orders, since no index leads to it."""
REFUNDABLE: Final = [
    str(status)
    for status in (
        OrderStatus.FINALIZED,
        OrderStatus.PARTIALLY_REFUNDED,
        OrderStatus.REFUNDED,
        OrderStatus.REFUND_DUE,
        OrderStatus.REVIEW,
    )
]
PAYMENT_IDS: Final = ("pi_", "ch_", "py_")
REFUND_IDS: Final = ("re_", "pyr_", "refund_", "elsewhere_")


class Kind(StrEnum):
    ORDER = "order"
    PAYMENT = "payment"
    EVENT = "event"
    DISPUTE = "dispute"
    EFFECT = "effect"
    SESSION = "session"
    REFUND = "refund"
    USER = "customer"
    PRODUCT = "product"
    FINDING = "finding"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Lead:
    kind: Kind
    order_id: str | None
    """None if it leads to no order, or to several."""
    found: tuple[Found, ...] = ()
    """The documents with this id."""
    others: tuple["Lead", ...] = ()
    """What else has this id, and does not lead to that order: customers choose the ids of their orders."""


# Tried in this sequence; the first that exists decides.
_PATHS: Final = (
    (Kind.ORDER, order_path),
    (Kind.PAYMENT, payment_path),
    (Kind.EVENT, claim_path),
    (Kind.EVENT, audit_path),
    (Kind.DISPUTE, dispute_path),
    (Kind.EFFECT, effect_path),
    (Kind.FINDING, finding_path),
    (Kind.REQUEST, operator_request_path),
)
_PRODUCT_PATHS: Final = (product_path, inventory_path)


def lead_from(some_id: str, reader: Reader) -> Lead | None:
    """What the id is of; None if nothing is known of it. Raises Transient."""
    if not is_document_id(some_id):
        return None
    at = {path(some_id): kind for kind, path in _PATHS}
    products = [path(some_id) for path in _PRODUCT_PATHS]
    found = reader.read(*at, *products)
    leads = [Lead(kind, _order_of(kind, found[path]), (found[path],)) for path, kind in at.items() if path in found]
    if leads:
        lead = next((lead for lead in leads if lead.order_id), leads[0])
        others = tuple(each for each in leads if each.kind is not lead.kind and each.order_id != lead.order_id)
        return replace(_of_payment(lead, reader) if lead.kind is Kind.PAYMENT else lead, others=others)
    if some_id.startswith(REFUND_IDS):
        return _of_refund(some_id, reader)
    return (
        _of_session(some_id, reader)
        or _of_order_gone(some_id, reader)
        or _of_payment_found(some_id, reader)
        or _of_payment_parked(some_id, reader)
        or _of_user(some_id, reader)
        or _of_product(found, products)
    )


def _order_of(kind: Kind, found: Found) -> str | None:
    match kind:
        case Kind.ORDER:
            return found.id
        case Kind.REQUEST:
            is_of_order = found.fields.get("kind") not in OF_NO_ORDER
            return text_or_none(found.fields.get("target")) if is_of_order else None
        case _:
            return text_or_none(found.fields.get("orderId"))


def _of_payment(lead: Lead, reader: Reader) -> Lead:
    """A payment without an order, with the events still waiting for it; its list also has those marked as handled.

    One that was only declined leads to the order where it was, unless something waits for it.
    """
    (payment,) = lead.found
    known = known_payment_from(Document(payment.fields, None))
    if known.leads_to:
        return lead
    listed = {claim_path(each): each for each in known.waiting}
    claims = reader.read(*listed) if listed else {}
    parked = [
        event_id
        for path, event_id in listed.items()
        if path in claims and claims[path].fields.get("processed") is False
    ]
    if lead.order_id and not parked:
        return lead
    return Lead(Kind.PAYMENT, None, (replace(payment, fields={**payment.fields, "waiting": parked}),))


def _of_refund(refund_id: str, reader: Reader) -> Lead | None:
    latest = Query(
        "orders", (Where("status", "in", REFUNDABLE),), "createdAt", is_descending=True, at_most=REFUNDED_ORDERS_MAX
    )
    orders = (each for each in reader.find(latest) if refund_id in refunds_from(each.fields.get("refunds")).by_id)
    if order := next(orders, None):
        return Lead(Kind.REFUND, order.id)
    return _of_parked(lambda event: _reports(event, refund_id), reader)


def _of_parked(is_about: Callable[[StripeEvent], bool], reader: Reader) -> Lead | None:
    """The event that waits for its order or payment, if one of those is about what is looked for."""
    for claim in parked_claims(reader, None).found:
        event = parked_event_from(claim.id, claim.fields)
        if event and is_about(event):
            return Lead(Kind.EVENT, _order_of(Kind.EVENT, claim), (claim,))
    return None


def _reports(event: StripeEvent, refund_id: str) -> bool:
    return isinstance(event, ChargeRefunded | RefundUpdated) and refund_id in event.refunds.by_id


def _of_session(session_id: str, reader: Reader) -> Lead | None:
    checkouts = reader.find(Query("checkouts", (Where("sessionId", "==", session_id),), at_most=1))
    return Lead(Kind.SESSION, checkouts[0].id) if checkouts else None


def _of_order_gone(order_id: str, reader: Reader) -> Lead | None:
    """An order that does not exist (any more), if something is on record about it."""
    if reader.read(taking_path(order_id)):
        return Lead(Kind.ORDER, order_id)
    parked = reader.find(Query("webhookEvents", (Where("orderId", "==", order_id),), at_most=1))
    entries = parked or reader.find(Query("auditLog", (Where("orderId", "==", order_id),), "createdAt", at_most=1))
    return Lead(Kind.ORDER, order_id) if entries else None


def _of_payment_found(payment_id: str, reader: Reader) -> Lead | None:
    """A payment that is only in a finding: Stripe knows it, and nothing of it was ever settled here."""
    paths = [
        finding_path(finding_id_of(rule.name, payment_id)) for rule in (paid_only_at_stripe.RULE, not_compared.RULE)
    ]
    findings = tuple(reader.read(*paths).values())
    order_id = next((text_or_none(each.fields.get("orderId")) for each in findings), None)
    return Lead(Kind.PAYMENT if order_id else Kind.FINDING, order_id, findings) if findings else None


def _of_payment_parked(payment_id: str, reader: Reader) -> Lead | None:
    """A payment whose order never came: only its parked event knows it."""
    is_one = payment_id.startswith(PAYMENT_IDS)
    return _of_parked(lambda event: payment_id in event.payment_ids, reader) if is_one else None


def _of_user(user_id: str, reader: Reader) -> Lead | None:
    orders = reader.find(Query("orders", (Where("userId", "==", user_id),), "createdAt", is_descending=True))
    return Lead(Kind.USER, orders[0].id if len(orders) == 1 else None, orders) if orders else None


def _of_product(found: Mapping[str, Found], paths: list[str]) -> Lead | None:
    known = tuple(found[path] for path in paths if path in found)
    return Lead(Kind.PRODUCT, None, known) if known else None
