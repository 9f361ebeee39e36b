"""Orders that are paid: finalized, kept for a person to decide, or due for a refund. Pure."""

from dataclasses import replace

from inventory.reservation import Refused
from inventory.stock import StockMove, take
from notifications.notices import NoticeType
from orders.events import CarriesPayment, ChargeRefunded, PaymentSucceeded
from orders.order import CLOSED, Order, OrderStatus, Payment
from orders.outcome import Result
from settlement.decisions import Case, GiveBack, Look, Proposal
from settlement.matching import already, mismatch, why_not_paid
from settlement.refunding import with_refund


def take_units(case: Case, *, counted: tuple[StockMove, ...] = ()) -> Proposal | Look | GiveBack:
    """Finalize an order whose units are held, or keep them held for a person to decide.

    Args:
        counted: the hold, if it was only just counted for this payment.
    """
    event, order = _payment_event(case), case.order
    payment = event.payment
    if order.defect:
        return _paid(case, event, _quarantined(case, payment, f"invalid_order: {order.defect}", counted))
    if reason := why_not_paid(event, order):
        # A late payment is holding the closed order, or crashed while holding it, and comes again.
        return GiveBack.of(case) if order.held_from in CLOSED else _keep_unpaid(case, reason, counted)
    if difference := mismatch(payment, order):
        return _paid(case, event, _quarantined(case, payment, difference, counted))
    paid = replace(order, status=OrderStatus.FINALIZED, held_from=None, payment=payment, finalized_at=case.now)
    return _paid(case, event, Proposal(Result.FIRST_TIME_FINALIZED, paid, take(order.lines), counted, NoticeType.PAID))


def quarantine(case: Case) -> Proposal | Look:
    """Keep the payment of an order that cannot be held as it is."""
    event = _payment_event(case)
    return _paid(case, event, _quarantined(case, event.payment, f"invalid_order: {case.order.defect}"))


def refuse(case: Case, refused: Refused | None = None) -> Proposal | Look:
    """Fail an order that cannot be held; if it is paid, its money is due back.

    Args:
        refused: why; the defect of the order, if it is None.
    """
    refused = refused or Refused(f"invalid_order: {case.order.defect}")
    reason, note = str(refused), refused.note
    order = replace(case.order, held_from=None, failure_reason=reason)
    if isinstance(case.event, CarriesPayment) and not case.event.payment.is_free:
        due = OrderStatus.REFUND_DUE
        order = replace(order, status=due, unfulfilled_as=due, payment=case.event.payment)
        return _paid(case, case.event, Proposal(Result.REFUND_DUE, order, notice=NoticeType.REFUND_DUE, note=note))
    if order.status in CLOSED:
        # The customer knows, and what came too late cost them nothing.
        return Proposal(already(order), case.order, note=note)
    failed = replace(order, status=OrderStatus.FAILED)
    return Proposal(Result.RESERVATION_FAILED, failed, notice=NoticeType.FAILED, note=note)


def closed_and_not_paid(case: Case, order: Order) -> Proposal | None:
    """What is over stays so for a session that was free of charge, if the order has a price."""
    if order.status not in CLOSED or not (reason := why_not_paid(case.event, order)):
        return None
    return Proposal(Result.NOT_PAID, case.order, notice=NoticeType.NOT_PAID, note=reason)


def _keep_unpaid(case: Case, reason: str, counted: tuple[StockMove, ...]) -> Proposal:
    """Leave the order to be paid, and give a person as long to decide as a payment has that is on its way."""
    order = case.order
    ends = (order.reservation_expires_at, case.now + case.terms.async_reservation)
    kept = replace(
        order,
        status=OrderStatus.RESERVED,
        held_from=None,
        reserved_at=case.now if counted else order.reserved_at,
        reservation_expires_at=max(filter(None, ends)),
    )
    return Proposal(Result.NOT_PAID, kept, counted=counted, notice=NoticeType.NOT_PAID, note=reason)


def _quarantined(case: Case, payment: Payment, reason: str, counted: tuple[StockMove, ...] = ()) -> Proposal:
    order = replace(
        case.order,
        status=OrderStatus.REVIEW,
        unfulfilled_as=OrderStatus.REVIEW,
        held_from=None,
        hold_kept=case.order.holds_units,
        payment=payment,
        failure_reason=reason,
    )
    return Proposal(Result.QUARANTINED, order, counted=counted, notice=NoticeType.REVIEW, note=reason)


def _paid(case: Case, event: CarriesPayment, proposal: Proposal) -> Proposal | Look:
    """The payment, and whatever the same event says of refunds."""
    return with_refund(case, event, proposal) if isinstance(event, ChargeRefunded) else proposal


def _payment_event(case: Case) -> CarriesPayment:
    return case.event if isinstance(case.event, ChargeRefunded) else case.event_as(PaymentSucceeded)
