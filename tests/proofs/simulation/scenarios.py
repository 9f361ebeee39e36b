"""What really happens around one order, and every event that Stripe sends about it: as consistent as real ones are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from orders.declines import Decline
from orders.disputes import Dispute
from orders.events import (
    ChargeRefunded,
    DisputeChanged,
    OrderPlaced,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.order import Money
from orders.refunds import Refund, Refunds, RefundStatus
from tests.support.builders import NOW, Fields, a_catalogue_entry, an_order

PRICES: Final[Mapping[str, int]] = {"cup": 700, "hat": 1_200, "sample": 0}
"""What a unit of each product costs, in cents."""
CHECKOUT_COMPLETED: Final = "checkout.session.completed"
SUCCESS_TYPES: Final = ("charge.succeeded", "payment_intent.succeeded", CHECKOUT_COMPLETED)
"""The event types with which Stripe reports that a payment succeeded. A session does not name the charge."""


def catalogue_entry_of(product_id: str) -> Fields:
    return a_catalogue_entry(name=product_id, unitAmount=PRICES[product_id])


@dataclass(frozen=True, slots=True)
class Repayment:
    """One refund, as it really went."""

    number: int
    """Its place among the payment's refunds: its events keep their ids, whatever else happens."""
    amount: int
    """In cents."""
    restock: tuple[tuple[str, int], ...] = ()
    """Units by product, as the refund's metadata names them."""
    is_slow: bool = False
    """Whether Stripe reports it as pending before it reports it as succeeded."""
    fails: bool = False
    """Whether it fails after it had succeeded."""


@dataclass(frozen=True)
class Scenario:
    """Everything that happens around one order."""

    order_id: str
    lines: tuple[tuple[str, int], ...]
    """Products and quantities, as the customer wrote them: two lines may name the same product."""
    appears: bool = True
    """Whether the customer's order is ever written."""
    is_trigger_lost: bool = False
    """Whether the trigger for the created order never fires."""
    asks_to_cancel: bool = False
    declines: tuple[str, ...] = ()
    """The event types that report one declined attempt."""
    is_processing: bool = False
    is_given_up: bool = False
    """Whether Stripe reports that a session for the payment is over."""
    paid: int | None = None
    """What the customer has paid, in cents; zero if there was nothing to pay."""
    success_types: tuple[str, ...] = ()
    """The event types that report it."""
    free_session: bool = False
    """Whether a session that was free of charge is reported, although the order has a price."""
    pays_twice: bool = False
    """Whether a second payment of the same amount is reported as well."""
    refunds: tuple[Repayment, ...] = ()
    charge_reports: bool = True
    """Whether `charge.refunded` reports the refunds."""
    refunds_report: bool = True
    """Whether the refunds' own events do. Without them nobody can know what is refunded after one has failed."""
    disputes: tuple[tuple[int, str], ...] = ()
    """Which dispute is in which status then, one report after the other."""

    @property
    def intent_id(self) -> str:
        return f"pi_{self.order_id}"

    @property
    def charge_id(self) -> str:
        return f"ch_{self.order_id}"

    @property
    def units(self) -> Mapping[str, int]:
        units: Counter[str] = Counter()
        for product_id, quantity in self.lines:
            units[product_id] += quantity
        return units

    @property
    def is_known_to_be_paid(self) -> bool:
        """Whether any event reports what was paid."""
        reports = self.success_types or self.pays_twice or (self.refunds and self.charge_reports)
        return self.paid is not None and bool(reports)

    @property
    def price(self) -> int:
        return sum(PRICES[product_id] * quantity for product_id, quantity in self.lines)

    @property
    def is_free(self) -> bool:
        """Whether the order was complete without a payment, which only its session reports."""
        return self.paid == 0

    @property
    def is_consistent(self) -> bool:
        """Whether all of this can be true at once."""
        if self.free_session and not self.price:
            return False
        if self.paid is None:
            return not (self.success_types or self.pays_twice or self.refunds or self.disputes)
        if self.is_free:
            moves_money = self.price or self.pays_twice or self.refunds or self.disputes
            return self.success_types == (CHECKOUT_COMPLETED,) and not moves_money
        is_reported = bool(self.success_types or self.pays_twice or self.refunds)
        return is_reported and self._refunds_are_consistent(self.paid)

    def _refunds_are_consistent(self, left: int) -> bool:
        """No more is refunded than was paid, no units return that were never sold, and a failure is reported."""
        for refund in self.refunds:
            if refund.amount > left or not dict(refund.restock).keys() <= self.units.keys():
                return False
            left -= 0 if refund.fails else refund.amount
        fails = any(refund.fails for refund in self.refunds)
        return self.refunds_report or (self.charge_reports and not fails)

    @cached_property
    def events(self) -> Mapping[str, "EventTemplate"]:
        """Everything that Stripe sends, by event id, in the order in which it happened."""
        events: dict[str, EventTemplate] = {}
        for number, (event_type, which, build) in enumerate(_events_of(self)):
            # Named for what it reports, not numbered: whatever else is left out of the scenario, it is the same event.
            event_id = "_".join(filter(None, ("evt", self.order_id, event_type, which)))
            names_order = not event_type.startswith(("refund.", "charge.dispute."))
            # Two events within a second are nothing unusual.
            created_at = NOW + timedelta(seconds=number // 2)
            events[event_id] = EventTemplate(event_id, event_type, created_at, names_order, build)
        return events

    @property
    def placed(self) -> OrderPlaced:
        return OrderPlaced(self.order_id, tuple(self.units))

    def order(self, created_at: datetime) -> Fields:
        """The order as its customer writes it."""
        items = [{"productId": product_id, "quantity": quantity} for product_id, quantity in self.lines]
        return an_order(items=items, createdAt=created_at)


Build = Callable[[StripeDelivery], StripeEvent]


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """One event of Stripe's, which may be delivered many times."""

    event_id: str
    event_type: str
    created_at: datetime
    names_order: bool
    """Refunds and disputes name only their payment."""
    build: Build

    def delivered(self, at: datetime) -> StripeEvent:
        delivery = StripeDelivery(
            self.event_id,
            self.event_type,
            self.created_at,
            delivered_at=at,
            livemode=False,
            api_version=None,
            account=None,
        )
        return self.build(delivery)


def _events_of(scenario: Scenario) -> Iterator[tuple[str, str, Build]]:
    """For each event its type, which one of this type it is, and how it is built."""
    for event_type in scenario.declines:
        yield event_type, "", _declined(scenario)
    if scenario.is_processing:
        yield "payment_intent.processing", "", _processing(scenario)
    if scenario.is_given_up:
        yield "checkout.session.expired", "", _given_up(scenario)
    if scenario.free_session:
        yield CHECKOUT_COMPLETED, "free", _paid(scenario, Money(0, "eur"), None, None)
    if scenario.paid is None:
        return
    money = Money(scenario.paid, "eur")
    for event_type in scenario.success_types:
        intent_id = None if scenario.is_free else scenario.intent_id
        charge_id = None if event_type == CHECKOUT_COMPLETED else scenario.charge_id
        yield event_type, "", _paid(scenario, money, intent_id, charge_id)
    if scenario.pays_twice:
        intent_id, charge_id = f"{scenario.intent_id}_again", f"{scenario.charge_id}_again"
        yield SUCCESS_TYPES[0], "again", _paid(scenario, money, intent_id, charge_id)
    yield from _refund_events(scenario, money)
    for number, status in scenario.disputes:
        yield "charge.dispute.updated", f"{number}_{status}", _disputed(scenario, money, number, status)


def _refund_events(scenario: Scenario, paid: Money) -> Iterator[tuple[str, str, Build]]:
    """Refunds are made one after the other and added up by the charge; that one has failed turns out only later."""
    counted = 0
    for repayment in scenario.refunds:
        which = str(repayment.number)
        refund_id = f"re_{scenario.order_id}_{which}"
        if repayment.is_slow and scenario.refunds_report:
            yield "refund.created", which, _refund(scenario, repayment, refund_id, RefundStatus.PENDING)
        counted += repayment.amount
        if scenario.charge_reports:
            yield "charge.refunded", which, _refunded_charge(scenario, paid, counted)
        if scenario.refunds_report:
            yield "refund.updated", which, _refund(scenario, repayment, refund_id, RefundStatus.SUCCEEDED)
        if repayment.fails:
            counted -= repayment.amount
            yield "refund.failed", which, _refund(scenario, repayment, refund_id, RefundStatus.FAILED)


def _declined(scenario: Scenario) -> Build:
    attempt = f"{scenario.charge_id}_declined"
    decline = Decline("card_declined", "insufficient_funds", NOW, scenario.intent_id, attempt)
    return lambda delivery: PaymentFailed(
        delivery=delivery,
        order_id=scenario.order_id,
        payment_intent_id=scenario.intent_id,
        charge_id=attempt,
        decline=decline,
    )


def _processing(scenario: Scenario) -> Build:
    return lambda delivery: PaymentProcessing(
        delivery=delivery, order_id=scenario.order_id, payment_intent_id=scenario.intent_id, charge_id=None
    )


def _given_up(scenario: Scenario) -> Build:
    return lambda delivery: PaymentCanceled(
        delivery=delivery, order_id=scenario.order_id, payment_intent_id=scenario.intent_id, charge_id=None
    )


def _paid(scenario: Scenario, money: Money, intent_id: str | None, charge_id: str | None) -> Build:
    return lambda delivery: PaymentSucceeded(
        delivery=delivery, order_id=scenario.order_id, payment_intent_id=intent_id, charge_id=charge_id, money=money
    )


def _refunded_charge(scenario: Scenario, paid: Money, counted: int) -> Build:
    return lambda delivery: ChargeRefunded(
        delivery=delivery,
        order_id=scenario.order_id,
        payment_intent_id=scenario.intent_id,
        charge_id=scenario.charge_id,
        paid=paid,
        refunds=Refunds({}, counted),
    )


def _refund(scenario: Scenario, repayment: Repayment, refund_id: str, status: RefundStatus) -> Build:
    refund = Refund(refund_id, repayment.amount, status, dict(repayment.restock))
    return lambda delivery: RefundUpdated(
        delivery=delivery,
        order_id=None,
        payment_intent_id=scenario.intent_id,
        charge_id=scenario.charge_id,
        money=Money(repayment.amount, "eur"),
        refunds=Refunds({refund_id: refund}),
    )


def _disputed(scenario: Scenario, money: Money, number: int, status: str) -> Build:
    return lambda delivery: DisputeChanged(
        delivery=delivery,
        order_id=None,
        payment_intent_id=scenario.intent_id,
        charge_id=scenario.charge_id,
        dispute=Dispute(
            dispute_id=f"dp_{scenario.order_id}_{number}",
            status=status,
            reason="fraudulent",
            amount=money.amount,
            currency=money.currency,
            due_by=None,
            opened_at=NOW,
            told_at=delivery.created_at,
        ),
    )
