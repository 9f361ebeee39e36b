"""A history as data: a shop, what happens around its orders, in which order it arrives, and who goes on at each turn.

One seed draws one history. Whatever a history leaves open happens in the simplest way: whoever is running goes on to
the end, nothing goes wrong, and what was never delivered is delivered at last.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from tests.proofs.simulation.scenarios import CHECKOUT_COMPLETED, PRICES, SUCCESS_TYPES, Repayment, Scenario

_Choice = TypeVar("_Choice")


class Fault(StrEnum):
    """What goes wrong with one RPC, or with the process that sent it."""

    NOT_SENT = "not sent"
    """Nothing is done, and there is no answer."""
    ANSWER_LOST = "answer lost"
    """It is done, and there is no answer."""
    LATE = "late"
    """There is no answer. It is done, if it still can be, long after its sender has given up."""
    REFUSED = "refused"
    """Aborted: nothing is done, as the answer says."""
    DEATH_BEFORE = "death before"
    """The process dies before sending it."""
    DEATH_AFTER = "death after"
    """It is done, and the process dies before the answer arrives."""


class Kind(StrEnum):
    """What can arrive."""

    ORDER = "the order is written"
    TRIGGER = "the trigger"
    CANCEL = "the cancel request"
    EVENT = "Stripe's event"
    MISLED = "Stripe's event, where the setting expects the other mode,"
    SWEEP = "the sweep"
    REAPING = "expired claims are deleted"
    MINUTES = "minutes pass"


@dataclass(frozen=True, slots=True)
class Arrival:
    kind: Kind
    order_id: str = ""
    event_id: str = ""
    minutes: int = 0

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, self.event_id or self.order_id, str(self.minutes or ""))))


@dataclass(frozen=True, slots=True)
class Turn:
    """Who goes on, as a number among all that can, and what goes wrong with its RPC."""

    who: int = 0
    fault: Fault | None = None


CALM: Final = Turn()
PRICED: Final = tuple(product_id for product_id, price in PRICES.items() if price)
FREE: Final = tuple(product_id for product_id, price in PRICES.items() if not price)
DISPUTES: Final = ((1, "needs_response"), (2, "needs_response"), (1, "lost"))
"""Two disputes of one payment, and their states, in the order in which Stripe reports them."""
LONG_MINUTES: Final = 26 * 60
"""Longer than anything lasts in a simulated shop, yet after twice as long parked events are still taken up."""
LONG_TIMES_MAX: Final = 2
"""In one history."""


@dataclass(frozen=True)
class History:
    stock: tuple[tuple[str, int], ...]
    scenarios: tuple[Scenario, ...]
    arrivals: tuple[Arrival, ...]
    turns: tuple[Turn, ...] = ()
    workers: int = 3
    """How many may be at work at the same time."""
    rpc_seconds: float = 0.1
    """How long an RPC takes; settling gives up after eight seconds."""
    opens_late: bool = False
    """Whether every event is hours old when the first one arrives."""
    restocks: bool = True
    """Whether the shop puts refunded units back on the shelf."""

    @property
    def is_ample(self) -> bool:
        """Whether there is enough for all orders, so that they do not compete."""
        wanted = Counter[str]()
        for scenario in self.scenarios:
            wanted.update(scenario.units)
        stock = dict(self.stock)
        return all(quantity <= stock[product_id] for product_id, quantity in wanted.items())


def history_from(seed: int) -> History:
    return _Draw(random.Random(seed)).history()  # noqa: S311 - no secret


class _Draw:
    """Short histories, so that there are many of them, full of duplicates, because most bugs show only in a race."""

    def __init__(self, source: random.Random) -> None:
        self.random = source.random
        self.shuffle = source.shuffle
        self.long_times = 0

    def is_so(self, probability: float) -> bool:
        return self.random() < probability

    def below(self, end: int) -> int:
        return int(self.random() * end)

    def one(self, choices: tuple[str, ...]) -> str:
        return choices[self.below(len(choices))]

    def some(self, choices: tuple[_Choice, ...], at_most: int = 3) -> tuple[_Choice, ...]:
        """At least one of the choices and at most so many, in their order."""
        wanted = 1 + self.below(min(at_most, len(choices)))
        picked = list(choices)
        while len(picked) > wanted:
            del picked[self.below(len(picked))]
        return tuple(picked)

    def history(self) -> History:
        order_ids = ["order-1", "order-2"] if self.is_so(0.25) else ["order-1"]
        scenarios = tuple(self.scenario(order_id) for order_id in order_ids)
        arrivals = tuple(self.arrivals(scenarios))
        return History(
            stock=tuple(self.stock(scenarios).items()),
            scenarios=scenarios,
            arrivals=arrivals,
            turns=tuple(self.turns(6 * len(arrivals))),
            workers=2 + self.below(4),
            rpc_seconds=1.5 if self.is_so(0.1) else 0.1,
            opens_late=self.is_so(0.2),
            restocks=self.is_so(0.9),
        )

    def stock(self, scenarios: tuple[Scenario, ...]) -> Mapping[str, int]:
        wanted = Counter(dict.fromkeys(PRICES, 0))
        for scenario in scenarios:
            wanted.update(scenario.units)
        # Nothing at all, not enough for all, just enough, or plenty.
        spare = (-wanted.total(), -1, -1, 0, 0, 0, 0, 5)[self.below(8)]
        return {product_id: max(quantity + spare, 0) for product_id, quantity in wanted.items() if quantity}

    # --- What happens around an order --------------------------------------------------------------------------------

    def scenario(self, order_id: str) -> Scenario:
        products = FREE if self.is_so(0.03) else PRICED
        lines = tuple((self.one(products), 1 + self.below(2)) for _ in range(1 + self.is_so(0.15)))
        unpaid = Scenario(
            order_id,
            lines,
            appears=not self.is_so(0.03),
            is_trigger_lost=self.is_so(0.1),
            asks_to_cancel=self.is_so(0.12),
            declines=self.some(("charge.failed", "payment_intent.payment_failed")) if self.is_so(0.07) else (),
            is_processing=self.is_so(0.1),
            is_given_up=self.is_so(0.12),
            free_session=products is PRICED and self.is_so(0.04),
        )
        return unpaid if self.is_so(0.15) else self.paid(unpaid)

    def paid(self, unpaid: Scenario) -> Scenario:
        if not unpaid.price:
            return replace(unpaid, paid=0, success_types=(CHECKOUT_COMPLETED,))
        # A wrong amount, now and then.
        paid = unpaid.price + 100 * self.is_so(0.07)
        refunds = tuple(self.refunds(unpaid.units, paid)) if self.is_so(0.4) else ()
        fails = any(refund.fails for refund in refunds)
        charge_reports = self.is_so(0.7)
        refunds_report = fails or not charge_reports or self.is_so(0.5)
        return replace(
            unpaid,
            paid=paid,
            # A refunded charge says what was paid, even if no other event does.
            success_types=() if refunds and self.is_so(0.15) else self.some(SUCCESS_TYPES, 3 if self.is_so(0.5) else 1),
            pays_twice=not refunds and self.is_so(0.03),
            refunds=refunds,
            charge_reports=charge_reports,
            refunds_report=refunds_report,
            disputes=self.some(DISPUTES) if self.is_so(0.04) else (),
        )

    def refunds(self, units: Mapping[str, int], paid: int) -> Iterator[Repayment]:
        left = paid
        for number in range(1 + self.is_so(0.5)):
            amount = left if self.is_so(0.5) else 1 + self.below(left)
            restock = tuple((product_id, 1) for product_id in units if self.is_so(0.5))
            fails = self.is_so(0.25)
            yield Repayment(number, amount, restock, self.is_so(0.15), fails)
            left -= 0 if fails else amount
            if not left:
                return

    # --- In which order it arrives -----------------------------------------------------------------------------------

    def arrivals(self, scenarios: tuple[Scenario, ...]) -> list[Arrival]:
        before: list[Arrival] = []
        arrivals: list[Arrival] = []
        for scenario in scenarios:
            order = Arrival(Kind.ORDER, scenario.order_id)
            if scenario.appears and self.is_so(0.7):
                before.append(order)
            elif scenario.appears:
                arrivals.append(order)
            if not scenario.is_trigger_lost:
                arrivals += [Arrival(Kind.TRIGGER, scenario.order_id)] * (1 + self.is_so(0.3))
            if scenario.asks_to_cancel:
                arrivals += [Arrival(Kind.CANCEL, scenario.order_id)] * (1 + self.is_so(0.3))
            for event_id in scenario.events:
                arrivals += [Arrival(Kind.EVENT, scenario.order_id, event_id)] * (1 + self.is_so(0.3))
        arrivals += [Arrival(Kind.SWEEP)] * self.is_so(0.4)
        minutes = (6, 31, 61, LONG_MINUTES)[self.below(4)]
        if self.is_so(0.25):
            arrivals.append(Arrival(Kind.MINUTES, minutes=minutes))
            self.long_times += minutes == LONG_MINUTES
        self.shuffle(arrivals)
        return before + list(self.with_races(arrivals))

    def with_races(self, arrivals: list[Arrival]) -> Iterator[Arrival]:
        """Some arrive with a duplicate, or as the reservation expires, or long after their claim was deleted."""
        for arrival in arrivals:
            if arrival.kind is Kind.EVENT:
                # Whether an extended hold is left alone shows only when it is extended just then.
                if self.is_so(0.5 if "processing" in arrival.event_id else 0.15):
                    yield from (Arrival(Kind.MINUTES, minutes=31), Arrival(Kind.SWEEP))
                if self.is_so(0.15):
                    yield arrival
                if self.is_so(0.03):
                    misled = replace(arrival, kind=Kind.MISLED)
                    yield misled
                    if self.is_so(0.3):
                        yield from (*self.long_after(), misled)
                if self.is_so(0.02):
                    yield from (arrival, *self.long_after())
            yield arrival

    def long_after(self) -> Iterator[Arrival]:
        """Claims have reached the end of their lifetime, but parked events are still taken up: else nobody could."""
        self.long_times += 1
        if self.long_times <= LONG_TIMES_MAX:
            yield Arrival(Kind.MINUTES, minutes=LONG_MINUTES)
        yield Arrival(Kind.REAPING)

    # --- Who goes on, and what goes wrong ----------------------------------------------------------------------------

    def turns(self, count: int) -> Iterator[Turn]:
        faults = tuple(Fault)
        fault_probability = (0.0, 0.03, 0.1, 0.25)[self.below(4)]
        # In some histories workers take turns at every RPC, in others they go on for a while before the next one does.
        change_probability = (1.0, 0.5, 0.2)[self.below(3)]
        who = 0
        for _ in range(count):
            if self.is_so(change_probability):
                who = self.below(6)
            yield Turn(who, faults[self.below(len(faults))] if self.is_so(fault_probability) else None)
