"""Everything wrong with orders, their money, their statuses, and their disputes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.support.shelves import Documents, Fields, Shelves, counted_units_of

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
"""The statuses that may follow each."""
_DECIDED = {"warning_closed", "won", "lost", "prevented", "charge_refunded"}


def wrong_orders(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    finalizations: Counter[str] = Counter()
    transitions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for event_id, entry in shelves["auditLog"].items():
        before, after = entry["statusBefore"], entry["statusAfter"]
        if before != after:
            transitions[entry["orderId"]].append((before, after))
            # While its units are counted, an order counts as pending; an operator may release it then.
            is_released = (entry["kind"], before, after) == ("operator_released", "pending", "expired")
            if after not in _LEGAL.get(before, set()) and not is_released:
                yield f"{event_id}: no order goes from {before} to {after}"
        finalizations[entry["orderId"]] += entry["result"] == "first_time_finalized"
    for order_id, order in shelves["orders"].items():
        earlier = [deleted[order_id]] if order_id in deleted else []
        if finalizations[order_id] > 1 + len(earlier):
            yield f"{order_id}: finalized {finalizations[order_id]} times"
        yield from _wrong_money(order_id, order, shelves)
        yield from _wrong_transitions(order_id, [order, *earlier], transitions[order_id])
        sold = counted_units_of(order) if order.get("finalizedAt") else Counter()
        for item in order.get("returned", ()):
            if not 0 < item["quantity"] <= sold[item["productId"]]:
                yield f"{order_id}: {item} came back, of {dict(sold)} taken"
        lapsed = shelves["auditLog"].get(f"lapsed_{order_id}")
        # Nothing changes this time afterwards.
        if (
            lapsed
            and lapsed["statusAfter"] == "expired"
            and not earlier
            and lapsed["createdAt"] < order["reservationExpiresAt"]
        ):
            yield f"{order_id}: expired at {lapsed['createdAt']}, before {order['reservationExpiresAt']}"


def _wrong_money(order_id: str, order: Fields, shelves: Shelves) -> Iterator[str]:
    received, refunded = order.get("amountReceived") or 0, order.get("amountRefunded") or 0
    has_handled_refunds, is_full = _has_handled_refunds(order, shelves), 0 < received <= refunded
    if refunded > received and not has_handled_refunds:
        yield f"{order_id}: {refunded} refunded of {received} received"
    # A surplus refunded on one payment does not count for another.
    may_be_owed = has_handled_refunds and len(order.get("payments", ())) > 1
    # The order's figures are in one currency, and its payments may be in several.
    currencies = {payment["currency"] for payment in order.get("payments", {}).values() if payment["amount"]}
    if (order["status"] == "refunded") != is_full and not (is_full and (may_be_owed or len(currencies) > 1)):
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
    """Whether a person has set aside a report on its refunds, such as that one failed."""
    said = ((entry["kind"], entry["paymentIntentId"]) for entry in _handled_events(shelves))
    return any(kind == "refund_updated" and payment in order.get("payments", ()) for kind, payment in said)


def _handled_events(shelves: Shelves) -> Iterator[Fields]:
    """Only events: any other act of an operator is in a chain."""
    entries = shelves["auditLog"].values()
    return (entry for entry in entries if entry["result"] == "handled" and "hash" not in entry)


def _wrong_transitions(
    order_id: str, orders: Sequence[Fields], transitions: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """The trail's status changes lead each order from its first status to its current one."""
    balance: Counter[str] = Counter()
    for order in orders:
        is_counted = order["status"] == "reserving"
        balance[(order.get("heldFrom") or "pending") if is_counted else order["status"]] += 1
    for before, after in transitions:
        balance[before] += 1
        balance[after] -= 1
    begun = [times for times in balance.values() if times]
    if begun != [len(orders)]:
        yield f"{order_id}: no way through {transitions} ends with {[order['status'] for order in orders]}"


def wrong_disputes(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    """An order only says whether it is disputed, since its customer can read it."""
    still_open = Counter(
        dispute["orderId"] for dispute in shelves["disputes"].values() if dispute["status"] not in _DECIDED
    )
    for order_id, order in shelves["orders"].items():
        said = order.get("disputed", False), order.get("openDisputes", 0)
        if order_id not in deleted and said != (still_open[order_id] > 0, still_open[order_id]):
            yield f"{order_id}: {still_open[order_id]} disputes are open, and it says {said}"
        if "dispute" in order:
            yield f"{order_id}: its customer can read what is disputed"


def unplaced(orders: Mapping[str, Fields]) -> Iterator[str]:
    for order_id, order in orders.items():
        if order["status"] in ("pending", "reserving"):
            yield f"{order_id}: still {order['status']}"
