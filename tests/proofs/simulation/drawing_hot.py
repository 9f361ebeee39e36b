"""Random hot products, drawn independently: everything else stays the same without them."""

import random
from collections.abc import Sequence
from dataclasses import replace

from tests.proofs.simulation.history import Arrival, Fault, History, Kind, Turn

_TURNS = 40
"""Further turns, since there is more to do."""


def with_hot(history: History, seed: int) -> History:
    """A third of the histories have some: marks come and go, and units are folded at any time, often by two at once."""
    source = random.Random(f"{seed}, hot")  # noqa: S311 - no secret
    if source.random() >= 1 / 3:
        return history
    products = [product_id for product_id, _ in history.stock]
    hot = tuple(product_id for product_id in products if source.random() < 0.8)
    arrivals = list(history.arrivals)
    for _ in range(source.choice((0, 0, 1, 3))):
        _insert(source, arrivals, [Arrival(Kind.MARK, product_id=source.choice(products))])
    for _ in range(source.randint(1, 4)):
        _insert(source, arrivals, [Arrival(Kind.FOLD)] * source.choice((1, 2)))
    if source.random() < 0.25 and not _is_counted_by_operators(history):
        _insert(source, arrivals, [Arrival(Kind.GONE, product_id=source.choice(products))])
    probability = source.choice((0.0, 0.05, 0.2))
    turns = tuple(_turn(source, probability) for _ in range(_TURNS))
    return replace(history, hot=hot, arrivals=tuple(arrivals), turns=history.turns + turns)


def _is_counted_by_operators(history: History) -> bool:
    """Whoever adds to what is gone begins to count it anew, with what was sold of it forgotten."""
    return any(arrival.kind is Kind.OPERATOR and arrival.product_id for arrival in history.arrivals)


def _insert(source: random.Random, arrivals: list[Arrival], together: Sequence[Arrival]) -> None:
    """Rather late, when there is something to fold."""
    place = max(source.randrange(len(arrivals) + 1) for _ in range(2))
    arrivals[place:place] = together


def _turn(source: random.Random, probability: float) -> Turn:
    return Turn(source.randrange(6), source.choice(tuple(Fault)) if source.random() < probability else None)
