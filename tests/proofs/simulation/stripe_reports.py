"""What Stripe reports of one payment, as templates of events, in the order in which it happens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from orders.declines import Decline
from orders.disputes import Dispute
from orders.events import (
    ChargeRefunded,
    DisputeChanged,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.money import Money
from orders.refunds import Refund, Refunds, RefundStatus, RestockRule
from tests.proofs.simulation.payments import CHECKOUT_COMPLETED, SUCCESS_TYPES, InSession, Payment, Repayment
from tests.support.builders import NOW

Build = Callable[[StripeDelivery], StripeEvent]


class Names(Protocol):
    """By which Stripe knows what belongs to an order."""

    @property
    def order_id(self) -> str: ...
    def intent_of(self, payment: Payment) -> str: ...
    def charge_of(self, payment: Payment) -> str: ...


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """One event of Stripe's, which may be delivered many times."""

    event_id: str
    event_type: str
    created_at: datetime
    payment: Payment | None
    """What it is about; None for a session in which nobody has begun to pay."""
    build: Build

    @property
    def names_order(self) -> bool:
        """Refunds and disputes name only their payment."""
        return not self.event_type.startswith(("refund.", "charge.dispute."))

    @property
    def reports_money(self) -> bool:
        """Whether it is worth waiting for its order."""
        return self.event_type in SUCCESS_TYPES or self.event_type == "charge.refunded"

    @property
    def reports_refund(self) -> bool:
        return self.event_type == "charge.refunded" or self.event_type.startswith("refund.")

    def delivered(self, at: datetime) -> StripeEvent:
        delivery = StripeDelivery(
            self.event_id,
            self.event_type,
            self.created_at,
            delivered_at=at,
            livemode=False,
            api_version=None,
            account="acct_other" if self.payment and self.payment.is_foreign else None,
        )
        return self.build(delivery)


class Reported(NamedTuple):
    event_type: str
    which: str
    """One of this type it is."""
    payment: Payment | None
    build: Build

    @property
    def is_early(self) -> bool:
        return self.payment is not None and self.payment.is_early

    def at(self, created_at: datetime, order_id: str) -> EventTemplate:
        # Named for what it reports, not numbered: whatever else is left out of the names, it is the same event.
        event_id = "_".join(filter(None, ("evt", order_id, self.event_type, self.which)))
        return EventTemplate(event_id, self.event_type, created_at, self.payment, self.build)


def events_of_payment(names: Names, payment: Payment) -> Iterator[tuple[str, str, Build]]:
    for event_type in payment.declines:
        yield event_type, "", _declined(names, payment)
    if payment.is_processing:
        event_type = "payment_intent.requires_action" if payment.voucher_days else "payment_intent.processing"
        yield event_type, "", _processing(names, payment)
    if payment.is_canceled:
        yield "payment_intent.canceled", "", ended(names, names.intent_of(payment))
    money = Money(payment.amount, "eur")
    for event_type in payment.success_types:
        intent_id = None if payment.is_free else names.intent_of(payment)
        charge_id = None if event_type == CHECKOUT_COMPLETED else names.charge_of(payment)
        session = payment.session if event_type == CHECKOUT_COMPLETED else None
        paid = paid_by(names, money, intent_id, charge_id, session)
        yield event_type, "", _naming_attempt(paid, payment)
    yield from _refund_events(names, payment, money)
    for number, status in payment.disputes:
        yield "charge.dispute.updated", f"_{number}_{status}", _disputed(names, payment, money, number, status)


def _refund_events(names: Names, payment: Payment, paid: Money) -> Iterator[tuple[str, str, Build]]:
    """Refunds are made one after the other and added up by the charge; that one has failed turns out only later."""
    counted = 0
    for repayment in payment.refunds:
        if repayment.asked_at is None:
            counted += repayment.amount
            yield from events_of_refund(names, payment, repayment, paid, counted)
            counted -= repayment.amount if repayment.fails else 0


def events_of_refund(
    names: Names, payment: Payment, repayment: Repayment, paid: Money, counted: int
) -> Iterator[tuple[str, str, Build]]:
    which = f"_{repayment.number}"
    report = partial(_refund, names, payment, repayment)
    if (repayment.is_slow or repayment.is_stuck) and payment.refunds_report:
        yield "refund.created", which, report(RefundStatus.PENDING)
    if payment.charge_reports:
        yield "charge.refunded", which, _naming_attempt(_refunded_charge(names, payment, paid, counted), payment)
    if payment.refunds_report and not repayment.is_stuck:
        yield "refund.updated", which, report(RefundStatus.SUCCEEDED)
    if repayment.fails:
        yield "refund.failed", which, report(RefundStatus.FAILED)


def _declined(names: Names, payment: Payment) -> Build:
    intent_id, attempt = names.intent_of(payment), f"{names.charge_of(payment)}_declined"
    decline = Decline("card_declined", "insufficient_funds", NOW, intent_id, attempt)
    return lambda delivery: PaymentFailed(
        delivery=delivery, order_id=names.order_id, payment_intent_id=intent_id, charge_id=attempt, decline=decline
    )


def _processing(names: Names, payment: Payment) -> Build:
    return lambda delivery: PaymentProcessing(
        delivery=delivery,
        order_id=names.order_id,
        payment_intent_id=names.intent_of(payment),
        charge_id=None,
        until=delivery.created_at + timedelta(days=payment.voucher_days) if payment.voucher_days else None,
    )


def ended(names: Names, intent_id: str | None, session_id: str | None = None) -> Build:
    return lambda delivery: PaymentCanceled(
        delivery=delivery, order_id=names.order_id, payment_intent_id=intent_id, charge_id=None, session_id=session_id
    )


def paid_by(
    names: Names, money: Money, intent_id: str | None, charge_id: str | None, session: InSession | None = None
) -> Build:
    return lambda delivery: PaymentSucceeded(
        delivery=delivery,
        order_id=names.order_id,
        payment_intent_id=intent_id,
        charge_id=charge_id,
        money=money,
        session_id=session.session_id if session else None,
        totals=session.totals if session else None,
    )


def _naming_attempt(build: Build, payment: Payment) -> Build:
    """As metadata does that our own sessions give their payments."""
    attempt = payment.session.attempt if payment.session else None
    return lambda delivery: replace(build(delivery), attempt=attempt)


def _refunded_charge(names: Names, payment: Payment, paid: Money, counted: int) -> Build:
    return lambda delivery: ChargeRefunded(
        delivery=delivery,
        order_id=names.order_id,
        payment_intent_id=names.intent_of(payment),
        charge_id=names.charge_of(payment),
        paid=paid,
        amount_refunded=counted,
    )


def refund_id_of(names: Names, payment: Payment, repayment: Repayment) -> str:
    return f"re_{names.order_id}_{payment.number}_{repayment.number}"


def _refund(names: Names, payment: Payment, repayment: Repayment, status: RefundStatus) -> Build:
    intent_id, said = names.intent_of(payment), repayment.restock
    restock = said if isinstance(said, RestockRule) else dict(said) or None
    refund_id = refund_id_of(names, payment, repayment)
    refund = Refund(refund_id, repayment.amount, status, restock, intent_id, at=repayment.asked_at)
    return lambda delivery: RefundUpdated(
        delivery=delivery,
        order_id=None,
        payment_intent_id=intent_id,
        charge_id=names.charge_of(payment),
        money=Money(repayment.amount, "eur"),
        refunds=Refunds.of(replace(refund, failed_at=delivery.created_at) if refund.is_undone else refund),
    )


def _disputed(names: Names, payment: Payment, money: Money, number: int, status: str) -> Build:
    return lambda delivery: DisputeChanged(
        delivery=delivery,
        order_id=None,
        payment_intent_id=names.intent_of(payment),
        charge_id=names.charge_of(payment),
        dispute=Dispute(
            dispute_id=f"dp_{names.order_id}_{payment.number}_{number}",
            status=status,
            reason="fraudulent",
            amount=money.amount,
            currency=money.currency,
            due_by=None,
            opened_at=NOW,
            told_at=delivery.created_at,
        ),
    )
