"""Random effects outside, drawn independently: everything else stays the same without them."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

from effects.effect import EffectKind
from settlement.terms import AutoRefund
from tests.proofs.simulation.history import Arrival, Fault, History, Kind, Outside, Places, RefundFate, Turn
from tests.proofs.simulation.payments import SUCCESS_TYPES, Payment
from tests.proofs.simulation.scenarios import Scenario

_Choice = TypeVar("_Choice")

_A_DAY: Final = 24 * 60
"""In minutes."""
_CLOCKS: Final = (0, 0, 0, 3, -3, 90, -90, 2 * _A_DAY, -2 * _A_DAY)
_PLACES: Final[Sequence[Places]] = ((0,), (0,), (0, 0), (0, 4), (3,), (1, 9), (), ())
_TURNS: Final = 60
"""Further turns, since there is more to do."""


def with_outside(history: History, seed: int) -> History:
    """Two fifths of the histories have effects."""
    draw = _Draw(random.Random(f"{seed}, outside"))  # noqa: S311 - no secret
    return draw.beside(history) if draw.is_so(0.4) else history


class _Draw:
    def __init__(self, source: random.Random) -> None:
        self.source = source

    def is_so(self, probability: float) -> bool:
        return self.source.random() < probability

    def one(self, *choices: _Choice) -> _Choice:
        return self.source.choice(choices)

    def some(self, choices: Sequence[_Choice], at_most: int) -> tuple[_Choice, ...]:
        return tuple(self.source.choices(choices, k=1 + self.source.randrange(at_most)))

    def beside(self, history: History) -> History:
        outside, probability = self.outside(), self.one(0.0, 0.05, 0.2)
        scenarios = history.scenarios
        if outside.auto_refund is not AutoRefund.OFF and self.is_so(0.4):
            scenarios = tuple(map(_paid_twice, scenarios))
        if self.is_so(0.5):
            scenarios = tuple(replace(scenario, is_interleaved=True) for scenario in scenarios)
        turns = tuple(self.turn(probability) for _ in range(_TURNS))
        arrivals = self.arrivals(history, scenarios)
        return replace(history, scenarios=scenarios, arrivals=arrivals, turns=history.turns + turns, outside=outside)

    def outside(self) -> Outside:
        return Outside(
            customer_channels=self.one((), (EffectKind.MAIL,), (EffectKind.MAIL, EffectKind.SMS)),
            operator_channels=self.one((), (EffectKind.CHAT,), (EffectKind.CHAT, EffectKind.MAIL)),
            auto_refund=self.one(*AutoRefund, AutoRefund.ALL),
            triggers=self.some(_PLACES, 5),
            reports=self.some(_PLACES, 5),
            fates=self.some((*RefundFate, RefundFate.DONE, RefundFate.DONE), 3),
            clocks=self.some(_CLOCKS, 4),
            refusing=tuple(kind for kind in EffectKind if self.is_so(0.08)),
            down=tuple(kind for kind in EffectKind if self.is_so(0.01)),
        )

    def turn(self, probability: float) -> Turn:
        return Turn(self.source.randrange(6), self.one(*Fault) if self.is_so(probability) else None)

    def arrivals(self, history: History, scenarios: Sequence[Scenario]) -> tuple[Arrival, ...]:
        """What is reported besides arrives among all else."""
        arrivals = list(history.arrivals)
        for before, after in zip(history.scenarios, scenarios, strict=True):
            for event_id in (each for each in after.events if each not in before.events):
                place = self.source.randrange(len(arrivals) + 1)
                arrivals.insert(place, Arrival(Kind.EVENT, after.order_id, event_id))
        return tuple(arrivals)


def _paid_twice(scenario: Scenario) -> Scenario:
    """With a second payment of the same amount, if it is paid once."""
    payments = scenario.payments
    if len(payments) != 1 or payments[0].is_free or not payments[0].succeeds:
        return scenario
    again = Payment(payments[0].number + 1, payments[0].amount, success_types=SUCCESS_TYPES)
    return replace(scenario, payments=(*payments, again))
