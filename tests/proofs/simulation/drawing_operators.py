"""What operators do in a history, by chance: drawn apart from all else, which stays the same without it."""

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.proofs.simulation.history import Arrival, History, Kind


def with_operators(history: History, seed: int) -> History:
    """One of five histories has one."""
    source = random.Random(f"{seed}, operators")  # noqa: S311 - no secret
    if source.random() >= 0.2:
        return history
    arrivals = list(history.arrivals)
    for asked in _asked(source, history):
        # Its trigger fires at least once, and whoever asked may have been faster.
        for _ in range(source.randint(1, 2)):
            arrivals.insert(source.randrange(len(arrivals) + 1), asked)
    return replace(history, arrivals=tuple(arrivals))


def _asked(source: random.Random, history: History) -> Iterator[Arrival]:
    product_ids = [product_id for product_id, _ in history.stock]
    # What is taken away from a shop that has enough for all would be missed by somebody.
    kinds = ("add", "extend") if history.is_ample else ("add", "take", "set", "extend")
    for number in range(source.randint(1, 3)):
        kind = source.choice(kinds)
        request_id = f"{kind}-{number}"
        if kind == "extend":
            yield Arrival(Kind.OPERATOR, source.choice(history.scenarios).order_id, request_id=request_id)
        else:
            yield Arrival(Kind.OPERATOR, product_id=source.choice(product_ids), request_id=request_id)
