"""What a person can do next about an order: each thing that waits, with the command that helps. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from database.documents.takings import taking_path
from effects.effect import EffectKind, EffectState
from ops.attention import ASKED_WITHIN, UNTOUCHED_MAX
from ops.case import Case, Effect, Finding, ParkedEvent, UnreadableEffect
from ops.money_steps import steps_for_money
from ops.step import Step
from ops.waiting import ATTEMPTS_MANY, SHOWS_ONLY
from orders.disputes import Dispute
from orders.order import Order, OrderStatus
from orders.outcome import Result
from reconciliation.finding import to_copy
from reconciliation.rules.taking_overdue import OVERDUE_AFTER

_PARKED: Final[Mapping[str, str]] = {
    Result.ORDER_NOT_FOUND: ". Have the order written, which settles it, or refund the payment in Stripe. "
    "Once the order is there",
    Result.PAYMENT_NOT_FOUND: ". If the payment is the shop's, replay the payment's own event, which settles this one, "
    "too. To try this one alone",
    Result.ERROR: ". Once what it names is mended and deployed",
}
"""What helps a parked event before it is replayed."""


def steps_of(case: Case, now: datetime) -> Iterator[Step]:
    """None if it needs nobody."""
    for finding in case.findings:
        yield from steps_for_finding(finding)
    for parked in case.parked:
        yield from steps_for_parked(parked)
    if case.is_taking_unreadable:
        yield _of_unreadable_taking(case)
    elif case.taking and not case.order:
        why = f"{taking_path(case.order_id)} takes units for an order that is not there"
        yield Step(f"{why}: the runbook says what to do, under “Sold units are not taken”", None)
    if case.order:
        yield from _of_taking(case.order, case, now)
        yield from _of_order(case.order, case, now)
    yield from _of_the_sweep(case, now)
    for each in (one for one in case.effects if one.stored.state is EffectState.ERROR):
        if not (case.order and each.stored.effect.kind is EffectKind.STRIPE_REFUND):
            yield from _given_up(each)
    yield from (_failing(each) for each in case.effects if _is_failing(each))
    yield from map(step_for_unreadable, case.unreadable_effects)
    yield from (_of_dispute(each) for each in case.disputes if each.is_open)


def _of_order(order: Order, case: Case, now: datetime) -> Iterator[Step]:
    yield from steps_for_money(order, case)
    ends = order.reservation_expires_at
    if order.status is OrderStatus.RESERVED and ends and ends <= now:
        yield Step("Let its units go at once", to_copy("release", order.order_id))
        yield Step("Or keep them for its customer, for a day", to_copy("extend --for 1d", order.order_id))
    if order.status is OrderStatus.UNKNOWN:
        yield Step("Write back the status of its last audit entry; keep the shop's own in a field of its own", None)
    if case.went_uncounted:
        gone = (each.product_id for each in order.counted_lines if not case.products[each.product_id].in_inventory)
        yield from map(_without_inventory, gone)


def _of_the_sweep(case: Case, now: datetime) -> Iterator[Step]:
    """What the sweep should have done by now."""
    late = now - UNTOUCHED_MAX
    order = case.order
    is_unplaced = order and order.status in (OrderStatus.PENDING, OrderStatus.RESERVING)
    if order and is_unplaced and order.created_at and order.created_at <= late:
        yield _for_the_sweep("placed it")
    if any(now - ASKED_WITHIN <= each.since <= late for each in case.requests):
        yield _for_the_sweep("answered what operators have asked for")
    for stored in (each.stored for each in case.effects):
        if stored.next_attempt_at and stored.next_attempt_at <= late:
            yield _for_the_sweep(f"tried {stored.effect.effect_id}")


def _for_the_sweep(what: str) -> Step:
    return Step(f"The sweep should have {what} by now: the runbook says what to do, under “The sweep stops”", None)


def _is_failing(effect: Effect) -> bool:
    return effect.stored.state is EffectState.RETRY and effect.stored.attempts >= ATTEMPTS_MANY


def _failing(effect: Effect) -> Step:
    stored = effect.stored
    what = f"The {stored.effect.kind} for {stored.effect.recipient} has failed {stored.attempts} times ({effect.error})"
    return Step(f"{what}. Mend that: it is tried again by itself", None)


def _without_inventory(product_id: str) -> Step:
    why = f"Units of {product_id!r} moved, and it has no inventory. Count them, and say so with `./shop stock set`"
    return Step(f"{why}; first look who holds some", to_copy("stock show", product_id))


def steps_for_finding(finding: Finding) -> Iterator[Step]:
    found = f"Found by {finding.rule}: {finding.found}"
    if finding.remedy is None or finding.remedy.startswith(SHOWS_ONLY):
        yield Step(f"{found}. The runbook says what to do, under “Money, stock or the trail disagree”", None)
    else:
        yield Step(found, finding.remedy)
    yield Step("Or, if it is looked into and may stay so", to_copy("handle", finding.finding_id))


def steps_for_parked(parked: ParkedEvent) -> Iterator[Step]:
    payment = f" of {parked.payment_id}" if parked.payment_id else ""
    said = f"Event {parked.event_id} ({parked.event_type}{payment}) is parked as {parked.result}"
    reason = f" ({parked.reason})" if parked.reason else ""
    yield Step(f"{said}{reason}{_PARKED.get(parked.result, '')}", to_copy("replay", parked.event_id))
    yield Step("Or, if nothing will ever settle it", to_copy("handle", parked.event_id))


def is_taking_overdue(order: Order, now: datetime) -> bool:
    """Whether its sold units of hot products should have been taken by now."""
    return order.finalized_at is not None and now - order.finalized_at >= OVERDUE_AFTER


def _of_unreadable_taking(case: Case) -> Step:
    path = taking_path(case.order_id)
    later = case.order.lines_taken_later if case.order and case.order.finalized_at else ()
    units = ", ".join(f"{line.product_id}: {line.quantity}" for line in later)
    mend = f"write its `units` as {{{units}}}" if units else "nothing was sold that is taken later, so delete it"
    why = f"{path} is not what this service writes: {mend}. Until then no stock can be set, added or counted"
    return Step(f"{why}; the runbook says more, under “Sold units are not taken”", None)


def _of_taking(order: Order, case: Case, now: datetime) -> Iterator[Step]:
    if case.taking and is_taking_overdue(order, now):
        why = "What it sold should have left `stock` and `reserved` within a minute"
        yield Step(f"{why}: the runbook says what to do, under “Sold units are not taken”", None)


def _given_up(effect: Effect) -> Iterator[Step]:
    what = f"The {effect.stored.effect.kind} for {effect.stored.effect.recipient} was given up"
    effect_id = effect.stored.effect.effect_id
    yield Step(f"{what} ({effect.error}). Once that is mended, have it tried again", to_copy("retry", effect_id))
    yield Step("Or, if somebody has done it meanwhile, or it is wanted no more", to_copy("handle", effect_id))


def step_for_unreadable(effect: UnreadableEffect) -> Step:
    what = f"effects/{effect.effect_id} ({effect.kind} for {effect.recipient}, {effect.state}) is none that can be done"
    return Step(f"{what}: do it by hand if it is still wanted, then delete the document in the console", None)


def _of_dispute(dispute: Dispute) -> Step:
    return Step(f"Answer dispute {dispute.dispute_id} in Stripe{dispute.deadline}: it is {dispute.status}", None)
