"""What must be true of an order when all is told: worked out from its tale alone, whatever happened on the way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.proofs.simulation.scenarios import Fact, Tale

Documents = Mapping[str, Mapping[str, Any]]


def wrongs(tale: Tale, documents: Documents, *, is_ample: bool, restocks: bool) -> list[str]:
    """All that is not as the tale has it.

    Args:
        documents: every document, by path, when all is told, all reservations are over, and nobody works any more.
        is_ample: whether nobody had to compete for units.
        restocks: whether the shop puts refunded units back.
    """
    return [
        *_of_events(tale, documents),
        *(_of_order(tale, documents, is_ample=is_ample, restocks=restocks) if tale.appears else ()),
    ]


def _of_events(tale: Tale, documents: Documents) -> Iterator[str]:
    for fact in tale.facts.values():
        claim = documents.get(f"webhookEvents/{fact.event_id}")
        entry = documents.get(f"auditLog/{fact.event_id}")
        if expected := _waits_for(tale, fact):
            if claim is None or claim["processed"] or claim["result"] != expected:
                yield f"{fact.event_id}: should be parked as {expected}: {claim}"
        elif entry is None or not entry["webhookProcessed"]:
            yield f"{fact.event_id}: {fact.event_type} is not settled: {claim}"
        elif claim and not claim["processed"]:
            yield f"{fact.event_id}: {fact.event_type} is still parked: {claim}"


def _waits_for(tale: Tale, fact: Fact) -> str | None:
    """Why an event rightly waits for ever."""
    if fact.names_order:
        return None if tale.appears else "order_not_found"
    return None if tale.appears and tale.is_known_to_be_paid else "payment_not_found"


def _of_order(tale: Tale, documents: Documents, *, is_ample: bool, restocks: bool) -> Iterator[str]:
    order = documents[f"orders/{tale.order_id}"]
    # An order that cost nothing and cannot be fulfilled is as if nobody had paid it.
    is_paid = tale.is_known_to_be_paid and not (tale.is_free and not is_ample and not order.get("finalizedAt"))
    received = tale.paid if is_paid else None
    refunded = sum(refund.amount for refund in tale.refunds if not refund.fails) if received else 0
    stands = order.get("amountReceived"), order.get("amountRefunded") or 0
    if stands != (received, refunded):
        yield f"{tale.order_id}: {received} was paid and {refunded} refunded, and this stands: {stands}"
    statuses = _statuses(tale, received, refunded, is_ample=is_ample)
    if order["status"] not in statuses:
        yield f"{tale.order_id}: should be {' or '.join(sorted(statuses))}: {order['status']}"
    if is_ample and order.get("finalizedAt"):
        back = {item["productId"]: item["quantity"] for item in order.get("returned", ())}
        if back != (expected := _units_back(tale, refunded) if restocks else {}):
            yield f"{tale.order_id}: {expected} should be back on the shelf: {back}"
    yield from _of_what_is_recorded(tale, order, documents, is_paid=is_paid)


def _statuses(tale: Tale, received: int | None, refunded: int, *, is_ample: bool) -> set[str]:
    if received is None:
        given_up = {"cancelled"} if tale.is_given_up or tale.asks_to_cancel else set()
        return {"expired"} | given_up | (set() if is_ample else {"failed"})
    if refunded and refunded == received:
        return {"refunded"}
    unfulfilled = set() if is_ample or tale.is_free else {"refund_due"}
    if received != tale.price:
        return {"review"} | unfulfilled
    return {"partially_refunded" if refunded else "finalized"} | unfulfilled


def _units_back(tale: Tale, refunded: int) -> dict[str, int]:
    if refunded and refunded == tale.paid:
        return dict(tale.units)
    stand = [refund for refund in tale.refunds if not refund.fails] if tale.refunds_tell else []
    named = {product_id: sum(dict(refund.restock).get(product_id, 0) for refund in stand) for product_id in tale.units}
    return {product_id: min(named[product_id], sold) for product_id, sold in tale.units.items() if named[product_id]}


def _of_what_is_recorded(tale: Tale, order: Mapping[str, Any], documents: Documents, *, is_paid: bool) -> Iterator[str]:
    if tale.disputes and is_paid and (order.get("dispute") or {}).get("status") != tale.disputes[-1]:
        yield f"{tale.order_id}: the dispute is {tale.disputes[-1]}, and this stands: {order.get('dispute')}"
    if tale.declines and not is_paid and not order.get("lastPaymentError"):
        yield f"{tale.order_id}: a payment was declined, and nothing stands of it"
    settled_by = documents.get(f"notifications/alice/messages/{order.get('webhookEventId')}")
    if is_paid and (settled_by is None or settled_by["type"] not in _TELL_OF_PAYMENT):
        yield f"{tale.order_id}: the customer was not told what became of the payment: {settled_by}"
    notices = (notice for path, notice in documents.items() if path.startswith("notifications/system/"))
    told = Counter(notice["type"] for notice in notices if notice["orderId"] == tale.order_id)
    if order["status"] in _FOR_A_PERSON and not told.keys() & {order["status"], "refund_failed"}:
        yield f"{tale.order_id}: nobody in the shop was told that it is {order['status']}: {told}"
    is_paid_twice = is_paid and tale.pays_twice and bool(tale.voices)
    if told["second_payment"] != is_paid_twice:
        yield f"{tale.order_id}: paid {'twice' if is_paid_twice else 'once at the most'}, and the shop was told {told}"
    is_sold_against_a_wish = tale.asks_to_cancel and bool(order.get("finalizedAt"))
    if is_sold_against_a_wish and not tale.refunds and told["cancel_requested"] != 1:
        yield f"{tale.order_id}: its customer wants it cancelled, it is sold, and the shop was told {told}"
    if told["cancel_requested"] > tale.asks_to_cancel:
        yield f"{tale.order_id}: its customer does not want it cancelled, or not twice, and the shop was told {told}"


_FOR_A_PERSON = {"review", "refund_due"}
_TELL_OF_PAYMENT = {"paid", "review", "refund_due", "refunded", "partially_refunded"}
