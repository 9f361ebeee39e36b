"""One order on one page, as frozen data: what JSON has of it, and what `ops.report_page` puts into words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from effects.effect import EffectKind, EffectState
from ops.case import Case, Effect, Finding, ParkedEvent, Request, UnreadableEffect
from ops.phrases import to_copy
from ops.standing import due_back, what_is_missing, where_it_is
from ops.timeline import Happening
from orders.adjustments import Adjustment
from orders.disputes import Dispute
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.outcome import Result
from orders.payments import Payment
from reconciliation.rules.taking_overdue import OVERDUE_AFTER


@dataclass(frozen=True, slots=True)
class PaymentRow:
    payment_id: str
    state: str
    received: Money | None
    refunded: Money | None
    role: str
    """Whether it pays for the order."""


@dataclass(frozen=True, slots=True)
class StockRow:
    product_id: str
    ordered: int
    held: int
    taken: int
    returned: int
    stock: int | None
    """On the shelf, for all; None where it is never short, or where its figures cannot be used."""
    reserved: int | None
    available: int | None
    defect: str | None
    """Why nothing can be held of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a person can do next."""

    why: str
    command: str | None
    """None where nothing here does it."""


@dataclass(frozen=True, slots=True)
class Report:
    order_id: str
    status: str | None
    """None if there is no such order."""
    standing: str
    user_id: str | None
    created_at: datetime | None
    missing: tuple[str, ...]
    asked: Money | None
    items_total: Money | None
    adjustments: tuple[Adjustment, ...]
    received: Money | None
    refunded: Money | None
    payments: tuple[PaymentRow, ...]
    session: str | None
    """The Checkout session that the service has opened for it, and its state."""
    stock: tuple[StockRow, ...]
    disputes: tuple[Dispute, ...]
    parked: tuple[ParkedEvent, ...]
    findings: tuple[Finding, ...]
    requests: tuple[Request, ...]
    """Asked for by operators, and not answered yet."""
    timeline: tuple[Happening, ...]
    cut: tuple[str, ...]
    next: tuple[Step, ...]

    @property
    def needs_person(self) -> bool:
        return bool(self.next)


def report_on(case: Case, now: datetime) -> Report:
    order = case.order
    received = order.received if order else None
    return Report(
        order_id=case.order_id,
        status=str(order.status) if order else None,
        standing=where_it_is(order) if order else "there is no such order",
        user_id=order.user_id if order else None,
        created_at=order.created_at if order else None,
        missing=(*what_is_missing(order, now), *_to_take(order, case, now)) if order else (),
        asked=order.asked if order else None,
        items_total=order.items_total if order else None,
        adjustments=order.adjustments if order else (),
        received=received,
        refunded=Money(order.amount_refunded, received.currency) if order and received else None,
        payments=tuple(_payment_row(payment, order) for payment in order.payments.by_id.values()) if order else (),
        session=f"{case.checkout.session_id}: {case.checkout.state}" if case.checkout else None,
        stock=tuple(_stock_rows(order, case)) if order else (),
        disputes=case.disputes,
        parked=case.parked,
        findings=case.findings,
        requests=case.requests,
        timeline=case.timeline,
        cut=case.cut,
        next=tuple(_steps(case, now)),
    )


def _to_take(order: Order, case: Case, now: datetime) -> Iterator[str]:
    is_overdue = _is_overdue(order, now)
    for product_id, units in case.taking.items():
        end = "should have left" if is_overdue else "leave"
        yield f"{units} of {product_id!r} are sold; within a minute they {end} `stock` and `reserved`"


def _payment_row(payment: Payment, order: Order) -> PaymentRow:
    refunded = order.refunds.amount_of(payment)
    return PaymentRow(
        payment_id=payment.payment_id,
        state=str(payment.state),
        received=payment.money,
        refunded=Money(refunded, payment.money.currency) if payment.money and refunded else None,
        role=_role_of(payment, order),
    )


def _role_of(payment: Payment, order: Order) -> str:
    if payment.is_doubtful:
        return "may be another order's"
    if payment in order.extra_payments:
        return "not needed"
    return "pays for it" if payment in order.paying and order.paid_with else ""


def _stock_rows(order: Order, case: Case) -> Iterator[StockRow]:
    counted = {line.product_id for line in order.counted_lines}
    for line in order.lines:
        product = case.products[line.product_id]
        returned = order.returned.get(line.product_id, 0)
        level = product.level
        yield StockRow(
            product_id=line.product_id,
            ordered=line.quantity,
            held=line.quantity if order.holds_units and line.product_id in counted else 0,
            taken=order.taken.get(line.product_id, 0),
            returned=returned,
            stock=level.stock if level else None,
            reserved=level.reserved if level else None,
            available=level.available if level else None,
            defect=product.level_defect if product.in_inventory else "it has no inventory",
        )


# --- What to do next --------------------------------------------------------------------------------------------------

_BY_STATUS: Final[Mapping[OrderStatus, tuple[tuple[str, str], ...]]] = {
    OrderStatus.REVIEW: (
        ("Take what was paid for what was asked, and fulfil it", "accept"),
        ("Or pay the money back, and let the units go", "refund"),
    ),
    OrderStatus.REFUND_DUE: (("Pay the money back", "refund"),),
}
"""What a person decides of an order in this status."""


_LEADS_HERE: Final = "./shop why "
"""A remedy that begins with it shows the page that it would be on."""
_PARKED: Final[Mapping[str, str]] = {
    Result.ORDER_NOT_FOUND: ". Have the order written, which settles it, or refund the payment in Stripe. "
    "Once the order is there",
    Result.PAYMENT_NOT_FOUND: ". If the payment is the shop's, replay the payment's own event, which settles this one, "
    "too. To try this one alone",
    Result.ERROR: ". Once what it names is mended and deployed",
}
"""What helps an event that is parked, before it is replayed."""


def _steps(case: Case, now: datetime) -> Iterator[Step]:
    yield from map(_of_finding, case.findings)
    yield from map(step_for_parked, case.parked)
    if case.order:
        yield from _of_taking(case.order, case, now)
        yield from _steps_of(case.order, case, now)
    yield from (_given_up(each) for each in case.effects if each.stored.state is EffectState.ERROR)
    yield from map(step_for_unreadable, case.unreadable_effects)
    yield from (_of_dispute(each) for each in case.disputes if each.is_open)


def _steps_of(order: Order, case: Case, now: datetime) -> Iterator[Step]:
    is_refunded_by_us = any(map(_is_refund_under_way, case.effects))
    due = due_back(order)
    is_settled = order.status is OrderStatus.REFUND_DUE and due is not None and not due.amount
    if not (is_refunded_by_us or is_settled):
        yield from (Step(why, to_copy(act, order.order_id)) for why, act in _BY_STATUS.get(order.status, ()))
    ends = order.reservation_expires_at
    if order.status is OrderStatus.RESERVED and ends and ends <= now:
        yield Step("Let its units go at once", to_copy("release", order.order_id))
        yield Step("Or keep them for its customer, for a day", f"{to_copy('extend', order.order_id)} --for 1d")
    if not is_refunded_by_us:
        for each in order.unneeded:
            act = f"refund --payment {each.payment_id}"
            yield Step(f"Refund {each.payment_id}: others pay for the order", to_copy(act, order.order_id))
    if order.status is OrderStatus.UNKNOWN:
        yield Step("Write back the status of its last audit entry; keep the shop's own in a field of its own", None)
    if case.went_uncounted:
        gone = (each.product_id for each in order.counted_lines if not case.products[each.product_id].in_inventory)
        yield from map(_without_inventory, gone)
    if order.cancel_requested_at and order.status in (OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED):
        yield Step("Its customer wants it cancelled: pay the money back", to_copy("refund", order.order_id))


def _without_inventory(product_id: str) -> Step:
    why = f"Units of {product_id!r} moved, and it has no inventory. Count them, and say so with `./shop stock set`"
    return Step(f"{why}; first look who holds some", to_copy("stock show", product_id))


def _is_refund_under_way(effect: Effect) -> bool:
    stored = effect.stored
    return stored.effect.kind is EffectKind.STRIPE_REFUND and stored.state not in (
        EffectState.SUCCESS,
        EffectState.ERROR,
    )


def _of_finding(finding: Finding) -> Step:
    found = f"Found by {finding.rule}: {finding.found}"
    if finding.remedy is None or finding.remedy.startswith(_LEADS_HERE):
        return Step(f"{found}. The runbook says what to do, under “Money, stock or the trail disagree”", None)
    return Step(found, finding.remedy)


def step_for_parked(parked: ParkedEvent) -> Step:
    said = f"Event {parked.event_id} ({parked.event_type}) is parked as {parked.result}"
    reason = f" ({parked.reason})" if parked.reason else ""
    return Step(f"{said}{reason}{_PARKED.get(parked.result, '')}", to_copy("replay", parked.event_id))


def _is_overdue(order: Order, now: datetime) -> bool:
    """Whether the units that it sold of hot products should have been taken by now."""
    return order.finalized_at is not None and now - order.finalized_at >= OVERDUE_AFTER


def _of_taking(order: Order, case: Case, now: datetime) -> Iterator[Step]:
    if case.taking and _is_overdue(order, now):
        why = "What it sold should have left `stock` and `reserved` within a minute"
        yield Step(f"{why}: the runbook says what to do, under “Sold units are not taken”", None)


def _given_up(effect: Effect) -> Step:
    what = f"The {effect.stored.effect.kind} for {effect.stored.effect.recipient} was given up"
    why = f"{what} ({effect.error}). Once that is mended, have it tried again, unless somebody has done it meanwhile"
    return Step(why, to_copy("retry", effect.stored.effect.effect_id))


def step_for_unreadable(effect: UnreadableEffect) -> Step:
    what = f"effects/{effect.effect_id} ({effect.kind} for {effect.recipient}, {effect.state}) is none that can be done"
    return Step(f"{what}: do it by hand if it is still wanted, then delete the document in the console", None)


def _of_dispute(dispute: Dispute) -> Step:
    due = f", with evidence until {dispute.due_by:%Y-%m-%d %H:%M}" if dispute.due_by else ""
    return Step(f"Answer dispute {dispute.dispute_id} in Stripe{due}: it is {dispute.status}", None)
