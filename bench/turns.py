"""Measures contestants in turns, so that a slow phase of the machine slows all of them."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

WARM_UP_ROUNDS: Final = 20

Contestant = Callable[[], float]
"""Does its work once, and returns how many seconds of it count."""


def in_turn(names: Sequence[str], number: int) -> Sequence[str]:
    """The names in the order of this round: each round begins with another."""
    first = number % len(names)
    return (*names[first:], *names[:first])


def medians_in_turns(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, float]:
    """The median of each contestant's seconds. Each round begins with another."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(WARM_UP_ROUNDS + rounds):
        for name in in_turn(tuple(contestants), number):
            taken = contestants[name]()
            if number >= WARM_UP_ROUNDS:
                seconds[name].append(taken)
    return {name: median(taken) for name, taken in seconds.items()}
