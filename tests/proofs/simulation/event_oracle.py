"""What must be true of every event at the end: settled, parked or handled, as its scenario says."""

from collections.abc import Collection, Iterator
from functools import reduce
from typing import Final

from orders.events import ChargeRefunded, RefundUpdated
from orders.payments import Payment as Succeeded
from orders.payments import PaymentState
from orders.refunds import Refunds
from tests.proofs.simulation.endings import Documents, Ending, Fields
from tests.proofs.simulation.payments import Payment
from tests.proofs.simulation.scenarios import Scenario
from tests.proofs.simulation.stripe_reports import EventTemplate
from tests.support.builders import NOW

SET_ASIDE: Final = {"other_account", "livemode_mismatch"}
_WITHOUT_ITS_PAYMENT: Final = {"other_payment", "dispute_recorded"}


def wrong_events(scenario: Scenario, ending: Ending) -> Iterator[str]:
    for event in scenario.events.values():
        claim = ending.documents.get(f"webhookEvents/{event.event_id}")
        entry = ending.documents.get(f"auditLog/{event.event_id}")
        is_settled = entry is not None and entry["webhookProcessed"]
        if event.payment and event.payment.is_foreign:
            if is_settled or (claim and claim["result"] not in SET_ASIDE):
                yield f"{event.event_id}: another account's, and not set aside: {claim}"
            continue
        if event.event_id in ending.handled:
            yield from _of_handled(event.event_id, ending.documents)
        elif is_settled or event.event_id not in ending.ignored:
            yield from _of_heard(scenario, event, claim, entry if is_settled else None, ending.handled)


def _of_heard(
    scenario: Scenario, event: EventTemplate, claim: Fields | None, settled: Fields | None, handled: Collection[str]
) -> Iterator[str]:
    """It is settled, unless something is missing for good."""
    expected = _waits_for(scenario, event, handled)
    if expected and settled and _is_of_handled_payment(scenario, event, handled):
        # Of an order that was deleted, the one under its id knows nothing.
        earlier = {"earlier_order"} if scenario.is_written_again else set()
        if settled["result"] not in _WITHOUT_ITS_PAYMENT | earlier:
            yield f"{event.event_id}: its payment is handled, and it is settled as {settled['result']}"
    elif expected:
        if claim is None or claim["processed"] or claim["result"] != expected:
            yield f"{event.event_id}: should be parked as {expected}: {claim}"
    elif not settled:
        yield f"{event.event_id}: {event.event_type} is not settled: {claim}"
    elif claim and not claim["processed"]:
        yield f"{event.event_id}: {event.event_type} is still parked: {claim}"


def _of_handled(event_id: str, documents: Documents) -> Iterator[str]:
    """Somebody has asked for that; and until somebody asks for more, it is only on record."""
    entry, claim = documents[f"auditLog/{event_id}"], documents.get(f"webhookEvents/{event_id}")
    requests = (fields for path, fields in documents.items() if path.startswith("operatorRequests/"))
    asked = [each for each in requests if each.get("of") == "event" and each["target"] == event_id]
    if "handled" not in {each["result"] for each in asked} or entry["webhookProcessed"] or entry["stock"]:
        yield f"{event_id}: handled, with {entry}, and asked for was {asked}"
    if claim and (claim["result"], claim["processed"]) != ("handled", True):
        yield f"{event_id}: handled, and its claim is {claim}"
    if any(f"/messages/{event_id}" in path or fields.get("causeId") == event_id for path, fields in documents.items()):
        yield f"{event_id}: handled, and somebody is told of it"


def reports_of(scenario: Scenario, payment: Payment, handled: Collection[str]) -> list[EventTemplate]:
    """The events that report here what was paid; none if it cannot be known."""
    if not payment.is_known_to_have_succeeded:
        return []
    events = scenario.events.values()
    return [each for each in events if each.payment is payment and each.reports_money and each.event_id not in handled]


def _is_of_handled_payment(scenario: Scenario, event: EventTemplate, handled: Collection[str]) -> bool:
    """Whether its order is known all the same, by what came before the payment had succeeded."""
    payment = event.payment
    if payment is None or event.names_order or not payment.reaches_its_order_before_it_succeeds:
        return False
    return bool(reports_of(scenario, payment, ())) and not reports_of(scenario, payment, handled)


def refund_reports_in(scenario: Scenario, payment: Payment, events: Collection[str]) -> bool:
    """Whether any of the events says what is refunded of the payment."""
    reports = (each for each in scenario.events.values() if each.payment is payment and each.reports_refund)
    return any(each.event_id in events for each in reports)


def refunded_as_told(scenario: Scenario, payment: Payment, handled: Collection[str]) -> int:
    """What is refunded of the payment at Stripe, as far as the other events say so."""
    told = [
        each.delivered(each.created_at)
        for each in scenario.events.values()
        if each.payment is payment and each.reports_refund and each.event_id not in handled
    ]
    refunds = reduce(Refunds.merged_with, (each.refunds for each in told if isinstance(each, RefundUpdated)), Refunds())
    totals = [each.amount_refunded for each in told if isinstance(each, ChargeRefunded)]
    names = scenario.intent_of(payment), scenario.charge_of(payment)
    known = Succeeded(names[0], PaymentState.SUCCEEDED, NOW, charge_id=names[1], amount_refunded=max(totals, default=0))
    return refunds.amount_at_stripe(known)


def _waits_for(scenario: Scenario, event: EventTemplate, handled: Collection[str]) -> str | None:
    """Why an event must stay parked for ever; None if it must not."""
    if event.names_order:
        return None if scenario.appears else "order_not_found"
    is_known = event.payment is not None and bool(reports_of(scenario, event.payment, handled))
    return None if scenario.appears and is_known else "payment_not_found"
