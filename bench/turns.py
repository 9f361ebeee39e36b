"""Contestants measured in turns, so that whatever slows the machine for a while slows all of them."""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

WARM_UP_ROUNDS: Final = 20

Contestant = Callable[[], float]
"""Does its work once, and returns how many seconds of it count."""


def medians_in_turns(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, float]:
    """The median of each contestant's seconds. The order in which they take turns changes from round to round."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(WARM_UP_ROUNDS + rounds):
        first = number % len(contestants)
        order = list(contestants)
        for name in (*order[first:], *order[:first]):
            taken = contestants[name]()
            if number >= WARM_UP_ROUNDS:
                seconds[name].append(taken)
    return {name: median(taken) for name, taken in seconds.items()}
