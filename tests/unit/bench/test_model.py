"""The model of one hot product is repeatable, waits for locks as it says, and counts no shop that is wrong."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.model.contestants import CONTESTANTS, GROUPED, TODAY
from bench.model.firestore import Client, Database
from bench.model.measure import Drop, Wrong, bare_commits_per_second, drop, probe
from bench.model.parameters import Parameters
from bench.model.plots import Axis, plot
from bench.model.trial import Trial
from bench.model.world import VirtualWorld
from database.store import Increase
from orders.outcome import StoreContended
from settlement import holding
from tests.support.memory_store import MemoryStore

BRISK = Parameters(commit_seconds=0.01)
HURRY = Drop(buyers=30, units=10, within_seconds=0.1)


def test_the_same_seed_gives_the_same_figures() -> None:
    assert drop(GROUPED, BRISK, HURRY) == drop(GROUPED, BRISK, HURRY)


@pytest.mark.parametrize("name", CONTESTANTS)
def test_every_contestant_sells_all_that_is_there_and_no_more(name: str) -> None:
    run = drop(CONTESTANTS[name], BRISK, HURRY)
    assert (len(run.paid), run.sold_out, run.errors) == (10, 20, 0)


def test_no_figure_counts_of_a_shop_that_sells_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "hold_is_covered", lambda order, products: True)
    with pytest.raises(Wrong, match="more is promised than is there"):
        drop(TODAY, BRISK, HURRY)


def test_holds_that_meet_in_one_instance_are_fewer_commits() -> None:
    commits = {}
    for contestant in (TODAY, replace(GROUPED, holding=(1, 64))):
        trial = Trial(contestant, BRISK, stock=1_000, seed=1)
        trial.run(orders=20, rate=2_000)
        commits[contestant.name] = trial.database.commits
    assert commits["grouped"] < commits["today"] - 10


@pytest.mark.parametrize("seconds", [0.005, 0.05])
def test_one_document_is_written_as_often_as_one_commit_after_the_other_can_write_it(seconds: float) -> None:
    rate = bare_commits_per_second(Parameters(commit_seconds=seconds), clients=4, commits=40)
    assert rate == pytest.approx(1 / seconds, rel=0.05)


def test_a_commit_that_waits_too_long_for_a_document_is_aborted_and_the_next_gets_it() -> None:
    world = VirtualWorld()
    database = Database(
        world, Parameters(commit_seconds=0.6, lock_wait_seconds=1), MemoryStore({"inventory/shirt": {}})
    )
    ends: list[str] = []

    def commit() -> None:
        try:
            Client(database).commit([Increase("inventory/shirt", {"reserved": 1})], timeout_seconds=8)
        except StoreContended:
            ends.append("aborted")
        else:
            ends.append("done")

    for after in (0.0, 0.1, 0.2, 0.3):
        world.start(commit, after=after)
    world.run()
    assert sorted(ends) == ["aborted", "done", "done", "done"]
    assert database.documents.get("inventory/shirt") == {"reserved": 3}


def test_what_a_contestant_does_not_sustain_is_seen() -> None:
    slow = Parameters(commit_seconds=0.05)
    assert [probe(TODAY, slow, rate, orders_max=40).is_sustained for rate in (4, 40)] == [True, False]


def test_a_plot_has_a_line_and_a_name_for_each_contestant() -> None:
    lines = {name: [(5, 80), (50, 8)] for name in CONTESTANTS}
    drawn = ET.fromstring(plot("One product", Axis("ms", is_log=True), Axis("orders/s"), lines))  # noqa: S314 - our own
    names = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == len(CONTESTANTS)
    assert set(CONTESTANTS) <= set(names)
