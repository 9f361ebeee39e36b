"""The report on one order as frozen data, for JSON and for `ops.report_page`. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ops.case import Case, Finding, ParkedEvent, Request
from ops.money_steps import steps_for_elsewhere
from ops.next_steps import is_taking_overdue, steps_of
from ops.standing import STANDING, what_is_missing, where_it_is
from ops.step import Step
from ops.timeline import Happening
from orders.adjustments import Adjustment
from orders.disputes import Dispute
from orders.money import Money
from orders.order import Order
from orders.payments import Payment


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
    """Units on hand; None if the product is never short, or its figures are unusable."""
    reserved: int | None
    available: int | None
    defect: str | None
    """Why the product cannot be held."""


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
    elsewhere: tuple[Step, ...]
    """The refunds made outside Stripe, and how to take each back."""
    session: str | None
    """The Checkout session that the service opened for it, and its state."""
    stock: tuple[StockRow, ...]
    disputes: tuple[Dispute, ...]
    parked: tuple[ParkedEvent, ...]
    findings: tuple[Finding, ...]
    requests: tuple[Request, ...]
    """Operators' requests that are not answered yet."""
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
        standing=_standing(case),
        user_id=order.user_id if order else None,
        created_at=order.created_at if order else None,
        missing=(*what_is_missing(order, now), *_to_take(order, case, now)) if order else (),
        asked=order.asked if order else None,
        items_total=order.items_total if order else None,
        adjustments=order.adjustments if order else (),
        received=received,
        refunded=order.refunded_in(received.currency) if order and received else None,
        payments=tuple(_payment_row(payment, order) for payment in order.payments.by_id.values()) if order else (),
        elsewhere=tuple(steps_for_elsewhere(order)) if order else (),
        session=f"{case.checkout.session_id}: {case.checkout.state}" if case.checkout else None,
        stock=tuple(_stock_rows(order, case)) if order else (),
        disputes=case.disputes,
        parked=case.parked,
        findings=case.findings,
        requests=case.requests,
        timeline=case.timeline,
        cut=case.cut,
        next=tuple(steps_of(case, now)),
    )


def _standing(case: Case) -> str:
    if case.order is None:
        # What waits for an order is on record, too, even if that order was never written.
        was_there = any(each.status_before or each.status_after for each in case.timeline)
        return "there is no such order any more: it was deleted" if was_there else "there is no such order"
    if case.overwritten:
        return f"somebody else has overwritten its status, which was {case.overwritten}: {STANDING[case.overwritten]}"
    return where_it_is(case.order)


def _to_take(order: Order, case: Case, now: datetime) -> Iterator[str]:
    is_overdue = is_taking_overdue(order, now)
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
