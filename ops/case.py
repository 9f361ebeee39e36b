"""Gathers all that is on record about one order, in a bounded number of reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit.links import is_overwritten, left_in
from database.documents.audit_heads import head_from
from database.documents.checkouts import checkout_path, known_checkout_from
from database.documents.disputes import dispute_from
from database.documents.effects import effect_from
from database.documents.findings import HANDLED, OPEN
from database.documents.inventory import inventory_path
from database.documents.notifications import notice_path
from database.documents.operator_requests import OF_NO_ORDER
from database.documents.orders import WENT_UNCOUNTED, order_from, order_path
from database.documents.products import product_from, product_path
from database.documents.takings import taking_path, units_to_take_from
from database.documents.values import money_or_none, text_or_none, time_or_none
from database.store import Document
from effects.effect import EffectState, StoredEffect
from inventory.reservation import Product
from notifications.notices import Audience
from ops.reading import Found, Query, Reader, Where
from ops.timeline import Happening, of_delivery, of_effect, of_entry, of_handled_finding, of_notice, of_parked
from orders.checkout import Checkout
from orders.disputes import Dispute
from orders.money import Money
from orders.order import Order, OrderStatus

HAPPENINGS_MAX: Final = 300
"""Of each kind of which an order may have many."""
NOTIFIED_MAX: Final = 100
"""Notices are looked up for this many of its latest causes."""
OTHERS_MAX: Final = 50
SWEPT: Final = "within minutes, unless it is older than six hours: then ask again"
"""How long the sweep answers a request whose trigger was lost."""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    event_id: str
    event_type: str
    result: str
    reason: str | None
    money: Money | None
    since: datetime
    payment_id: str | None
    """Its PaymentIntent, or else its charge; None if neither is known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A reconciliation finding that is still open."""

    finding_id: str
    rule: str
    found: str
    since: datetime
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """An operator's request that is not answered yet."""

    request_id: str
    kind: str
    operator: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    stored: StoredEffect
    error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UnreadableEffect:
    """A document in the outbox that this release cannot perform, so it is not performed."""

    effect_id: str
    kind: str
    recipient: str
    state: str


@dataclass(frozen=True, slots=True)
class Case:
    order_id: str
    order: Order | None
    """None if there is no such order (any more)."""
    overwritten: OrderStatus | None
    """The status in which its last audit entry left it, if somebody has written another over it since."""
    products: Mapping[str, Product]
    """The order's products."""
    went_uncounted: bool
    """Whether units of it moved while their product had no inventory document."""
    checkout: Checkout | None
    taking: Mapping[str, int]
    """Units sold and not taken from the inventory yet."""
    is_taking_unreadable: bool
    timeline: tuple[Happening, ...]
    """The earliest first."""
    parked: tuple[ParkedEvent, ...]
    disputes: tuple[Dispute, ...]
    effects: tuple[Effect, ...]
    unreadable_effects: tuple[UnreadableEffect, ...]
    findings: tuple[Finding, ...]
    requests: tuple[Request, ...]
    cut: tuple[str, ...]
    """Lists that may have more entries than were read."""


def case_of(order_id: str, reader: Reader) -> Case:
    """Raises Transient."""
    queries = _queries_of(order_id)
    listed = {name: reader.find(query) for name, query in queries.items()}
    paths = order_path(order_id), checkout_path(order_id), taking_path(order_id)
    found, checkout, taking = map(reader.read(*paths).get, paths)
    order = order_from(order_id, found.fields) if found else None
    units = units_to_take_from(taking.fields) if taking else None
    known = known_checkout_from(_document(checkout)) if checkout else None
    return Case(
        order_id=order_id,
        order=order,
        overwritten=_overwritten(found, listed["audit entries"]) if found else None,
        products=_products_of(order, reader) if order else {},
        went_uncounted=found is not None and found.fields.get(WENT_UNCOUNTED) is True,
        checkout=known.checkout if known else None,
        taking=units or {},
        is_taking_unreadable=taking is not None and units is None,
        timeline=_timeline_of(listed, _notices_of(listed["audit entries"], order, reader)),
        parked=tuple(map(parked_event_in, listed["parked events"])),
        disputes=tuple(filter(None, (dispute_from(each.id, each.fields) for each in listed["disputes"]))),
        effects=tuple(_effects_in(listed["effects"])),
        unreadable_effects=tuple(filter(None, map(unreadable_effect_in, listed["effects"]))),
        findings=tuple(finding_in(each) for each in listed["findings"] if each.fields.get("state") == OPEN),
        requests=tuple(filter(None, map(unanswered_in, listed["operators' requests"]))),
        cut=tuple(name for name, query in queries.items() if len(listed[name]) == query.at_most),
    )


def _overwritten(order: Found, entries: Iterable[Found]) -> OrderStatus | None:
    head = head_from(order.fields)
    last = next((each for each in entries if head and each.fields.get("hash") == head.hash), None)
    left = left_in(last.fields) if last else None
    return OrderStatus(left) if left and is_overwritten(text_or_none(order.fields.get("status")), left) else None


def _queries_of(order_id: str) -> Mapping[str, Query]:
    """The queries for lists of an order's records, by their names in `cut`."""
    of_order = (Where("orderId", "==", order_id),)
    return {
        "audit entries": Query("auditLog", of_order, "createdAt", at_most=HAPPENINGS_MAX),
        "deliveries": Query("deliveries", of_order, "createdAt", at_most=HAPPENINGS_MAX, is_group=True),
        "parked events": Query("webhookEvents", (*of_order, Where("processed", "==", False)), at_most=OTHERS_MAX),
        "disputes": Query("disputes", of_order, at_most=OTHERS_MAX),
        "effects": Query("effects", of_order, "createdAt", at_most=HAPPENINGS_MAX),
        "operators' requests": Query("operatorRequests", (Where("target", "==", order_id),), at_most=OTHERS_MAX),
        "findings": Query("findings", of_order, at_most=OTHERS_MAX),
    }


def _timeline_of(listed: Mapping[str, Sequence[Found]], notices: Iterable[Found]) -> tuple[Happening, ...]:
    """Sorted by when documents were committed, since the clocks of two machines differ."""
    happenings = [
        (each, happening_in(each))
        for documents, happening_in in (
            (listed["audit entries"], of_entry),
            (listed["deliveries"], of_delivery),
            (listed["parked events"], of_parked),
            (notices, of_notice),
            (listed["effects"], of_effect),
            ([each for each in listed["findings"] if each.fields.get("state") == HANDLED], of_handled_finding),
        )
        for each in documents
    ]
    return tuple(happening for _, happening in sorted(happenings, key=lambda pair: pair[0].created_at))


def parked_event_in(found: Found) -> ParkedEvent:
    fields, kept = found.fields, found.fields.get("event")
    event = kept if isinstance(kept, Mapping) else {}
    return ParkedEvent(
        found.id,
        str(fields.get("eventType")),
        str(fields.get("result")),
        text_or_none(fields.get("reason")),
        money_or_none(event.get("amount"), event.get("currency")),
        time_or_none(fields.get("parkedAt")) or found.created_at,
        text_or_none(event.get("paymentIntentId")) or text_or_none(event.get("chargeId")),
    )


def finding_in(found: Found) -> Finding:
    fields = found.fields
    since = time_or_none(fields.get("since")) or found.created_at
    return Finding(
        found.id, str(fields.get("rule")), str(fields.get("found")), since, text_or_none(fields.get("remedy"))
    )


def unanswered_in(found: Found) -> Request | None:
    """None if it is answered, or if it concerns something else with an id like an order's."""
    fields = found.fields
    if fields.get("settledAt") is not None or fields.get("kind") in OF_NO_ORDER:
        return None
    since = time_or_none(fields.get("createdAt")) or found.created_at
    return Request(found.id, str(fields.get("kind")), str(fields.get("operator")), str(fields.get("reason")), since)


def _effects_in(documents: Iterable[Found]) -> Iterable[Effect]:
    for each in documents:
        if stored := effect_from(each.id, _document(each)):
            yield Effect(stored, text_or_none(each.fields.get("error")), each.created_at)


def unreadable_effect_in(found: Found) -> UnreadableEffect | None:
    """None if it is readable, or done."""
    fields = found.fields
    if effect_from(found.id, _document(found)) or fields.get("state") == EffectState.SUCCESS:
        return None
    kind, recipient, state = (str(fields.get(name)) for name in ("kind", "recipient", "state"))
    return UnreadableEffect(found.id, kind, recipient, state)


def _notices_of(entries: tuple[Found, ...], order: Order | None, reader: Reader) -> list[Found]:
    latest = entries[-NOTIFIED_MAX:]
    audiences = [(Audience.OPERATOR, None), *([(Audience.CUSTOMER, order.user_id)] if order and order.user_id else [])]
    paths = [notice_path(audience, user_id, entry.id) for entry in latest for audience, user_id in audiences]
    return list(reader.read(*paths).values()) if paths else []


def _products_of(order: Order, reader: Reader) -> Mapping[str, Product]:
    paths = [path(product_id) for product_id in order.product_ids for path in (inventory_path, product_path)]
    found = reader.read(*paths) if paths else {}
    fields = {path: document.fields for path, document in found.items()}
    return {
        product_id: product_from(
            product_id, fields.get(inventory_path(product_id)), fields.get(product_path(product_id))
        )
        for product_id in order.product_ids
    }


def _document(found: Found) -> Document:
    return Document(found.fields, None)
