"""How long settlement tries, and how long it pauses in between."""

import itertools
import random

from settlement.settle import Patience
from tests.support.interference import Clock, patience_of


def pauses_of(clock: Clock, tries: int, **kwargs: object) -> list[float]:
    for _ in itertools.islice(patience_of(clock, **kwargs).tries(), tries + 1):  # type: ignore[arg-type]
        pass
    return clock.pauses


def test_the_first_try_comes_at_once() -> None:
    clock = Clock()
    next(patience_of(clock).tries())
    assert clock.pauses == []


def test_pauses_double_until_they_are_long_enough() -> None:
    assert pauses_of(Clock(), 8) == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.25]


def test_pauses_are_random_so_that_those_who_collided_part() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    pauses = pauses_of(Clock(), 12, random=dice.random)
    assert len(set(pauses)) == 12
    assert all(0 <= pause <= 0.5 for pause in pauses)


def test_it_ends_when_eight_seconds_are_over() -> None:
    clock = Clock()
    began = clock.seconds
    assert sum(1 for _ in patience_of(clock).tries()) > 20
    assert 8.0 <= clock.seconds - began <= 8.0 + 0.5


def test_it_never_sleeps_past_its_end() -> None:
    clock = Clock()
    patience = Patience(clock.monotonic, clock.sleep, lambda: 1.0, total_seconds=0.02)
    began = clock.seconds
    for _ in patience.tries():
        pass
    assert clock.seconds - began <= 0.02 + 1e-9


def test_each_try_knows_how_much_time_is_left() -> None:
    clock = Clock()
    seconds_left = next(patience_of(clock).tries())
    assert seconds_left() == 8.0
    clock.seconds += 3
    assert seconds_left() == 5.0


def test_a_try_that_outlives_its_time_still_names_a_positive_timeout() -> None:
    clock = Clock()
    seconds_left = next(patience_of(clock).tries())
    clock.seconds += 60
    assert 0 < seconds_left() < 0.01


def test_time_that_passes_inside_a_try_counts() -> None:
    clock = Clock()
    tries = 0
    for _ in patience_of(clock).tries():
        clock.seconds += 4.1
        tries += 1
    assert tries == 2
