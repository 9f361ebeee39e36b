"""One thing that waits for a person: since when, how much money, and which command shows more. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from database.documents.disputes import dispute_from
from database.documents.operator_requests import OF_NO_ORDER
from database.documents.orders import order_from
from database.documents.values import text_or_none, time_or_none
from ops.case import Finding, finding_in, parked_event_in
from ops.phrases import added
from ops.reading import Found
from ops.standing import held_back
from orders.money import Money
from orders.numbers import whole_number
from orders.payments import amount_of
from reconciliation.finding import to_copy

SHOWS_ONLY: Final = ("./shop why ", "./shop status")
"""Prefixes of remedies that only show something, perhaps without mentioning the finding."""
ATTEMPTS_MANY: Final = 5
"""So many attempts take at least a quarter of an hour: then the problem is not a passing one."""


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    since: datetime
    """For a dispute: its deadline."""
    money: tuple[Money, ...] = ()
    note: str | None = None
    command: str | None = None
    """Shows more of it, if `why` does not."""


def of_overpaid(found: Found) -> Item | None:
    order = order_from(found.id, found.fields)
    if not order.unneeded:
        return None
    left = [
        Money(amount_of(each) - order.refunds.promised_of(each), each.money.currency)
        for each in order.unneeded
        if each.money
    ]
    since = min(each.at for each in order.unneeded)
    return Item(found.id, since, added(left), f"not needed: {', '.join(each.payment_id for each in order.unneeded)}")


def of_refund_lost(found: Found) -> Item | None:
    """It has waited at least since the order last changed."""
    order = order_from(found.id, found.fields)
    if not order.refunds_to_repeat:
        return None
    lost = [Money(each.owed, money.currency) for each in order.refunds_to_repeat if (money := each.payment.money)]
    note = " and ".join(f"refund {each.refund_id} is {each.status}" for _, each, _ in order.refunds_to_repeat)
    return Item(found.id, time_or_none(found.fields.get("updatedAt")) or found.created_at, added(lost), note)


def of_uncounted(found: Found) -> Item:
    since = order_from(found.id, found.fields).created_at or found.created_at
    return Item(found.id, since, note=f"ordered {', '.join(counted_in(found))}, of which not all have an inventory")


def of_order(found: Found) -> Item:
    order = order_from(found.id, found.fields)
    return Item(found.id, order.created_at or found.created_at, held_back(order), order.failure_reason)


def of_lapsed(found: Found) -> Item:
    order = order_from(found.id, found.fields)
    return Item(found.id, order.reservation_expires_at or found.created_at, (order.asked,) if order.asked else ())


def of_parked(found: Found) -> Item:
    event = parked_event_in(found)
    money = (event.money,) if event.money else ()
    return Item(event.event_id, event.since, money, f"{event.event_type}, {event.result}")


def of_effect(found: Found) -> Item:
    fields = found.fields
    since = time_or_none(fields.get("createdAt")) or found.created_at
    what = f"{fields.get('kind')} for order {fields.get('orderId')}"
    return Item(found.id, since, note=f"{what}: {text_or_none(fields.get('error')) or fields.get('state')}")


def of_failing_effect(found: Found) -> Item | None:
    return of_effect(found) if (whole_number(found.fields.get("attempts")) or 0) >= ATTEMPTS_MANY else None


def of_dispute(found: Found) -> Item | None:
    dispute = dispute_from(found.id, found.fields)
    if dispute is None:
        return None
    return Item(
        found.id, dispute.due_by or dispute.opened_at, (Money(dispute.amount, dispute.currency),), dispute.reason
    )


def of_request(found: Found) -> Item | None:
    if found.fields.get("settledAt") is not None:
        return None
    fields, since = found.fields, time_or_none(found.fields.get("createdAt")) or found.created_at
    said = f"{fields.get('kind')}, asked for by {fields.get('operator')} (request {found.id})"
    target = None if fields.get("kind") in OF_NO_ORDER else text_or_none(fields.get("target"))
    # If the target is not an order, it knows nothing of the request.
    return Item(target or found.id, since, note=said)


def of_finding(found: Found) -> Item:
    finding = finding_in(found)
    target = text_or_none(found.fields.get("target")) or text_or_none(found.fields.get("orderId"))
    command = None if text_or_none(found.fields.get("orderId")) else _remedy_of(finding)
    return Item(target or found.id, finding.since, note=f"{finding.rule}: {finding.found}", command=command)


def _remedy_of(finding: Finding) -> str:
    """`why` knows little of targets without an order (a product, a key, operators' acts), so it names the finding."""
    if finding.remedy and not finding.remedy.startswith(SHOWS_ONLY):
        return finding.remedy
    return to_copy("why", finding.finding_id)


def counted_in(found: Found) -> list[str]:
    return [line.product_id for line in order_from(found.id, found.fields).counted_lines]
