"""Random histories: one seed draws one history."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from orders.refunds import RestockRule
from tests.proofs.simulation.drawing_checkout import with_checkout
from tests.proofs.simulation.drawing_hot import with_hot
from tests.proofs.simulation.drawing_operators import (
    with_elsewhere,
    with_marks,
    with_mistakes,
    with_operators,
    with_operators_acts,
    with_standstill,
    with_tries,
)
from tests.proofs.simulation.drawing_outside import with_outside
from tests.proofs.simulation.history import LONG_MINUTES, LONG_TIMES_MAX, Arrival, Fault, History, Kind, Turn
from tests.proofs.simulation.payments import CHECKOUT_COMPLETED, SUCCESS_TYPES, Payment, Repayment, Restock
from tests.proofs.simulation.scenarios import PRICES, Scenario

_Choice = TypeVar("_Choice")

PRICED: Final = tuple(product_id for product_id, price in PRICES.items() if price)
FREE: Final = tuple(product_id for product_id, price in PRICES.items() if not price)
DISPUTES: Final = ((1, "needs_response"), (2, "needs_response"), (1, "lost"))
"""Two disputes of one payment, and their states, in the order in which Stripe reports them."""


def history_from(seed: int) -> History:
    drawn = _Draw(random.Random(seed)).history()  # noqa: S311 - no secret
    drawn = with_operators_acts(with_operators(with_checkout(with_outside(drawn, seed), seed), seed), seed)
    drawn = with_elsewhere(with_hot(with_tries(with_marks(drawn, seed), seed), seed), seed)
    return with_standstill(with_mistakes(drawn, seed), seed)


def crowd_from(seed: int) -> History:
    """Several orders of one product, most of which are placed at the same time, where holds can be one commit."""
    history = _Draw(random.Random(seed), orders_max=6, priced=PRICED[:1]).history()  # noqa: S311 - no secret
    first = (Kind.ORDER, Kind.TRIGGER)
    arrivals = sorted(history.arrivals, key=lambda each: first.index(each.kind) if each.kind in first else len(first))
    workers = history.workers + 2
    # All orders are written, all workers start, and two RPCs later each holds units.
    written = sum(each.kind is Kind.ORDER for each in arrivals)
    begun = [Turn(0)] * written + [Turn(who) for _ in range(3) for who in range(workers)]
    crowd = replace(history, arrivals=tuple(arrivals), turns=(*begun, *history.turns), workers=workers, is_grouped=True)
    crowd = with_operators_acts(with_operators(with_outside(crowd, seed), seed), seed)
    return with_elsewhere(with_hot(with_tries(with_marks(crowd, seed), seed), seed), seed)


class _Draw:
    """Short histories, so that there are many of them, full of duplicates, because most bugs show only in a race."""

    def __init__(self, source: random.Random, orders_max: int = 1, priced: tuple[str, ...] = PRICED) -> None:
        self.orders_max, self.priced = orders_max, priced
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
        if self.orders_max > 1:
            order_ids = [f"order-{number + 1}" for number in range(3 + self.below(self.orders_max - 2))]
        scenarios = tuple(self.scenario(order_id) for order_id in order_ids)
        arrivals = tuple(self.arrivals(scenarios))
        history = History(
            stock=tuple(self.stock(scenarios).items()),
            scenarios=scenarios,
            arrivals=arrivals,
            turns=tuple(self.turns(6 * len(arrivals))),
            workers=2 + self.below(4),
            rpc_seconds=1.5 if self.is_so(0.1) else 0.1,
            opens_late=self.is_so(0.2),
            restocks=self.is_so(0.9),
        )
        return self.with_other_goods(history) if self.is_so(0.3) else history

    def stock(self, scenarios: tuple[Scenario, ...]) -> Mapping[str, int]:
        wanted = Counter(dict.fromkeys(PRICES, 0))
        for scenario in scenarios:
            wanted.update(scenario.units_at_most)
        # Nothing, too little, just enough, or plenty.
        spare = (-wanted.total(), -1, -1, 0, 0, 0, 0, 5)[self.below(8)]
        return {product_id: max(quantity + spare, 0) for product_id, quantity in wanted.items() if quantity}

    def with_other_goods(self, history: History) -> History:
        """One of the products is never short, or may be sold before it is there; or becomes so, or is so no longer."""
        stock, arrivals = dict(history.stock), list(history.arrivals)
        product_id = self.one(tuple(stock))
        units = stock[product_id] or 0
        backorder = self.below(units + 1)
        if self.is_so(0.6):
            stock[product_id], backorder = None, 0
        else:
            stock[product_id] = units - backorder
        for _ in range(self.below(4)):
            arrivals.insert(self.below(len(arrivals) + 1), Arrival(Kind.RECOUNT, product_id=product_id))
        backorders = ((product_id, backorder),) if backorder else ()
        return replace(history, stock=tuple(stock.items()), arrivals=tuple(arrivals), backorders=backorders)

    # --- What happens around an order --------------------------------------------------------------------------------

    def scenario(self, order_id: str) -> Scenario:
        products = FREE if self.is_so(0.03) else self.priced
        lines = tuple((self.one(products), 1 + self.below(2)) for _ in range(1 + self.is_so(0.15)))
        unpaid = Scenario(
            order_id,
            lines,
            appears=not self.is_so(0.03),
            is_written_again=self.is_so(0.08),
            is_trigger_lost=self.is_so(0.1),
            asks_to_cancel=self.is_so(0.12),
            is_given_up=self.is_so(0.12),
            free_session=products is not FREE and self.is_so(0.04),
        )
        if not unpaid.price:
            is_completed = self.is_so(0.85)
            return replace(unpaid, payments=(Payment(0, 0, success_types=(CHECKOUT_COMPLETED,)),) * is_completed)
        if self.is_so(0.15):
            some = (500, -200, 130)[: 1 + self.below(3)]
            is_wrong, is_late = self.is_so(0.15), self.is_so(0.2)
            unpaid = replace(unpaid, adjustments=some, is_adjusted_wrongly=is_wrong, is_adjusted_late=is_late)
        return replace(unpaid, payments=tuple(self.payments(unpaid)))

    def payments(self, unpaid: Scenario) -> Iterator[Payment]:
        """Usually one that comes to what is asked; or too many, too much or too little, at once or in parts."""
        asked = unpaid.asked
        half, rest = asked // 2, asked - asked // 2
        several = (
            (asked + 100,),
            (asked + 100, asked),
            (asked, asked + 100),
            (half, rest),
            (half, rest, asked),
            (asked - 100, 100),
            (asked, asked),
            (half,),
        )
        amounts = several[self.below(len(several))] if self.is_so(0.3) else (asked,)
        early = self.below(20)
        for number, amount in enumerate(amounts):
            attempted = Payment(
                number,
                amount,
                declines=self.some(("charge.failed", "payment_intent.payment_failed")) if self.is_so(0.07) else (),
                is_processing=self.is_so(0.12),
                is_early=number == early,
                is_foreign=self.is_so(0.03),
            )
            if attempted.is_processing and self.is_so(0.4):
                attempted = replace(attempted, voucher_days=3)
            if not self.is_so(0.15):
                yield self.paid(unpaid, attempted)
            elif (failed := replace(attempted, succeeds=False, is_canceled=self.is_so(0.5))).is_consistent:
                yield failed

    def paid(self, unpaid: Scenario, attempted: Payment) -> Payment:
        refunds = tuple(self.refunds(unpaid.units, attempted.amount)) if self.is_so(0.4) else ()
        charge_reports = self.is_so(0.7)
        refunds_report = not (charge_reports and all(refund.is_done for refund in refunds)) or self.is_so(0.5)
        succeeded = replace(
            attempted,
            success_types=self.some(SUCCESS_TYPES, 3 if self.is_so(0.5) else 1),
            refunds=refunds,
            charge_reports=charge_reports,
            refunds_report=refunds_report,
            disputes=self.some(DISPUTES) if self.is_so(0.04) else (),
        )
        # A refunded charge says what was paid, even if no other event does.
        told_by_refunds = replace(succeeded, success_types=())
        return told_by_refunds if self.is_so(0.07) and told_by_refunds.is_consistent else succeeded

    def refunds(self, units: Mapping[str, int], paid: int) -> Iterator[Repayment]:
        left = paid
        for number in range(1 + self.is_so(0.5)):
            amount = left if self.is_so(0.5) else 1 + self.below(left)
            restock: Restock = tuple((product_id, 1) for product_id in units if self.is_so(0.5))
            if self.is_so(0.2):
                restock = RestockRule.ALL if self.is_so(0.5) else RestockRule.NONE
            fails = self.is_so(0.25)
            is_stuck = not fails and self.is_so(0.1)
            yield Repayment(number, amount, restock, self.is_so(0.15), fails, is_stuck)
            left -= 0 if fails else amount
            if not left:
                return

    # --- In which order it arrives -----------------------------------------------------------------------------------

    def arrivals(self, scenarios: tuple[Scenario, ...]) -> list[Arrival]:
        before: list[Arrival] = []
        arrivals: list[Arrival] = []
        for scenario in scenarios:
            order, trigger = Arrival(Kind.ORDER, scenario.order_id), Arrival(Kind.TRIGGER, scenario.order_id)
            if scenario.appears and self.is_so(0.7):
                before.append(order)
            elif scenario.appears:
                arrivals.append(order)
            if not scenario.is_trigger_lost:
                arrivals += [trigger] * (1 + self.is_so(0.3))
            if scenario.is_adjusted:
                # Whoever adjusts the price does so before anybody can pay it; others try again, and too late.
                adjustment = Arrival(Kind.ADJUSTMENT, scenario.order_id)
                before += [trigger, adjustment] if not scenario.is_trigger_lost else []
                arrivals += [adjustment] * 2
            if scenario.is_written_again:
                arrivals += [Arrival(Kind.AGAIN, scenario.order_id)] * 3
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
                # Whether an extended hold is kept shows only if it is extended at that moment.
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
        # In some histories workers alternate at every RPC; in others each continues for a while.
        change_probability = (1.0, 0.5, 0.2)[self.below(3)]
        who = 0
        for _ in range(count):
            if self.is_so(change_probability):
                who = self.below(6)
            yield Turn(who, faults[self.below(len(faults))] if self.is_so(fault_probability) else None)
