"""Turns documents of one moment into the subjects that rules judge. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from audit.chain import Head
from database.documents.audit_heads import head_from
from database.documents.audit_log import audit_path, set_aside_from
from database.documents.checkouts import checkout_path, known_checkout_from
from database.documents.effects import UNFINISHED
from database.documents.orders import order_from, order_path
from database.documents.payments import known_payment_from, payment_path
from database.documents.takings import units_to_take_from
from database.documents.values import text_or_none, time_or_none
from database.documents.webhook_events import claim_path
from database.store import Document, Fields, Listing
from orders.numbers import whole_number
from orders.order import Order, OrderStatus
from orders.outcome import Result
from reconciliation.subjects import EffectRecord, EventRecord, OrderRecord, TakingRecord

Documents = Mapping[str, Document | None]

ORDERS_AT_ONCE_MAX: Final = 30
"""The most values in one query: https://cloud.google.com/firestore/docs/query-data/queries#limits_on_or_queries."""

_BEGUN_WITHIN: Final = timedelta(minutes=1)
"""How much older an entry may be than its order: settling took a while, or two clocks differ."""

INVENTORY: Final = Listing("inventory")


def entries_between(start: datetime | None, end: datetime) -> Listing:
    """The audit entries of this time. Served by the index (createdAt, orderId)."""
    return Listing("auditLog", span=(start, end), order=["createdAt", "orderId"])


def entries_of(order_ids: Sequence[str]) -> Listing:
    """The audit entries of at most ORDERS_AT_ONCE_MAX orders. Served by the index (orderId, createdAt)."""
    return Listing("auditLog", {"orderId": order_ids}, order=["createdAt"])


def parked_between(start: datetime, end: datetime) -> Listing:
    """Served by the index (processed, parkedAt)."""
    return Listing("webhookEvents", {"processed": [False]}, (start, end), order=["parkedAt"])


def effects_due_before(moment: datetime) -> Listing:
    """Served by the index (state, nextAttemptAt)."""
    return Listing("effects", {"state": UNFINISHED}, (None, moment), order=["nextAttemptAt"])


# --- Events ----------------------------------------------------------------------------------------------------------


def paths_of_event(event_id: str) -> tuple[str, str]:
    return audit_path(event_id), claim_path(event_id)


def event_record_from(event_id: str, documents: Documents) -> EventRecord:
    entry, claim = (documents[path] for path in paths_of_event(event_id))
    fields: Fields = claim.fields if claim else {}
    return EventRecord(
        event_id,
        text_or_none(fields.get("orderId")),
        is_claimed=fields.get("processed") is True,
        has_entry=entry is not None,
    )


def is_settled(event_id: str, documents: Documents) -> bool:
    """Whether an audit entry says more than that the terms excluded the event; a person setting it aside counts."""
    entry = documents[audit_path(event_id)]
    set_aside = set_aside_from(entry)
    return entry is not None and (set_aside is None or set_aside.result is Result.HANDLED)


# --- Orders ----------------------------------------------------------------------------------------------------------


def orders_in(order_ids: Iterable[str], documents: Documents) -> dict[str, Order]:
    """The existing orders, by id."""
    found = ((order_id, documents[order_path(order_id)]) for order_id in order_ids)
    return {order_id: order_from(order_id, document.fields) for order_id, document in found if document}


def changed_at(order_id: str, documents: Documents) -> datetime | None:
    document = documents[order_path(order_id)]
    return time_or_none(document.fields.get("updatedAt")) if document else None


def paths_around(order: Order) -> tuple[str, ...]:
    """The paths of the order's other records."""
    return checkout_path(order.order_id), *map(payment_path, _payment_ids(order))


def order_record_from(
    order: Order, head: Head | None, around: Documents, entries: Iterable[Fields], now: datetime
) -> OrderRecord:
    """An order with its records.

    Args:
        head: the end of its chain of entries.
        entries: including its own, and perhaps those of earlier orders with this id.
    """
    own = _own(entries, order, head)
    checkout = around.get(checkout_path(order.order_id))
    known = known_checkout_from(checkout) if checkout else None
    indexed = {payment_id: around.get(payment_path(payment_id)) for payment_id in _payment_ids(order)}
    return OrderRecord(
        order=order,
        now=now,
        stock_moved=stock_moves(own),
        uncounted=frozenset(_products_in(own, "uncounted")),
        indexed={key: known_payment_from(document).order_id if document else None for key, document in indexed.items()},
        checkout=known.checkout if known else None,
    )


def head_of(order_id: str, documents: Documents) -> Head | None:
    document = documents[order_path(order_id)]
    return head_from(document.fields) if document else None


def are_all_entries(entries: Iterable[Fields], head: Head | None) -> bool:
    """Whether these, of one order id, are all entries of its order: the whole chain, from when the order was pending.

    Entries from before chains were introduced had then moved no units.
    """
    chain = _chain(entries, head)
    return head is not None and len(chain) == head.count and chain[-1].get("statusBefore") == OrderStatus.PENDING


def stock_moves(entries: Iterable[Fields]) -> dict[str, int]:
    """The total change of `stock` by product id; only products with a change."""
    moved: Counter[str] = Counter()
    for entry in entries:
        for move in _maps_in(entry, "stock"):
            if product_id := text_or_none(move.get("productId")):
                moved[product_id] += whole_number(move.get("stock")) or 0
    return {product_id: units for product_id, units in moved.items() if units}


def payments_elsewhere(entries: Iterable[Fields]) -> frozenset[str]:
    """PaymentIntents whose events name an account."""
    named = (text_or_none(entry.get("paymentIntentId")) for entry in entries if entry.get("account"))
    return frozenset(filter(None, named))


def order_id_of(entry: Fields) -> str | None:
    return text_or_none(entry.get("orderId"))


def made_at(entry: Fields, unknown: datetime) -> datetime:
    """When settling its cause began; `unknown` if the entry does not say."""
    return time_or_none(entry.get("createdAt")) or unknown


def _own(entries: Iterable[Fields], order: Order, head: Head | None) -> Sequence[Fields]:
    """The entries in its chain, and those from before chains were introduced, by their time."""
    of_this_id = [entry for entry in entries if order_id_of(entry) == order.order_id]
    unchained = (entry for entry in of_this_id if "hash" not in entry and not _is_earlier(entry, order))
    return [*unchained, *_chain(of_this_id, head)]


def _chain(entries: Iterable[Fields], head: Head | None) -> list[Fields]:
    """The chain back from its head, as far as these entries go."""
    by_hash = {entry["hash"]: entry for entry in entries if "hash" in entry}
    chain: list[Fields] = []
    expected: object = head.hash if head else None
    while (entry := by_hash.pop(expected, None)) is not None:
        chain.append(entry)
        expected = entry.get("previousHash")
    return chain


def _is_earlier(entry: Fields, order: Order) -> bool:
    """An entry has the time when settling its cause began, perhaps just before the order existed."""
    made_at = time_or_none(entry.get("createdAt"))
    return order.created_at is not None and made_at is not None and made_at < order.created_at - _BEGUN_WITHIN


def _payment_ids(order: Order) -> tuple[str, ...]:
    paid = (payment for payment in order.payments.succeeded if not payment.is_free)
    return tuple(dict.fromkeys(each for known in paid for each in (known.payment_id, known.charge_id) if each))


def _products_in(entries: Iterable[Fields], name: str) -> Iterable[str]:
    return (str(line.get("productId")) for entry in entries for line in _maps_in(entry, name))


def _maps_in(entry: Fields, name: str) -> Iterable[Fields]:
    value = entry.get(name)
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


# --- Products and effects --------------------------------------------------------------------------------------------


def taking_record_from(order_id: str, fields: Fields, order: Order | None, now: datetime) -> TakingRecord:
    return TakingRecord(order_id, units_to_take_from(fields), order.finalized_at if order else None, now)


def effect_record_from(effect_id: str, fields: Fields, now: datetime) -> EffectRecord:
    due_at = time_or_none(fields.get("nextAttemptAt")) or now
    return EffectRecord(effect_id, str(fields.get("kind")), text_or_none(fields.get("orderId")), due_at, now)
