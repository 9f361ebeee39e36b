"""What really happens around one order, and every event that Stripe sends about it: as consistent as real ones are."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import chain, zip_longest
from typing import Final, NamedTuple

from orders.checkout import SessionTotals
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
from orders.shop_events import OrderPlaced
from tests.proofs.simulation.payments import CHECKOUT_COMPLETED, SUCCESS_TYPES, InSession, Payment, Repayment
from tests.proofs.simulation.stripe_sessions import StripeSession
from tests.support.builders import NOW, Fields, a_catalogue_entry, an_order

PRICES: Final[Mapping[str, int]] = {"cup": 700, "hat": 1_200, "sample": 0}
"""What a unit of each product costs, in cents."""


def catalogue_entry_of(product_id: str) -> Fields:
    return a_catalogue_entry(name=product_id, unitAmount=PRICES[product_id])


_EARLY: Final = timedelta(days=2)


@dataclass(frozen=True)
class Scenario:
    """Everything that happens around one order."""

    order_id: str
    lines: tuple[tuple[str, int], ...]
    """Products and quantities, as the customer wrote them: two lines may name the same product."""
    appears: bool = True
    """Whether the customer's order is ever written."""
    is_written_again: bool = False
    """Whether it is deleted once it holds nothing any more, and another one written under its id."""
    is_trigger_lost: bool = False
    """Whether the trigger for the created order never fires."""
    asks_to_cancel: bool = False
    is_given_up: bool = False
    """Whether Stripe reports that a session is over in which nobody has begun to pay."""
    adjustments: tuple[int, ...] = ()
    """What the shop's backend adds to the price while the order is reserved, in cents."""
    is_adjusted_wrongly: bool = False
    """Whether that cannot be read."""
    is_adjusted_late: bool = False
    """Whether the backend does so when the order is paid, so that it changes nothing."""
    is_interleaved: bool = False
    """Whether Stripe reports its payments in turns, not one after the other."""
    free_session: bool = False
    """Whether a session that was free of charge is reported, although the order has a price."""
    adds: tuple[int, int, int] = (0, 0, 0)
    """What its customer gets as a discount and pays for shipping and tax in a session of ours, where that adds any."""
    payments: tuple[Payment, ...] = ()
    over: tuple[tuple[str, datetime], ...] = ()
    """The sessions of ours that have expired, and when."""

    def intent_of(self, payment: Payment) -> str:
        return f"pi_{self.order_id}_{payment.number}"

    def charge_of(self, payment: Payment) -> str:
        return f"ch_{self.order_id}_{payment.number}"

    @property
    def units(self) -> Mapping[str, int]:
        units: Counter[str] = Counter()
        for product_id, quantity in self.lines:
            units[product_id] += quantity
        return units

    @property
    def units_at_most(self) -> Mapping[str, int]:
        """What it takes to fulfil it: twice as much if it may be sold, and then be ordered again."""
        return {product_id: quantity * (1 + self.is_written_again) for product_id, quantity in self.units.items()}

    @property
    def is_adjusted(self) -> bool:
        return bool(self.adjustments) or self.is_adjusted_wrongly

    @property
    def asked(self) -> int:
        """What is asked if the backend adjusts it in time, and as it should."""
        return self.price + (0 if self.is_adjusted_late else sum(self.adjustments))

    @property
    def price(self) -> int:
        """Of the items."""
        return sum(PRICES[product_id] * quantity for product_id, quantity in self.lines)

    @property
    def is_consistent(self) -> bool:
        """Whether all of this can be true at once."""
        if not self.price and (self.free_session or self.is_adjusted):
            return False
        restocked = (refund.restock for payment in self.payments for refund in payment.refunds)
        names_own_units = all(
            isinstance(units, RestockRule) or dict(units).keys() <= self.units.keys() for units in restocked
        )
        return names_own_units and all(
            payment.is_consistent and payment.is_free is not bool(self.price) for payment in self.payments
        )

    @cached_property
    def events(self) -> Mapping[str, "EventTemplate"]:
        """Everything that Stripe sends, by event id, in the order in which it happened."""
        events: dict[str, EventTemplate] = {}
        reported = list(_events_of(replace(self, payments=self._foreseen)))
        for number, one in enumerate(_in_turns(reported) if self.is_interleaved else reported):
            # Two events within a second are nothing unusual.
            created_at = NOW + timedelta(seconds=number // 2) - (_EARLY if one.is_early else timedelta())
            event = one.at(created_at, self.order_id)
            events[event.event_id] = event
        for one, at in chain(_events_of_own_refunds(self), _events_of_own_sessions(self)):
            event = one.at(at, self.order_id)
            events[event.event_id] = event
        return events

    @property
    def _foreseen(self) -> tuple[Payment, ...]:
        """All but those that are made in sessions which the service opens."""
        return tuple(payment for payment in self.payments if payment.paid_at is None)

    def with_payment(self, made: StripeSession, adds: tuple[int, int, int], at: datetime) -> "Scenario":
        """In a session of ours."""
        discount, shipping, tax = adds
        total = made.subtotal - discount + shipping + tax
        totals = SessionTotals(made.subtotal, total, discount, shipping, tax, "eur")
        session = InSession(made.session_id, totals, paid_at=at, attempt=made.attempt)
        number = 1 + max((payment.number for payment in self.payments), default=-1)
        paid = Payment(number, total, success_types=SUCCESS_TYPES, session=session)
        return replace(self, payments=(*self.payments, paid))

    def with_refund(self, paid: Payment, refund: Repayment) -> "Scenario":
        # Once a second one has failed, what else a charge has summed up is known only if each reports itself.
        is_second = refund.fails and any(each.fails for each in paid.refunds)
        more = replace(paid, refunds=(*paid.refunds, refund), refunds_report=paid.refunds_report or is_second)
        return replace(self, payments=tuple(more if each is paid else each for each in self.payments))

    @property
    def placed(self) -> OrderPlaced:
        return OrderPlaced(self.order_id, tuple(self.units))

    def order(self, created_at: datetime) -> Fields:
        """The order as its customer writes it."""
        items = [{"productId": product_id, "quantity": quantity} for product_id, quantity in self.lines]
        return an_order(items=items, createdAt=created_at)

    def adjustments_written(self) -> list[Fields]:
        """What its backend writes into it."""
        adjustments: list[Fields] = [{"kind": "shipping", "amount": amount} for amount in self.adjustments]
        return [*adjustments, {"kind": "bribe", "amount": 1}] if self.is_adjusted_wrongly else adjustments


Build = Callable[[StripeDelivery], StripeEvent]


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


class _Reported(NamedTuple):
    event_type: str
    which: str
    """One of this type it is."""
    payment: Payment | None
    build: Build

    @property
    def is_early(self) -> bool:
        return self.payment is not None and self.payment.is_early

    def at(self, created_at: datetime, order_id: str) -> EventTemplate:
        # Named for what it reports, not numbered: whatever else is left out of the scenario, it is the same event.
        event_id = "_".join(filter(None, ("evt", order_id, self.event_type, self.which)))
        return EventTemplate(event_id, self.event_type, created_at, self.payment, self.build)


def _in_turns(reported: Iterable[_Reported]) -> Iterator[_Reported]:
    """The first about each payment, then the second about each, and so on."""
    about: dict[str, list[_Reported]] = {}
    for one in reported:
        about.setdefault(one.which.partition("_")[0], []).append(one)
    return (one for each in zip_longest(*about.values()) for one in each if one)


def _events_of(scenario: Scenario) -> Iterator[_Reported]:
    if scenario.is_given_up:
        yield _Reported("checkout.session.expired", "", None, _ended(scenario, None))
    if scenario.free_session:
        yield _Reported(CHECKOUT_COMPLETED, "free", None, _paid(scenario, Money(0, "eur"), None, None))
    for payment in scenario.payments:
        for event_type, which, build in _events_of_payment(scenario, payment):
            yield _Reported(event_type, f"{payment.number}{which}", payment, build)


def _events_of_payment(scenario: Scenario, payment: Payment) -> Iterator[tuple[str, str, Build]]:
    for event_type in payment.declines:
        yield event_type, "", _declined(scenario, payment)
    if payment.is_processing:
        event_type = "payment_intent.requires_action" if payment.voucher_days else "payment_intent.processing"
        yield event_type, "", _processing(scenario, payment)
    if payment.is_canceled:
        yield "payment_intent.canceled", "", _ended(scenario, scenario.intent_of(payment))
    money = Money(payment.amount, "eur")
    for event_type in payment.success_types:
        intent_id = None if payment.is_free else scenario.intent_of(payment)
        charge_id = None if event_type == CHECKOUT_COMPLETED else scenario.charge_of(payment)
        session = payment.session if event_type == CHECKOUT_COMPLETED else None
        paid = _paid(scenario, money, intent_id, charge_id, session)
        yield event_type, "", _naming_attempt(paid, payment)
    yield from _refund_events(scenario, payment, money)
    for number, status in payment.disputes:
        yield "charge.dispute.updated", f"_{number}_{status}", _disputed(scenario, payment, money, number, status)


def _refund_events(scenario: Scenario, payment: Payment, paid: Money) -> Iterator[tuple[str, str, Build]]:
    """Refunds are made one after the other and added up by the charge; that one has failed turns out only later."""
    counted = 0
    for repayment in payment.refunds:
        if repayment.asked_at is None:
            counted += repayment.amount
            yield from _events_of_refund(scenario, payment, repayment, paid, counted)
            counted -= repayment.amount if repayment.fails else 0


def _events_of_own_refunds(scenario: Scenario) -> Iterator[tuple[_Reported, datetime]]:
    """Whatever Stripe reports of the others, it reports all of those that the service has asked for."""
    for payment in scenario.payments:
        counted, reporting = 0, replace(payment, charge_reports=True, refunds_report=True)
        # Those that others have made are all there from the beginning.
        for repayment in sorted(payment.refunds, key=lambda refund: refund.asked_at is not None):
            counted += repayment.amount
            if repayment.asked_at:
                events = _events_of_refund(scenario, reporting, repayment, Money(payment.amount, "eur"), counted)
                for event_type, which, build in events:
                    yield _Reported(event_type, f"{payment.number}{which}", payment, build), repayment.asked_at
            counted -= repayment.amount if repayment.fails else 0


def _events_of_own_sessions(scenario: Scenario) -> Iterator[tuple[_Reported, datetime]]:
    for payment in scenario.payments:
        if payment.paid_at:
            unrefunded = replace(payment, refunds=())
            for event_type, which, build in _events_of_payment(scenario, unrefunded):
                yield _Reported(event_type, f"{payment.number}{which}", payment, build), payment.paid_at
    for session_id, at in scenario.over:
        yield _Reported("checkout.session.expired", session_id, None, _ended(scenario, None, session_id)), at


def _events_of_refund(
    scenario: Scenario, payment: Payment, repayment: Repayment, paid: Money, counted: int
) -> Iterator[tuple[str, str, Build]]:
    which = f"_{repayment.number}"
    report = partial(_refund, scenario, payment, repayment)
    if (repayment.is_slow or repayment.is_stuck) and payment.refunds_report:
        yield "refund.created", which, report(RefundStatus.PENDING)
    if payment.charge_reports:
        yield "charge.refunded", which, _naming_attempt(_refunded_charge(scenario, payment, paid, counted), payment)
    if payment.refunds_report and not repayment.is_stuck:
        yield "refund.updated", which, report(RefundStatus.SUCCEEDED)
    if repayment.fails:
        yield "refund.failed", which, report(RefundStatus.FAILED)


def _declined(scenario: Scenario, payment: Payment) -> Build:
    intent_id, attempt = scenario.intent_of(payment), f"{scenario.charge_of(payment)}_declined"
    decline = Decline("card_declined", "insufficient_funds", NOW, intent_id, attempt)
    return lambda delivery: PaymentFailed(
        delivery=delivery, order_id=scenario.order_id, payment_intent_id=intent_id, charge_id=attempt, decline=decline
    )


def _processing(scenario: Scenario, payment: Payment) -> Build:
    return lambda delivery: PaymentProcessing(
        delivery=delivery,
        order_id=scenario.order_id,
        payment_intent_id=scenario.intent_of(payment),
        charge_id=None,
        until=delivery.created_at + timedelta(days=payment.voucher_days) if payment.voucher_days else None,
    )


def _ended(scenario: Scenario, intent_id: str | None, session_id: str | None = None) -> Build:
    return lambda delivery: PaymentCanceled(
        delivery=delivery,
        order_id=scenario.order_id,
        payment_intent_id=intent_id,
        charge_id=None,
        session_id=session_id,
    )


def _paid(
    scenario: Scenario, money: Money, intent_id: str | None, charge_id: str | None, session: InSession | None = None
) -> Build:
    return lambda delivery: PaymentSucceeded(
        delivery=delivery,
        order_id=scenario.order_id,
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


def _refunded_charge(scenario: Scenario, payment: Payment, paid: Money, counted: int) -> Build:
    return lambda delivery: ChargeRefunded(
        delivery=delivery,
        order_id=scenario.order_id,
        payment_intent_id=scenario.intent_of(payment),
        charge_id=scenario.charge_of(payment),
        paid=paid,
        amount_refunded=counted,
    )


def refund_id_of(scenario: Scenario, payment: Payment, repayment: Repayment) -> str:
    return f"re_{scenario.order_id}_{payment.number}_{repayment.number}"


def _refund(scenario: Scenario, payment: Payment, repayment: Repayment, status: RefundStatus) -> Build:
    intent_id, said = scenario.intent_of(payment), repayment.restock
    restock = said if isinstance(said, RestockRule) else dict(said) or None
    refund_id = refund_id_of(scenario, payment, repayment)
    refund = Refund(refund_id, repayment.amount, status, restock, intent_id)
    return lambda delivery: RefundUpdated(
        delivery=delivery,
        order_id=None,
        payment_intent_id=intent_id,
        charge_id=scenario.charge_of(payment),
        money=Money(repayment.amount, "eur"),
        refunds=Refunds.of(refund),
    )


def _disputed(scenario: Scenario, payment: Payment, money: Money, number: int, status: str) -> Build:
    return lambda delivery: DisputeChanged(
        delivery=delivery,
        order_id=None,
        payment_intent_id=scenario.intent_of(payment),
        charge_id=scenario.charge_of(payment),
        dispute=Dispute(
            dispute_id=f"dp_{scenario.order_id}_{payment.number}_{number}",
            status=status,
            reason="fraudulent",
            amount=money.amount,
            currency=money.currency,
            due_by=None,
            opened_at=NOW,
            told_at=delivery.created_at,
        ),
    )
