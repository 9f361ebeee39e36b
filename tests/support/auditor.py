"""An auditor of a shop: judges from the documents alone, and shares no code with what wrote them.

It knows the shop's promises, not its decisions: nothing is sold that was not there, nothing is held that nobody holds,
every unit and every cent is accounted for, and nothing happened twice.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tests.support.chain_auditor import broken_anchors, broken_chains

Fields = Mapping[str, Any]
Documents = Mapping[str, Fields]
Shelves = Mapping[str, Mapping[str, Fields]]
"""The documents of each top-level collection, by id; further deliveries and notices by their whole path."""


class Recount(NamedTuple):
    """What the shop itself wrote as the stock of a product, over whatever had been there."""

    stock: int | None
    """None if it is never short from then on."""
    gone: int = 0
    """Units that orders had taken by then, and not brought back."""
    moved: int = 0
    """By how much the audit trail says that its stock had changed by then."""
    added: int = 0
    """How much of that was operators' correction."""
    to_take: int = 0
    """Units of paid orders that were still to be taken then."""


Recounts = Mapping[str, Recount]
"""The latest of each product that has any."""

_NOTHING: Documents = {}
_NEVER: Recounts = {}
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
    "review": {"refunded", "finalized", "partially_refunded", "refund_due"},
}
"""Which status may follow which."""
_OVER = {"SUCCESS", "ERROR"}
_DECIDED = {"warning_closed", "won", "lost", "prevented", "charge_refunded"}


def complaints(
    documents: Documents,
    initial_stock: Mapping[str, int | None],
    *,
    claims_kept_since: datetime | None = None,
    deleted: Documents = _NOTHING,
    recounts: Recounts = _NEVER,
) -> list[str]:
    """All that is wrong in the shop, between any two commits; an empty list if it keeps its promises.

    Args:
        documents: every document, by path.
        initial_stock: units on hand of each product, before anything happened; nothing was held. None if it is never
            short.
        claims_kept_since: events that were settled before may have lost their claims, which live only for so long.
        deleted: orders, by the ids that others have now; they were deleted when they held nothing.
        recounts: what the shop has written over the stock since, by product.
    """
    shelves = _shelved(documents)
    return [
        *_of_levels(shelves, _counts(initial_stock, recounts), deleted),
        *_of_trail(shelves, _counts(initial_stock, recounts)),
        *_of_uncounted_orders(shelves, initial_stock, recounts),
        *_of_takings(shelves, deleted),
        *_of_orders(shelves, deleted),
        *broken_chains(_generations(shelves, deleted), shelves["auditLog"], shelves["chains"]),
        *broken_anchors(shelves["anchors"], shelves["auditLog"]),
        *_of_disputes(shelves, deleted),
        *_of_claims(shelves, claims_kept_since),
        *_of_deliveries(shelves),
        *_of_notices(shelves, deleted),
        *_of_effects(shelves),
        *_of_expiry(shelves),
    ]


def imbalances(
    documents: Documents,
    initial_stock: Mapping[str, int | None],
    deleted: Documents = _NOTHING,
    recounts: Recounts = _NEVER,
) -> list[str]:
    """What is wrong with the figures of the inventory, judged from it and the orders alone."""
    shelves = _shelved(documents)
    return [*_of_levels(shelves, _counts(initial_stock, recounts), deleted), *_of_takings(shelves, deleted)]


def recount_of(product_id: str, stock: int | None, documents: Documents, deleted: Documents = _NOTHING) -> Recount:
    """What the shop writes now as the stock of a product."""
    shelves = _shelved(documents)
    gone = _units_gone([*shelves["orders"].values(), *deleted.values()])
    return Recount(
        stock,
        gone[product_id],
        _units_moved(shelves)[product_id, "stock"],
        _units_added(shelves)[product_id],
        _units_to_take(shelves)[product_id],
    )


def leftovers(documents: Documents) -> list[str]:
    """What nobody has finished, although every event was delivered, and whatever was begun has ended."""
    shelves = _shelved(documents)
    untaken = (f"{order_id}: still to be taken" for order_id in shelves["takings"])
    return [*_unplaced(shelves["orders"]), *_waiting_for_nothing(shelves), *untaken]


def unperformed(documents: Iterable[tuple[str, Fields]]) -> list[str]:
    """What is still to be done outside."""
    effects = ((path, fields) for path, fields in documents if path.startswith("effects/"))
    return [path for path, fields in effects if fields["state"] not in _OVER]


def _shelved(documents: Documents) -> Shelves:
    shelves: defaultdict[str, dict[str, Fields]] = defaultdict(dict)
    for path, fields in documents.items():
        collection, _, document_id = path.partition("/")
        if "/" not in document_id:
            shelves[collection][document_id] = fields
        else:
            shelves["deliveries" if collection == "auditLog" else collection][path] = fields
    return shelves


# --- Stock -----------------------------------------------------------------------------------------------------------


def _counts(initial_stock: Mapping[str, int | None], recounts: Recounts) -> Recounts:
    return {product_id: Recount(stock) for product_id, stock in initial_stock.items()} | dict(recounts)


def _of_levels(shelves: Shelves, counts: Recounts, deleted: Documents) -> Iterator[str]:
    orders = [*shelves["orders"].values(), *deleted.values()]
    gone, held, added, to_take = (
        _units_gone(orders),
        _units_held(orders),
        _units_added(shelves),
        _units_to_take(shelves),
    )
    unfinished = any(order["status"] == "reserving" for order in orders)
    for product_id, count in counts.items():
        if (level := shelves["inventory"].get(product_id)) is None:
            # Somebody has deleted it, and with it all that was counted.
            continue
        if level["reserved"] != held[product_id] + to_take[product_id]:
            yield (
                f"{product_id}: orders hold {held[product_id]}, {to_take[product_id]} are still to be taken, and the "
                f"inventory says {level}"
            )
        if count.stock is None or level["stock"] is None:
            if level["stock"] is not count.stock:
                yield f"{product_id}: the shop wrote {count.stock} as its stock, and the inventory says {level}"
            continue
        units_gone, backorder = gone[product_id] - count.gone, level.get("backorder", 0)
        units_gone -= added[product_id] - count.added + to_take[product_id] - count.to_take
        if level["stock"] != count.stock - units_gone:
            yield f"{product_id}: {count.stock} - {units_gone} units gone is not what is there: {level}"
        is_oversold = level["stock"] < -backorder or (level["reserved"] > level["stock"] + backorder and not unfinished)
        if is_oversold or level["reserved"] < 0:
            yield f"{product_id}: more is promised than is there, or may be backordered: {level}"


def _of_trail(shelves: Shelves, counts: Recounts) -> Iterator[str]:
    moved, to_take = _units_moved(shelves), _units_to_take(shelves)
    unfinished = any(order["status"] == "reserving" for order in shelves["orders"].values())
    for product_id, count in counts.items():
        if (level := shelves["inventory"].get(product_id)) is None:
            continue
        change = moved[product_id, "stock"] - count.moved
        change += to_take[product_id] - count.to_take
        if (change != 0) if count.stock is None else (level["stock"] != count.stock + change):
            yield f"{product_id}: the audit trail says {change:+}, the inventory {level}"
        if level["reserved"] != moved[product_id, "reserved"] + to_take[product_id] and not unfinished:
            yield f"{product_id}: the audit trail says {moved[product_id, 'reserved']:+} held, the inventory {level}"


def _of_uncounted_orders(
    shelves: Shelves, initial_stock: Mapping[str, int | None], recounts: Recounts
) -> Iterator[str]:
    always_counted = {product_id for product_id, stock in initial_stock.items() if stock is not None} - recounts.keys()
    for order_id, order in shelves["orders"].items():
        if wrongly := always_counted & set(order.get("unlimited", ())):
            yield f"{order_id}: ordered as if there were no end of {wrongly}"


def _of_takings(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    """Only a paid order has one, of what was hot when it was held, to the unit."""
    for order_id, orders in _generations(shelves, deleted).items():
        taking = shelves["takings"].get(order_id)
        if taking and not any(_is_taking_of(order, taking) for order in orders):
            yield f"{order_id}: {taking} is still to be taken for {orders}"
    if ownerless := shelves["takings"].keys() - shelves["orders"].keys() - deleted.keys():
        yield f"{sorted(ownerless)}: still to be taken, and there is no such order"


def _is_taking_of(order: Fields, taking: Fields) -> bool:
    """What is left out is on record as uncounted: by then its product had no figures."""
    hot, units = _hot_units_of(order), taking["units"]
    is_whole = hot.keys() == units.keys() or order.get("wentUncounted")
    return bool(order.get("finalizedAt") and is_whole and units and units.items() <= hot.items())


def _units_to_take(shelves: Shelves) -> Counter[str]:
    """What was sold of each product, and is still counted as reserved."""
    return sum((Counter(taking["units"]) for taking in shelves["takings"].values()), Counter[str]())


def _hot_units_of(order: Fields) -> Mapping[str, int]:
    return {p: units for p, units in _counted_units_of(order).items() if p in order.get("takenLater", ())}


def _units_moved(shelves: Shelves) -> Counter[tuple[str, str]]:
    """What the audit trail says, by product and figure."""
    moved: Counter[tuple[str, str]] = Counter()
    for entry in shelves["auditLog"].values():
        for move in entry["stock"]:
            moved[move["productId"], "stock"] += move["stock"]
            moved[move["productId"], "reserved"] += move["reserved"]
    return moved


def _units_added(shelves: Shelves) -> Counter[str]:
    """What operators have put on the shelves, or taken away, by product."""
    added: Counter[str] = Counter()
    for entry in shelves["auditLog"].values():
        if entry["kind"] == "operator_adjusted_stock":
            added.update({move["productId"]: move["stock"] for move in entry["stock"]})
    return added


def _units_gone(orders: Iterable[Fields]) -> Counter[str]:
    """Units that were taken from stock and have not come back."""
    gone: Counter[str] = Counter()
    for order in orders:
        if order["status"] in _TAKEN and order.get("finalizedAt"):
            gone.update(_counted_units_of(order))
            gone.subtract(_units_of(order.get("returned", ())))
    return gone


def _units_held(orders: Iterable[Fields]) -> Counter[str]:
    held: Counter[str] = Counter()
    for order in orders:
        if order["status"] in ("reserving", "reserved") or (order["status"] == "review" and order.get("holdKept")):
            held.update(_counted_units_of(order))
    return held


def _counted_units_of(order: Fields) -> Counter[str]:
    """All but those of products that were never short when they were held."""
    units, unlimited = _units_of(order["items"]), order.get("unlimited", ())
    return Counter({product_id: quantity for product_id, quantity in units.items() if product_id not in unlimited})


def _units_of(items: Iterable[Fields]) -> Counter[str]:
    quantities: Counter[str] = Counter()
    for item in items:
        quantities[item["productId"]] += item["quantity"]
    return quantities


# --- Orders ----------------------------------------------------------------------------------------------------------


def _of_orders(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    finalizations: Counter[str] = Counter()
    ways: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for event_id, entry in shelves["auditLog"].items():
        before, after = entry["statusBefore"], entry["statusAfter"]
        if before != after:
            ways[entry["orderId"]].append((before, after))
            # While its units are counted, an order counts as pending, and an operator may end that.
            is_released = (entry["kind"], before, after) == ("operator_released", "pending", "expired")
            if after not in _LEGAL.get(before, set()) and not is_released:
                yield f"{event_id}: no order goes from {before} to {after}"
        finalizations[entry["orderId"]] += entry["result"] == "first_time_finalized"
    for order_id, order in shelves["orders"].items():
        earlier = [deleted[order_id]] if order_id in deleted else []
        if finalizations[order_id] > 1 + len(earlier):
            yield f"{order_id}: finalized {finalizations[order_id]} times"
        yield from _of_money(order_id, order, shelves)
        yield from _of_ways(order_id, [order, *earlier], ways[order_id])
        sold = _counted_units_of(order) if order.get("finalizedAt") else Counter()
        for item in order.get("returned", ()):
            if not 0 < item["quantity"] <= sold[item["productId"]]:
                yield f"{order_id}: {item} came back, of {dict(sold)} taken"
        lapsed = shelves["auditLog"].get(f"lapsed_{order_id}")
        # Whatever became of it afterwards, its time is still the same.
        if (
            lapsed
            and lapsed["statusAfter"] == "expired"
            and not earlier
            and lapsed["createdAt"] < order["reservationExpiresAt"]
        ):
            yield f"{order_id}: expired at {lapsed['createdAt']}, before {order['reservationExpiresAt']}"


def _of_money(order_id: str, order: Fields, shelves: Shelves) -> Iterator[str]:
    received, refunded = order.get("amountReceived") or 0, order.get("amountRefunded") or 0
    is_told_in_part, is_full = _has_handled_refunds(order, shelves), 0 < received <= refunded
    if refunded > received and not is_told_in_part:
        yield f"{order_id}: {refunded} refunded of {received} received"
    # What seems to be too much of one payment is not refunded of another.
    may_be_owed = is_told_in_part and len(order.get("payments", ())) > 1
    if (order["status"] == "refunded") != is_full and not (is_full and may_be_owed):
        yield f"{order_id}: {order['status']} with {refunded} refunded of {received}"
    is_accepted = shelves["auditLog"].get(order.get("webhookEventId") or "", {}).get("result") == "accepted"
    if order["status"] == "finalized" and (refunded or (order.get("amountReceived") is None and not is_accepted)):
        yield f"{order_id}: finalized with {refunded} refunded of {order.get('amountReceived')}"
    if order["status"] == "cancelled" and received:
        yield f"{order_id}: cancelled, and {received} were received"
    for payment_id in (order.get("paymentIntentId"), order.get("chargeId")):
        if payment_id and not shelves["payments"].get(payment_id, {}).get("orderId"):
            yield f"{order_id}: paid by {payment_id}, and its refunds would not find the order"


def _has_handled_refunds(order: Fields, shelves: Shelves) -> bool:
    """Whether a person has set aside what else was reported of its refunds, such as that one has failed."""
    said = ((entry["kind"], entry["paymentIntentId"]) for entry in _handled_in(shelves))
    return any(kind == "refund_updated" and payment in order.get("payments", ()) for kind, payment in said)


def _handled_in(shelves: Shelves) -> Iterator[Fields]:
    """Of events alone: what a person did to anything else is in a chain."""
    entries = shelves["auditLog"].values()
    return (entry for entry in entries if entry["result"] == "handled" and "hash" not in entry)


def _of_ways(order_id: str, orders: Sequence[Fields], ways: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The changes of status in the trail are one way for each order, from where it began to where it is."""
    balance: Counter[str] = Counter()
    for order in orders:
        is_counted = order["status"] == "reserving"
        balance[(order.get("heldFrom") or "pending") if is_counted else order["status"]] += 1
    for before, after in ways:
        balance[before] += 1
        balance[after] -= 1
    begun = [times for times in balance.values() if times]
    if begun != [len(orders)]:
        yield f"{order_id}: no way through {ways} ends with {[order['status'] for order in orders]}"


def _generations(shelves: Shelves, deleted: Documents) -> Mapping[str, Sequence[Fields]]:
    """All orders that had an id, by it: the one that has it now first."""
    orders = shelves["orders"]
    ids = orders.keys() | deleted.keys()
    return {order_id: [shelf[order_id] for shelf in (orders, deleted) if order_id in shelf] for order_id in ids}


def _of_disputes(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    """An order says whether it is disputed, and nothing more: its customer can read it."""
    still_open = Counter(
        dispute["orderId"] for dispute in shelves["disputes"].values() if dispute["status"] not in _DECIDED
    )
    for order_id, order in shelves["orders"].items():
        said = order.get("disputed", False), order.get("openDisputes", 0)
        if order_id not in deleted and said != (still_open[order_id] > 0, still_open[order_id]):
            yield f"{order_id}: {still_open[order_id]} disputes are open, and it says {said}"
        if "dispute" in order:
            yield f"{order_id}: its customer can read what is disputed"


# --- Events ----------------------------------------------------------------------------------------------------------


def _of_claims(shelves: Shelves, kept_since: datetime | None) -> Iterator[str]:
    entries, claims = shelves["auditLog"], shelves["webhookEvents"]
    for event_id, claim in claims.items():
        entry = entries.get(event_id)
        if claim["processed"] and entry is None:
            yield f"{event_id}: claimed as done, and nobody wrote down what was done"
        # What was only set aside is not done: it may have come again, and wait like any other.
        if not claim["processed"] and entry and entry["webhookProcessed"]:
            yield f"{event_id}: parked, and yet written down as done"
        if not claim["processed"] and not claim["reason"]:
            yield f"{event_id}: parked, and nobody says why"
        restored = {"duplicate_detected"} if entry and entry["webhookProcessed"] else set()
        if claim["processed"] and entry and claim["result"] not in {entry["result"], *restored}:
            yield f"{event_id}: the claim says {claim['result']}, the entry {entry['result']}"
    for event_id, entry in entries.items():
        may_have_expired = kept_since and entry["createdAt"] < kept_since
        if entry["webhookProcessed"] and event_id not in claims and not may_have_expired:
            yield f"{event_id}: written down as Stripe's, and never claimed"


def _of_deliveries(shelves: Shelves) -> Iterator[str]:
    """A claim counts deliveries; all but the first have a record, under their numbers, without gaps."""
    recorded: defaultdict[str, set[str]] = defaultdict(set)
    for path in shelves["deliveries"]:
        _, event_id, _, number = path.split("/")
        recorded[event_id].add(number)
    for event_id, claim in shelves["webhookEvents"].items():
        if recorded[event_id] != set(map(str, range(2, claim["deliveries"] + 1))):
            yield f"{event_id}: {claim['deliveries']} deliveries, and records of {sorted(recorded[event_id])}"


def _of_notices(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    notified: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path, notice in shelves["notifications"].items():
        _, recipient, _, event_id = path.split("/")
        if event_id not in shelves["auditLog"] and effect_given_up(event_id) not in shelves["effects"]:
            yield f"{path}: a notice of something that never happened"
        if recipient != "system":
            notified[notice["orderId"]][notice["type"]] += 1
    for order_id, counted in notified.items():
        yield from (
            f"{order_id}: its customer was notified {counted[once]} times that it is {once}"
            for once in ("reserved", "failed", "paid", "expired", "cancelled")
            if counted[once] > 1 + (order_id in deleted)
        )


def effect_given_up(cause: str) -> str:
    """The effect by which a notice is caused, if one is: given up once more, it has the time behind its id."""
    return re.sub(r"_[0-9]{8}T[0-9]{12}$", "", cause)


def _of_effects(shelves: Shelves) -> Iterator[str]:
    """What is done outside has a cause, says when it is due again, and is never given up without a word."""
    effects, notices = shelves["effects"], shelves["notifications"]
    for effect_id, effect in effects.items():
        state, cause = effect["state"], effect["causeId"]
        if effect_id != f"{cause}_{effect['kind']}_{effect['recipient']}":
            yield f"{effect_id}: not the id of {effect}"
        if cause not in shelves["auditLog"] and effect_given_up(cause) not in effects:
            yield f"{effect_id}: caused by nothing"
        is_to_be_deleted = effect.get("expireAt") is not None
        if (effect["nextAttemptAt"] is None) != (state in _OVER) or is_to_be_deleted != (state in _OVER):
            yield f"{effect_id}: {state}, and due again at {effect['nextAttemptAt']}"
        if (effect["leaseExpireTime"] is None) != (state != "PROCESSING"):
            yield f"{effect_id}: {state}, and somebody is at it until {effect['leaseExpireTime']}"
        if state == "SUCCESS" and effect["payload"] is not None:
            yield f"{effect_id}: done, and what was sent is kept"
        told = notices.get(f"notifications/system/messages/{effect_id}", {}).get("type")
        # An operator has it tried again, or has handled it: that it was given up before has been said.
        if (told == "effect_failed") != (state == "ERROR" or "operator" in effect):
            yield f"{effect_id}: {state} with {effect['error']}, and the shop got {told}"


def _is_on_record(request_id: str, request: Fields, shelves: Shelves) -> bool:
    """A replay that has settled its event is in the trail by that."""
    if f"operator_{request_id}" in shelves["auditLog"]:
        return True
    entry = shelves["auditLog"].get(request["target"], {}) if request.get("kind") == "replay" else {}
    said = {"operator": request.get("operator"), "reason": request.get("reason"), "result": request.get("result")}
    return said == {name: entry.get(name) for name in said}


def _of_expiry(shelves: Shelves) -> Iterator[str]:
    """What names a customer is kept for a time, and not before its work is done."""
    for order_id, request in shelves["cancelRequests"].items():
        if ("expireAt" in request) != (f"cancel_{order_id}" in shelves["auditLog"]):
            yield f"{order_id}: its cancel request is {request}, settled or not"
    for request_id, request in shelves["operatorRequests"].items():
        is_invalid = request.get("result") == "invalid_request"
        if (request.get("settledAt") is not None) != (is_invalid or _is_on_record(request_id, request, shelves)):
            yield f"{request_id}: an operator's request, and whether it is settled is not what it says: {request}"
    for path, notice in shelves["notifications"].items():
        if notice["expireAt"] <= notice["createdAt"]:
            yield f"{path}: kept until {notice['expireAt']}"


# --- What is left to do ----------------------------------------------------------------------------------------------


def _unplaced(orders: Mapping[str, Fields]) -> Iterator[str]:
    for order_id, order in orders.items():
        if order["status"] in ("pending", "reserving"):
            yield f"{order_id}: still {order['status']}"


def _waiting_for_nothing(shelves: Shelves) -> Iterator[str]:
    claims, payments = shelves["webhookEvents"], shelves["payments"]
    listed = {event_id for payment in payments.values() for event_id in payment.get("waiting", ())}
    for event_id, claim in claims.items():
        if claim["processed"]:
            continue
        if claim["result"] == "order_not_found" and claim["orderId"] in shelves["orders"]:
            yield f"{event_id}: parked for want of {claim['orderId']}, which is there"
        if claim["result"] == "payment_not_found" and event_id not in listed:
            yield f"{event_id}: parked for want of a payment that will not find it"
    for payment_id, payment in payments.items():
        for event_id in payment.get("waiting", ()):
            if shelves["auditLog"].get(event_id, {}).get("result") == "handled":
                # It waits no longer, and its payment's own events pass it over.
                continue
            known = shelves["orders"].get(payment.get("orderId") or "", {}).get("payments", {}).get(payment_id, {})
            if known.get("state") == "succeeded":
                yield f"{event_id}: waits for {payment_id}, which has paid {payment['orderId']}"
            if event_id not in claims or claims[event_id]["processed"]:
                yield f"{event_id}: listed as waiting for {payment_id}, and not parked"
