"""What really happens around one order, and every event that Stripe sends about it: as consistent as real ones are."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, zip_longest
from typing import Final

from orders.checkout import SessionTotals
from orders.money import Money
from orders.refunds import RestockRule
from orders.shop_events import OrderPlaced
from tests.proofs.simulation.payments import CHECKOUT_COMPLETED, SUCCESS_TYPES, InSession, Payment, Repayment
from tests.proofs.simulation.stripe_reports import (
    EventTemplate,
    Reported,
    ended,
    events_of_payment,
    events_of_refund,
    paid_by,
)
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
    def events(self) -> Mapping[str, EventTemplate]:
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
        more = replace(paid, refunds=(*paid.refunds, refund))
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


def _in_turns(reported: Iterable[Reported]) -> Iterator[Reported]:
    """The first about each payment, then the second about each, and so on."""
    about: dict[str, list[Reported]] = {}
    for one in reported:
        about.setdefault(one.which.partition("_")[0], []).append(one)
    return (one for each in zip_longest(*about.values()) for one in each if one)


def _events_of(scenario: Scenario) -> Iterator[Reported]:
    if scenario.is_given_up:
        yield Reported("checkout.session.expired", "", None, ended(scenario, None))
    if scenario.free_session:
        yield Reported(CHECKOUT_COMPLETED, "free", None, paid_by(scenario, Money(0, "eur"), None, None))
    for payment in scenario.payments:
        for event_type, which, build in events_of_payment(scenario, payment):
            yield Reported(event_type, f"{payment.number}{which}", payment, build)


def _events_of_own_refunds(scenario: Scenario) -> Iterator[tuple[Reported, datetime]]:
    """Whatever Stripe reports of the others, it reports all of those that the service has asked for."""
    for payment in scenario.payments:
        counted, reporting = 0, replace(payment, charge_reports=True, refunds_report=True)
        # Those that others have made are all there from the beginning.
        for repayment in sorted(payment.refunds, key=lambda refund: refund.asked_at is not None):
            counted += repayment.amount
            if repayment.asked_at:
                events = events_of_refund(scenario, reporting, repayment, Money(payment.amount, "eur"), counted)
                for event_type, which, build in events:
                    yield Reported(event_type, f"{payment.number}{which}", payment, build), repayment.asked_at
            counted -= repayment.amount if repayment.fails else 0


def _events_of_own_sessions(scenario: Scenario) -> Iterator[tuple[Reported, datetime]]:
    for payment in scenario.payments:
        if payment.paid_at:
            unrefunded = replace(payment, refunds=())
            for event_type, which, build in events_of_payment(scenario, unrefunded):
                yield Reported(event_type, f"{payment.number}{which}", payment, build), payment.paid_at
    for session_id, at in scenario.over:
        yield Reported("checkout.session.expired", session_id, None, ended(scenario, None, session_id)), at
