"""Random customers who pay in sessions that the service opens, drawn independently of everything else."""

import random
from collections.abc import Iterator
from dataclasses import replace

from orders.checkout import SessionTotals
from tests.proofs.simulation.history import CALM, Arrival, Fault, History, Kind, Turn
from tests.proofs.simulation.payments import CHECKOUT_COMPLETED, SUCCESS_TYPES, InSession, Payment
from tests.proofs.simulation.scenarios import Scenario

_ADDS = ((0, 490, 0), (0, 0, 133), (100, 0, 0), (100, 490, 133), (0, 0, 0))
"""Discount, shipping and tax, in cents."""
_LAPSE_MINUTES = (20, 31, 41, 76, 13 * 60)
_PLACING = (Kind.ORDER, Kind.TRIGGER)
_TURNS = 60
_TURNS_TO_PLACE = 4


def with_checkout(history: History, seed: int) -> History:
    """A sixth of the histories have such customers."""
    source, other = (random.Random(f"{seed}, {what}") for what in ("checkout", "other money"))  # noqa: S311 - no secret
    return _Draw(source, other).beside(history) if source.random() < 1 / 6 else history


class _Draw:
    def __init__(self, source: random.Random, other: random.Random) -> None:
        self.source, self.other = source, other

    def is_so(self, probability: float) -> bool:
        return self.source.random() < probability

    def beside(self, history: History) -> History:
        scenarios = tuple(self.scenario(each) if each.price else each for each in history.scenarios)
        placed = sorted((each for each in history.arrivals if each.kind in _PLACING), key=lambda each: each.kind)
        arrivals = [each for each in history.arrivals if each.kind not in (*_PLACING, Kind.AGAIN, Kind.EVENT)]
        for scenario in scenarios:
            self.insert(arrivals, self.arrivals(scenario))
        first = [Arrival(Kind.CHECKOUT, each.order_id) for each in placed if each.kind is Kind.TRIGGER]
        arrivals[:0] = [*placed, *(first if self.is_so(0.6) else [])]
        probability = self.source.choice((0.0, 0.05, 0.2))
        in_peace = [CALM] * _TURNS_TO_PLACE * len(placed) if self.is_so(0.8) else []
        turns = (*in_peace, *history.turns, *(self.turn(probability) for _ in range(_TURNS)))
        outside = replace(history.outside, sessions_add=self.is_so(0.6))
        return replace(history, scenarios=scenarios, arrivals=tuple(arrivals), turns=turns, outside=outside)

    def scenario(self, scenario: Scenario) -> Scenario:
        """Whatever it was paid with, its customer now pays in a session of ours, or not at all."""
        unpaid = replace(
            scenario,
            is_written_again=False,
            is_given_up=False,
            free_session=False,
            asks_to_cancel=self.is_so(0.3),
            adds=self.source.choice(_ADDS),
            payments=(),
        )
        if not self.is_so(0.15):
            return unpaid
        return replace(unpaid, payments=(self.other.choice((_by_the_way, _in_another_way))(unpaid),))

    def arrivals(self, scenario: Scenario) -> Iterator[list[Arrival]]:
        """Each list stays together."""
        wants = Arrival(Kind.CHECKOUT, scenario.order_id)
        pays = Arrival(Kind.PAYS, scenario.order_id)
        for _ in range(self.source.choice((1, 1, 2, 3))):
            yield [wants] * self.source.choice((1, 1, 2, 3))
        for _ in range(self.source.choice((0, 1, 1, 2))):
            yield [pays]
        if self.is_so(0.4):
            yield [wants, pays]
        if scenario.asks_to_cancel:
            yield [Arrival(Kind.CANCEL, scenario.order_id)]
        if scenario.asks_to_cancel and self.is_so(0.4):
            yield self.shuffled([pays, Arrival(Kind.CANCEL, scenario.order_id)])
        for event_id in scenario.events:
            yield [Arrival(Kind.EVENT, scenario.order_id, event_id)]
        if self.is_so(0.5):
            minutes = Arrival(Kind.MINUTES, minutes=self.source.choice(_LAPSE_MINUTES))
            yield self.shuffled([minutes, Arrival(Kind.SWEEP), *[pays, wants][: self.source.randrange(3)]])

    def shuffled(self, some: list[Arrival]) -> list[Arrival]:
        return self.source.sample(some, len(some))

    def insert(self, arrivals: list[Arrival], together: Iterator[list[Arrival]]) -> None:
        """In any order."""
        for some in together:
            place = self.source.randrange(len(arrivals) + 1)
            arrivals[place:place] = some

    def turn(self, probability: float) -> Turn:
        return Turn(self.source.randrange(6), self.source.choice(tuple(Fault)) if self.is_so(probability) else None)


def _by_the_way(scenario: Scenario) -> Payment:
    """In another session of the account, which names the order and says that it took something off its price."""
    asked = scenario.asked
    totals = SessionTotals(asked, asked - 101, 101, 0, 0, "eur")
    session = InSession(f"cs_other_{scenario.order_id}", totals, is_ours=False)
    return Payment(0, totals.total, success_types=(*SUCCESS_TYPES[:1], CHECKOUT_COMPLETED), session=session)


def _in_another_way(scenario: Scenario) -> Payment:
    """All that is asked, in no session."""
    return Payment(0, scenario.asked, success_types=SUCCESS_TYPES[:2])
