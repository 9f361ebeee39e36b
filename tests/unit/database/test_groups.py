"""Merged commits write and answer what they would have, one after the other."""

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database import groups
from database.groups import Joinable, answers_to, group_from, joinable, writes_of
from database.store import Committed, Create, Delete, Increase, Update, Write
from orders.outcome import StoreContended
from tests.support.memory_store import MemoryStore

SHIRT: Final = "inventory/shirt"
THERE: Final = tuple(f"orders/{name}" for name in "abcdef")
"""Existing documents; their versions are the order in which they were put."""


def a_shop(level: dict[str, object] | None) -> MemoryStore:
    documents: dict[str, dict[str, object]] = {path: {"n": 0} for path in THERE}
    return MemoryStore(documents | ({SHIRT: level} if level is not None else {}))


def a_commit(*others: Write, **amounts: int) -> Joinable:
    commit = joinable((*others, Increase(SHIRT, amounts)))
    assert commit
    return commit


# --- Merged is sequential ---------------------------------------------------------------------------------------------

whole = st.integers(-9, 9)
figures = whole | whole.map(lambda halves: halves / 2) | st.sampled_from([None, "many"])
levels = st.none() | st.dictionaries(st.sampled_from(["stock", "reserved", "backorder"]), figures)
amounts = st.dictionaries(st.sampled_from(["stock", "reserved", "backorder"]), whole, min_size=1)


@st.composite
def other_writes(draw: st.DrawFn) -> Write:
    place = draw(st.integers(0, len(THERE) - 1))
    # Sometimes the version is outdated.
    version = place + 1 if draw(st.integers(0, 19)) else 99
    path = draw(st.sampled_from(["new/", THERE[place]]))
    if path == "new/":
        return Create(f"new/{place}", {"n": 1})
    return Delete(path, version) if draw(st.booleans()) else Update(path, {"m": place}, version)


@st.composite
def commits(draw: st.DrawFn) -> Joinable:
    others = draw(st.lists(other_writes(), min_size=1, max_size=3, unique_by=lambda write: write.path))
    return a_commit(*others, **draw(amounts))


@given(levels, st.lists(commits(), min_size=1, max_size=6))
def test_a_group_writes_and_answers_what_its_commits_would_one_after_the_other(
    level: dict[str, object] | None, waiting: Sequence[Joinable]
) -> None:
    group = group_from(waiting)
    merged, sequential = a_shop(level), a_shop(level)
    untouched = merged.dump()
    try:
        one_by_one = [sequential.commit(commit.writes, timeout_seconds=1) for commit in group]
    except StoreContended:
        with pytest.raises(StoreContended):
            merged.commit(writes_of(group), timeout_seconds=1)
        assert merged.dump() == untouched
        return
    answers = answers_to(group, merged.commit(writes_of(group), timeout_seconds=1))
    assert merged.dump() == sequential.dump()
    assert [answer.figures for answer in answers] == [answer.figures for answer in one_by_one]
    assert [usable(answer, merged) for answer in answers] == [usable(answer, sequential) for answer in one_by_one]
    # And no version that could be mistaken for a valid one.
    assert [usable(answer, merged) for answer in answers] == [set(answer.versions) for answer in answers]


def usable(answer: Committed, store: MemoryStore) -> set[str]:
    """The documents that can be updated with the commit's versions."""
    read = store.read(tuple(answer.versions), timeout_seconds=1)
    return {path for path, document in read.items() if document and document.version == answer.versions[path]}


def test_each_buyer_of_the_last_units_sees_the_figures_of_its_own_turn() -> None:
    store = a_shop({"stock": 2, "reserved": 1})
    group = group_from(a_commit(Update(path, {}, place), stock=0, reserved=1) for place, path in enumerate(THERE, 1))
    answers = answers_to(group, store.commit(writes_of(group), timeout_seconds=1))
    assert [answer.figures[SHIRT]["reserved"] for answer in answers] == [2, 3, 4, 5, 6, 7]


# --- Which can be one -------------------------------------------------------------------------------------------------

UPDATE, INCREASE = Update(THERE[0], {"n": 1}, 1), Increase(SHIRT, {"reserved": 1})


@pytest.mark.parametrize(
    "writes",
    [
        (),
        (UPDATE,),
        (INCREASE,),
        (UPDATE, INCREASE, Increase("inventory/mug", {"reserved": 1})),
        (UPDATE, INCREASE, INCREASE),
        (UPDATE, INCREASE, Update(SHIRT, {"name": "Shirt"}, 7)),
    ],
    ids=["nothing", "no increase", "could be done twice", "two documents", "one twice", "the same in another way"],
)
def test_what_does_not_increase_one_document_beside_other_writes_is_joined_by_nothing(
    writes: tuple[Write, ...],
) -> None:
    assert joinable(writes) is None


@given(st.lists(commits(), min_size=1, max_size=9))
def test_a_group_is_all_from_the_head_on_until_one_writes_what_another_does(waiting: Sequence[Joinable]) -> None:
    group = group_from(waiting)
    assert group == tuple(waiting[: len(group)])
    written = [path for commit in group for path in commit.paths]
    assert len(set(written)) == len(written)
    assert len(group) == len(waiting) or not waiting[len(group)].paths.isdisjoint(written)


def many(number: int, *, writes: int = 1, text: str = "") -> list[Joinable]:
    return [
        a_commit(*(Create(f"new/{each}-{place}", {"text": text}) for place in range(writes)), reserved=1)
        for each in range(number)
    ]


def test_a_group_is_no_larger_than_firestore_takes_at_once_and_others_can_wait_for() -> None:
    assert len(group_from(many(100))) == groups.COMMITS_MAX
    assert len(group_from(many(100, writes=8))) == (groups.WRITES_MAX - 1) // 8
    assert len(group_from(many(100, text="x" * 100_000))) == 2
    for alone in (many(2, writes=200), many(2, text="x" * 900_000)):
        assert len(group_from(alone)) == 1


def test_a_group_is_as_large_as_it_may_be_with_the_one_write_that_all_its_commits_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = many(9, writes=3, text="x")
    monkeypatch.setattr(groups, "WRITES_MAX", 2 * 3 + 1)
    assert len(group_from(waiting)) == 2
    monkeypatch.setattr(groups, "WRITES_MAX", 100)
    monkeypatch.setattr(groups, "BYTES_MAX", 2 * waiting[0].size_bytes)
    assert len(group_from(waiting)) == 2


def test_one_alone_is_sent_as_it_came() -> None:
    writes = INCREASE, UPDATE
    commit = joinable(writes)
    assert commit
    assert writes_of([commit]) == writes
