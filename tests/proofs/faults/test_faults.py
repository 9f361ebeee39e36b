"""An RPC fails, the event is delivered again, and nothing is wrong: a slice of the whole table of faults."""

from collections import Counter

import pytest

from tests.proofs.faults import folding, performing
from tests.proofs.faults.faulty_transport import Fault
from tests.proofs.faults.scenarios import SCENARIOS
from tests.proofs.faults.trial import DEATHS, cells, wrong_in

pytestmark = pytest.mark.usefixtures("firestore_host")


def test_no_last_commit_whose_answer_is_lost_leaves_anything_wrong() -> None:
    """A slice: a sixth of the scenarios."""
    some = list(SCENARIOS)[::6]
    last = {cell.scenario: cell for cell in cells([Fault.ANSWER_LOST], some) if cell.name == "commit"}
    assert last.keys() == set(some)
    assert {str(cell): wrong for cell in last.values() if (wrong := wrong_in(cell))} == {}


def test_no_process_that_dies_at_its_commit_leaves_anything_wrong() -> None:
    """A slice: the commits of one scenario that has several. The whole table is part of `make torture`."""
    tried = [cell for cell in cells(DEATHS, SLICE) if cell.name == "commit"]
    assert Counter(cell.scenario for cell in tried) == {scenario: 2 * len(DEATHS) for scenario in SLICE}
    assert {str(cell): wrong for cell in tried if (wrong := wrong_in(cell))} == {}


def test_no_fold_that_dies_or_whose_answer_is_lost_takes_a_unit_twice_or_leaves_one() -> None:
    """A slice: its commit, before it and after it."""
    tried = [cell for cell in folding.cells((*DEATHS, Fault.ANSWER_LOST)) if cell.name == "commit"]
    assert len(tried) == 3
    assert {str(cell): wrong for cell in tried if (wrong := folding.wrong_in(cell))} == {}


def test_after_a_death_or_a_lost_answer_the_same_is_asked_outside_again_under_the_same_key() -> None:
    """A slice: before and after the call, at both RPCs around it."""
    tried = [cell for cell in performing.cells((*DEATHS, Fault.ANSWER_LOST)) if cell.name == "commit"]
    assert len(tried) == 6
    assert {str(cell): wrong for cell in tried if (wrong := performing.wrong_in(cell))} == {}


def test_who_is_killed_while_a_provider_has_their_request_is_replaced_when_their_lease_is_over() -> None:
    assert performing.wrong_if_killed_while_asking() == []


def test_one_of_two_simultaneous_performers_of_an_effect_calls() -> None:
    with performing.a_provider() as provider:
        project = performing.a_shop_with_an_effect()
        assert performing.endings_of_two_at_once(project, provider.origin) == ["effect_done", "effect_not_due"]
    assert len(provider.asked) == 1


SLICE = {"a payment that a refund waits for"}
