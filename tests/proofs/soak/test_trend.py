"""The arithmetic by which the soak finds growth."""

import random

import pytest

from tests.proofs.soak.trend import slope


def test_a_straight_line_has_its_own_slope() -> None:
    assert slope([(x, 80 + 0.25 * x) for x in range(10)]) == pytest.approx(0.25)


def test_a_flat_line_has_a_slope_of_zero() -> None:
    assert slope([(x, 80) for x in range(10)]) == 0


def test_noise_does_not_hide_growth() -> None:
    dice = random.Random(1)  # noqa: S311 - no secret
    noisy = [(x, 80 + 0.01 * x + dice.uniform(-1, 1)) for x in range(0, 10_000, 50)]
    assert slope(noisy) == pytest.approx(0.01, rel=0.01)


def test_a_step_up_counts_although_the_line_is_flat_before_and_after() -> None:
    assert slope([(x, 80 if x < 50 else 90) for x in range(100)]) == pytest.approx(0.15, rel=0.01)


def test_points_at_one_x_have_no_slope() -> None:
    with pytest.raises(ValueError, match="different x"):
        slope([(1, 80), (1, 90)])
