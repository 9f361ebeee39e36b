"""What must be true of an order in the end: worked out from its scenario alone, whatever happened on the way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.proofs.simulation.scenarios import EventTemplate, Scenario

Documents = Mapping[str, Mapping[str, Any]]


def wrongs(scenario: Scenario, documents: Documents, *, is_ample: bool, restocks: bool) -> list[str]:
    """Everything that is not as the scenario says.

    Args:
        documents: every document, by path, when all events have arrived, all reservations have expired, and nobody is
            at work any more.
        is_ample: whether orders did not compete for units.
        restocks: whether the shop puts refunded units back.
    """
    return [
        *_of_events(scenario, documents),
        *(_of_order(scenario, documents, is_ample=is_ample, restocks=restocks) if scenario.appears else ()),
    ]


def _of_events(scenario: Scenario, documents: Documents) -> Iterator[str]:
    for event in scenario.events.values():
        claim = documents.get(f"webhookEvents/{event.event_id}")
        entry = documents.get(f"auditLog/{event.event_id}")
        if expected := _waits_for(scenario, event):
            if claim is None or claim["processed"] or claim["result"] != expected:
                yield f"{event.event_id}: should be parked as {expected}: {claim}"
        elif entry is None or not entry["webhookProcessed"]:
            yield f"{event.event_id}: {event.event_type} is not settled: {claim}"
        elif claim and not claim["processed"]:
            yield f"{event.event_id}: {event.event_type} is still parked: {claim}"


def _waits_for(scenario: Scenario, event: EventTemplate) -> str | None:
    """Why an event must stay parked for ever; None if it must not."""
    if event.names_order:
        return None if scenario.appears else "order_not_found"
    return None if scenario.appears and scenario.is_known_to_be_paid else "payment_not_found"


def _of_order(scenario: Scenario, documents: Documents, *, is_ample: bool, restocks: bool) -> Iterator[str]:
    order = documents[f"orders/{scenario.order_id}"]
    # An order that cost nothing and cannot be fulfilled counts as unpaid.
    is_paid = scenario.is_known_to_be_paid and not (scenario.is_free and not is_ample and not order.get("finalizedAt"))
    received = scenario.paid if is_paid else None
    refunded = sum(refund.amount for refund in scenario.refunds if not refund.fails) if received else 0
    recorded = order.get("amountReceived"), order.get("amountRefunded") or 0
    if recorded != (received, refunded):
        yield f"{scenario.order_id}: {received} was paid and {refunded} refunded, but recorded is {recorded}"
    statuses = _statuses(scenario, received, refunded, is_ample=is_ample)
    if order["status"] not in statuses:
        yield f"{scenario.order_id}: should be {' or '.join(sorted(statuses))}: {order['status']}"
    if is_ample and order.get("finalizedAt"):
        back = {item["productId"]: item["quantity"] for item in order.get("returned", ())}
        if back != (expected := _units_back(scenario, refunded) if restocks else {}):
            yield f"{scenario.order_id}: {expected} should be back on the shelf: {back}"
    yield from _of_what_is_recorded(scenario, order, documents, is_paid=is_paid)


def _statuses(scenario: Scenario, received: int | None, refunded: int, *, is_ample: bool) -> set[str]:
    if received is None:
        given_up = {"cancelled"} if scenario.is_given_up or scenario.asks_to_cancel else set()
        return {"expired"} | given_up | (set() if is_ample else {"failed"})
    if refunded and refunded == received:
        return {"refunded"}
    unfulfilled = set() if is_ample or scenario.is_free else {"refund_due"}
    if received != scenario.price:
        return {"review"} | unfulfilled
    return {"partially_refunded" if refunded else "finalized"} | unfulfilled


def _units_back(scenario: Scenario, refunded: int) -> dict[str, int]:
    if refunded and refunded == scenario.paid:
        return dict(scenario.units)
    named = Counter[str]()
    for refund in scenario.refunds:
        if scenario.refunds_report and not refund.fails:
            named.update(dict(refund.restock))
    return {
        product_id: min(named[product_id], sold) for product_id, sold in scenario.units.items() if product_id in named
    }


def _of_what_is_recorded(
    scenario: Scenario, order: Mapping[str, Any], documents: Documents, *, is_paid: bool
) -> Iterator[str]:
    order_id = scenario.order_id
    for number, status in dict(scenario.disputes).items() if is_paid else ():
        dispute = documents.get(f"disputes/dp_{order_id}_{number}")
        if dispute is None or (dispute["orderId"], dispute["status"]) != (order_id, status):
            yield f"{order_id}: dispute {number} is {status}, but recorded is {dispute}"
    if scenario.declines and not is_paid and not order.get("lastPaymentError"):
        yield f"{order_id}: a payment was declined, and that is not recorded"
    settled_by = documents.get(f"notifications/alice/messages/{order.get('webhookEventId')}")
    if is_paid and (settled_by is None or settled_by["type"] not in _ABOUT_PAYMENT):
        yield f"{order_id}: the customer got no notice of what became of the payment: {settled_by}"
    yield from _of_notices_to_the_shop(scenario, order, documents, is_paid=is_paid)


def _of_notices_to_the_shop(
    scenario: Scenario, order: Mapping[str, Any], documents: Documents, *, is_paid: bool
) -> Iterator[str]:
    order_id = scenario.order_id
    to_the_shop = (notice for path, notice in documents.items() if path.startswith("notifications/system/"))
    notices = Counter(notice["type"] for notice in to_the_shop if notice["orderId"] == order_id)
    if order["status"] in _FOR_A_PERSON and not notices.keys() & {order["status"], "refund_failed"}:
        yield f"{order_id}: the shop got no notice that it is {order['status']}: {notices}"
    is_paid_twice = is_paid and scenario.pays_twice and bool(scenario.success_types)
    if notices["second_payment"] != is_paid_twice:
        yield f"{order_id}: paid {'twice' if is_paid_twice else 'at most once'}, and the shop got {notices}"
    is_sold_despite_request = scenario.asks_to_cancel and bool(order.get("finalizedAt"))
    if is_sold_despite_request and not scenario.refunds and notices["cancel_requested"] != 1:
        yield f"{order_id}: its customer wants it cancelled, it is sold, and the shop got {notices}"
    if notices["cancel_requested"] > scenario.asks_to_cancel:
        yield f"{order_id}: its customer does not want it cancelled, or not twice, and the shop got {notices}"


_FOR_A_PERSON = {"review", "refund_due"}
_ABOUT_PAYMENT = {"paid", "review", "refund_due", "refunded", "partially_refunded"}
