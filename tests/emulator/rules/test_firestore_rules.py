"""The rules, one visitor's attempt at a time."""

import pytest

from tests.emulator.rules.cases import PERMITTED, REFUSED
from tests.emulator.rules.emulated_project import Attempt, EmulatedProject


@pytest.mark.parametrize("attempt", PERMITTED.values(), ids=PERMITTED)
def test_the_rules_permit_that(attempt: Attempt, shop: EmulatedProject) -> None:
    assert shop.allows(attempt)


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_the_rules_ensure_that(attempt: Attempt, shop: EmulatedProject) -> None:
    assert not shop.allows(attempt)
