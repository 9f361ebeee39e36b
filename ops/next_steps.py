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
    Result.ORDER_NOT_FOUND: (
        ". Create the order, which settles it, or refund the payment in Stripe. If the order is there already"
    ),
    Result.PAYMENT_NOT_FOUND: (
        ". If the payment is the shop's, replay the payment's own event, which settles "
        "this one, too. To try only this one"
    ),
    Result.ERROR: ". Once that is fixed and deployed",
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
        why = f"{taking_path(case.order_id)} takes units for an order that does not exist"
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
    if case.overwritten:
        why = f"Write its status back as {case.overwritten} in the Firebase console"
        yield Step(f"{why}: only then can these commands change the order as it should be", None)
    yield from steps_for_money(order, case)
    ends = order.reservation_expires_at
    if order.status is OrderStatus.RESERVED and ends and ends <= now:
        yield Step("Release its units now", to_copy("release", order.order_id))
        yield Step("Or hold them for the customer for another day", to_copy("extend --for 1d", order.order_id))
    if order.status is OrderStatus.UNKNOWN:
        yield Step("Restore the status from its last audit entry; keep the shop's own states in another field", None)
    if case.went_uncounted:
        gone = (each.product_id for each in order.counted_lines if not case.products[each.product_id].in_inventory)
        yield from map(_without_inventory, gone)


def _of_the_sweep(case: Case, now: datetime) -> Iterator[Step]:
    """What the sweep should have done by now."""
    late = now - UNTOUCHED_MAX
    order = case.order
    is_unplaced = order and order.status in (OrderStatus.PENDING, OrderStatus.RESERVING)
    if order and is_unplaced and order.created_at and order.created_at <= late:
        yield _for_the_sweep("held its units")
    if any(now - ASKED_WITHIN <= each.since <= late for each in case.requests):
        yield _for_the_sweep("answered operators' requests")
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
    return Step(f"{what}. Fix the cause: it is retried automatically", None)


def _without_inventory(product_id: str) -> Step:
    why = (
        f"Units of {product_id!r} moved, but it has no inventory. Count them, and enter the number with `./shop "
        "stock set`"
    )
    return Step(f"{why}; first see who holds some", to_copy("stock show", product_id))


def steps_for_finding(finding: Finding) -> Iterator[Step]:
    found = f"Found by {finding.rule}: {finding.found}"
    if finding.remedy is None or finding.remedy.startswith(SHOWS_ONLY):
        yield Step(f"{found}. The runbook says what to do, under “Money, stock or the trail disagree”", None)
    else:
        yield Step(found, finding.remedy)
    yield Step("Or, if somebody has looked into it and it may stay", to_copy("handle", finding.finding_id))


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
    mend = f"write its `units` as {{{units}}}" if units else "no hot product was sold, so delete it"
    why = f"{path} is not what this service writes: {mend}. Until then no stock can be set, added or counted"
    return Step(f"{why}; the runbook says more, under “Sold units are not taken”", None)


def _of_taking(order: Order, case: Case, now: datetime) -> Iterator[Step]:
    if case.taking and is_taking_overdue(order, now):
        why = "Its sold units should have left `stock` and `reserved` within a minute"
        yield Step(f"{why}: the runbook says what to do, under “Sold units are not taken”", None)


def _given_up(effect: Effect) -> Iterator[Step]:
    what = f"The {effect.stored.effect.kind} for {effect.stored.effect.recipient} was given up"
    effect_id = effect.stored.effect.effect_id
    yield Step(f"{what} ({effect.error}). Once the cause is fixed, retry it", to_copy("retry", effect_id))
    yield Step("Or, if somebody has done it since, or it is no longer wanted", to_copy("handle", effect_id))


def step_for_unreadable(effect: UnreadableEffect) -> Step:
    what = f"effects/{effect.effect_id} ({effect.kind} for {effect.recipient}, {effect.state}) cannot be performed"
    return Step(f"{what}: do it by hand if it is still wanted, then delete the document in the Firebase console", None)


def _of_dispute(dispute: Dispute) -> Step:
    return Step(
        f"Answer dispute {dispute.dispute_id} in Stripe{dispute.deadline}: its status is {dispute.status}", None
    )
