"""When an effect is retried, and who may retry it."""

from datetime import datetime, timedelta
from itertools import product

import pytest

from effects.effect import EffectState, StoredEffect
from effects.schedule import ATTEMPTS_MAX, LEASE, PAUSE_ASKED_MAX, is_due, pause_after
from tests.support.builders import NOW
from tests.support.effects import A_MAIL

MINUTE = timedelta(minutes=1)
SWEEP = 5 * MINUTE
BEFORE, AFTER = NOW - MINUTE, NOW + MINUTE


def a_stored(state: str, next_attempt_at: datetime | None) -> StoredEffect:
    return StoredEffect(A_MAIL, EffectState(state), 1, next_attempt_at, None, "as read")


def test_each_pause_is_twice_as_long_as_the_one_before_up_to_a_maximum() -> None:
    longest = [pause_after(attempts, 1.0) for attempts in range(1, ATTEMPTS_MAX + 1)]
    minutes = [1, 2, 4, 8, 16, 32, 64, 128, 210, 210, 210, 210, 210]
    assert longest == [*(each * MINUTE for each in minutes), None]


def test_at_least_half_of_each_pause_is_certain_and_the_rest_is_by_chance() -> None:
    assert [pause_after(3, chance) for chance in (0.0, 0.5, 1.0)] == [2 * MINUTE, 3 * MINUTE, 4 * MINUTE]


@pytest.mark.parametrize("asked", [None, timedelta(days=1)])
def test_all_attempts_fall_into_the_day_for_which_the_others_know_the_key(asked: timedelta | None) -> None:
    pauses = [pause_after(attempts, 1.0, asked) for attempts in range(1, ATTEMPTS_MAX)]
    assert sum((pause + SWEEP for pause in pauses if pause), timedelta()) < timedelta(hours=24)


@pytest.mark.parametrize(
    ("asked", "pause"), [(MINUTE / 2, MINUTE), (10 * MINUTE, 10 * MINUTE), (timedelta(days=9), PAUSE_ASKED_MAX)]
)
def test_a_provider_is_left_alone_for_as_long_as_it_asks_but_not_for_ever(asked: timedelta, pause: timedelta) -> None:
    assert pause_after(1, 1.0, asked) == pause


def test_what_a_provider_asks_for_does_not_make_the_last_attempt_another() -> None:
    assert pause_after(ATTEMPTS_MAX, 0.0, MINUTE) is None


DUE = {
    ("PENDING", None): True,
    ("PENDING", BEFORE): True,
    ("PENDING", NOW): True,
    ("PENDING", AFTER): True,
    ("PROCESSING", None): True,
    ("PROCESSING", BEFORE): True,
    ("PROCESSING", NOW): True,
    ("PROCESSING", AFTER): False,
    ("RETRY", None): True,
    ("RETRY", BEFORE): True,
    ("RETRY", NOW): True,
    ("RETRY", AFTER): False,
    **{(state, at): False for state in ("SUCCESS", "ERROR") for at in (None, BEFORE, NOW, AFTER)},
}


def test_every_state_and_time_has_its_answer() -> None:
    assert set(DUE) == set(product(map(str, EffectState), (None, BEFORE, NOW, AFTER)))
    assert {(state, at): is_due(a_stored(state, at), NOW) for state, at in DUE} == DUE


def test_a_lease_is_respected_until_it_ends_unless_it_ends_later_than_any_that_begins_now() -> None:
    assert not is_due(a_stored("PROCESSING", NOW + LEASE), NOW)
    assert is_due(a_stored("PROCESSING", NOW + LEASE + MINUTE), NOW)
