"""An auditor of a shop: judges from the documents alone, and shares no code with what wrote them.

It knows the shop's promises, not its decisions: nothing is sold that was not there, nothing is held that nobody holds,
every unit and every cent has one story, and nothing happened twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Documents = Mapping[str, Mapping[str, Any]]

_TAKEN = {"finalized", "partially_refunded", "refunded", "refund_due"}
_PAID = {"finalized", "review", "refund_due", "refunded", "partially_refunded"}
_LEGAL = {
    "pending": {"reserved", "failed", "cancelled", *_PAID},
    "reserving": {"reserved", "failed", "cancelled", *_PAID},
    "reserved": {"expired", "cancelled", *_PAID} - {"refund_due"},
    "finalized": {"partially_refunded", "refunded"},
    "partially_refunded": {"refunded", "finalized", "refund_due"},
    "refunded": {"finalized", "partially_refunded", "refund_due", "review"},
    "failed": _PAID,
    "expired": _PAID,
    "cancelled": _PAID,
    "refund_due": {"refunded", "finalized", "partially_refunded"},
    "review": {"refunded"},
}
"""Which status may follow which."""


def complaints(documents: Documents, initial_stock: Mapping[str, int]) -> list[str]:
    """All that is wrong in the shop; an empty list if it keeps its promises.

    Args:
        documents: every document, by path.
        initial_stock: units on hand of each product, before anything happened; nothing was held.
    """
    return [
        *_of_stock(documents, initial_stock),
        *_of_orders(documents),
        *_of_claims(documents),
        *_of_notices(documents),
    ]


def _of_stock(documents: Documents, initial_stock: Mapping[str, int]) -> Iterator[str]:
    gone, held = _units_gone(documents), _units_held(documents)
    moved: Counter[tuple[str, str]] = Counter()
    for entry in _in(documents, "auditLog").values():
        for move in entry["stock"]:
            moved[move["productId"], "stock"] += move["stock"]
            moved[move["productId"], "reserved"] += move["reserved"]
    unfinished = any(order["status"] == "reserving" for order in _in(documents, "orders").values())
    for product_id, initial in initial_stock.items():
        level = documents[f"inventory/{product_id}"]
        if level["stock"] != initial - gone[product_id]:
            yield f"{product_id}: {initial} - {gone[product_id]} units gone should leave what stands: {level}"
        if level["reserved"] != held[product_id]:
            yield f"{product_id}: orders hold {held[product_id]}, and this stands: {level}"
        if level["stock"] < 0 or level["reserved"] < 0 or (level["reserved"] > level["stock"] and not unfinished):
            yield f"{product_id}: more is promised than is there: {level}"
        if level["stock"] != initial + moved[product_id, "stock"]:
            yield f"{product_id}: the audit trail tells {moved[product_id, 'stock']:+}, and this stands: {level}"
        if level["reserved"] != moved[product_id, "reserved"] and not unfinished:
            yield f"{product_id}: the audit trail tells {moved[product_id, 'reserved']:+} held: {level}"


def _units_gone(documents: Documents) -> Counter[str]:
    """Units that were sold and have not come back."""
    gone: Counter[str] = Counter()
    for order in _in(documents, "orders").values():
        if order["status"] in _TAKEN and order.get("finalizedAt"):
            gone.update({item["productId"]: item["quantity"] for item in _lines(order)})
            gone.subtract({item["productId"]: item["quantity"] for item in order.get("returned", ())})
    return gone


def _units_held(documents: Documents) -> Counter[str]:
    held: Counter[str] = Counter()
    for order in _in(documents, "orders").values():
        if order["status"] in ("reserving", "reserved") or (order["status"] == "review" and order.get("holdKept")):
            held.update({item["productId"]: item["quantity"] for item in _lines(order)})
    return held


def _lines(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    quantities: Counter[str] = Counter()
    for item in order["items"]:
        quantities[item["productId"]] += item["quantity"]
    yield from ({"productId": product_id, "quantity": quantity} for product_id, quantity in quantities.items())


def _of_orders(documents: Documents) -> Iterator[str]:
    finalizations: Counter[str] = Counter()
    for event_id, entry in _in(documents, "auditLog").items():
        before, after = entry["statusBefore"], entry["statusAfter"]
        if before != after and after not in _LEGAL.get(before, set()):
            yield f"{event_id}: no order goes from {before} to {after}"
        finalizations[entry["orderId"]] += entry["result"] == "first_time_finalized"
    for order_id, order in _in(documents, "orders").items():
        if finalizations[order_id] > 1:
            yield f"{order_id}: finalized {finalizations[order_id]} times"
        received, refunded = order.get("amountReceived") or 0, order.get("amountRefunded") or 0
        if refunded > received:
            yield f"{order_id}: {refunded} refunded of {received} received"
        if (order["status"] == "refunded") != (0 < received <= refunded):
            yield f"{order_id}: {order['status']} with {refunded} refunded of {received}"
        if order["status"] == "finalized" and (refunded or not received):
            yield f"{order_id}: finalized with {refunded} refunded of {received}"
        sold = {line["productId"]: line["quantity"] for line in _lines(order)} if order.get("finalizedAt") else {}
        for item in order.get("returned", ()):
            if not 0 < item["quantity"] <= sold.get(item["productId"], 0):
                yield f"{order_id}: {item} came back, of {sold} sold"


def _of_claims(documents: Documents) -> Iterator[str]:
    entries, claims = _in(documents, "auditLog"), _in(documents, "webhookEvents")
    for event_id, claim in claims.items():
        if claim["processed"] and event_id not in entries:
            yield f"{event_id}: claimed as done, and nobody wrote down what was done"
        if not claim["processed"] and event_id in entries:
            yield f"{event_id}: parked, and yet written down as done"
        if claim["processed"] and claim["result"] != entries[event_id]["result"]:
            yield f"{event_id}: the claim says {claim['result']}, the entry {entries[event_id]['result']}"
    for event_id, entry in entries.items():
        if entry["webhookProcessed"] and event_id not in claims:
            yield f"{event_id}: written down as Stripe's, and never claimed"


def _of_notices(documents: Documents) -> Iterator[str]:
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path, notice in documents.items():
        if not path.startswith("notifications/"):
            continue
        event_id = path.rpartition("/")[2]
        if f"auditLog/{event_id}" not in documents:
            yield f"{path}: told of something that never happened"
        if path.split("/")[1] != "system":
            told[notice["orderId"]][notice["type"]] += 1
    for order_id, counted in told.items():
        yield from (
            f"{order_id}: its customer was told {counted[once]} times that it is {once}"
            for once in ("reserved", "failed", "paid", "expired", "cancelled")
            if counted[once] > 1
        )


def _in(documents: Documents, collection: str) -> dict[str, Mapping[str, Any]]:
    """The documents of a top-level collection, by id."""
    found = ((path.split("/"), fields) for path, fields in documents.items())
    return {parts[1]: fields for parts, fields in found if parts[0] == collection and len(parts) == 2}
