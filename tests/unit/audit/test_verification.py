"""Verification of a chain of five entries that somebody has tampered with."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from audit.chain import Head, chained, hash_of
from audit.links import Entry
from audit.verification import Verdict, verified
from tests.support.builders import NOW, Fields
from tests.support.trails import (
    ENTRIES,
    LONG_AGO,
    ORDER,
    UNCHAINED,
    WHOLE,
    Trail,
    a_chained_order,
    a_trail,
    ends,
    forged,
    found,
    read,
    without,
)


def test_a_chain_as_it_was_written_is_in_order() -> None:
    assert verified(ORDER, read(WHOLE)) == Verdict("order-1", ENTRIES, 0, 0, 0, ())


@pytest.mark.parametrize("value", [[], {}, 1.5, True, b"x"], ids=repr)
@pytest.mark.parametrize("name", ["eventId", "createdAt", "sequence", "previousHash", "hash", "result", "note"])
def test_whatever_somebody_writes_into_an_entry_is_found_and_keeps_nothing_from_being_judged(
    name: str, value: object
) -> None:
    changed = {**WHOLE[2], name: value}
    assert found([*WHOLE[:2], changed, *WHOLE[3:]], ORDER)
    slipped_in = {"eventId": "evt_x", "createdAt": NOW + timedelta(days=1), name: value}
    assert found([*WHOLE, slipped_in], ORDER)


def with_changed(number: int, **changes: object) -> Trail:
    return [*WHOLE[: number - 1], {**WHOLE[number - 1], **changes}, *WHOLE[number:]]


def hashed_anew(number: int, **changes: object) -> Trail:
    """One entry is changed and its own hash recomputed."""
    changed = {**WHOLE[number - 1], **changes}
    return with_changed(number, **{**changed, "hash": hash_of(changed)})


def a_fork(number: int, **changes: object) -> Fields:
    return chained({**WHOLE[number], "eventId": "evt_x", **changes}, ends(WHOLE[:number]))


A_COPY: Final = Entry("evt_x", "order-1", WHOLE[1])
A_BEGINNING: Final = chained({**WHOLE[0], "eventId": "evt_x"}, None)
A_SIXTH: Final = chained({**WHOLE[0], "eventId": "evt_6"}, ends(WHOLE))
A_CIRCLE: Final = [
    {**A_SIXTH, "hash": "a", "previousHash": "b"},
    {**A_SIXTH, "eventId": "evt_7", "sequence": 7, "hash": "b", "previousHash": "a"},
]
TWO_APART: Final = [a_fork(2, createdAt=NOW + timedelta(hours=1))]
TWO_APART.append(chained({**WHOLE[3], "eventId": "evt_y"}, Head(3, str(TWO_APART[0]["hash"]))))
BEGUN_BEFORE: Final = a_trail(2, begun_at=NOW - timedelta(minutes=2), prefix="old")
NOT_SET_ASIDE: Final[dict[str, object]] = {
    "stock": [{"productId": "shirt", "stock": -1, "reserved": 0}],
    "statusBefore": "reserved",
    "statusAfter": "finalized",
    "webhookProcessed": True,
}
TAMPERED: dict[str, tuple[Trail, list[tuple[str, str | None]]]] = {
    "a field is changed": (with_changed(3, amount=1), [("changed", "evt_3")]),
    "a field is added to the last one": (with_changed(5, note="ok"), [("changed", "evt_5")]),
    "a whole number becomes a double": (with_changed(2, amount=1.0), [("changed", "evt_2")]),
    "an entry is changed and hashed anew": (hashed_anew(3, amount=1), [("changed", "evt_3")]),
    "the last one is changed and hashed anew": (hashed_anew(5, amount=1), [("head", "evt_5")]),
    "all from one on are hashed anew": (forged(2, amount=1), [("head", "evt_5")]),
    "the first one is missing": (without(1), [("missing", None)]),
    "two in the middle are missing": (without(2, 3), [("missing", None)]),
    "two are missing apart": (without(2, 4), [("missing", None), ("missing", None)]),
    "the last one is missing": (without(5), [("missing", None)]),
    "all are missing": ([], [("missing", None)]),
    "one is slipped in beside another": ([*WHOLE, a_fork(2)], [("inserted", "evt_x")]),
    "one is slipped in at the end": ([*WHOLE, a_fork(4)], [("inserted", "evt_x")]),
    "one is slipped in and backdated": ([*WHOLE, a_fork(2, createdAt=LONG_AGO)], [("inserted", "evt_x")]),
    "a second beginning is slipped in": ([*WHOLE, A_BEGINNING], [("inserted", "evt_x")]),
    "two are slipped in, in a circle": ([*WHOLE, *A_CIRCLE], [("inserted", "evt_7"), ("inserted", "evt_6")]),
    "two have changed numbers": (
        [WHOLE[0], {**WHOLE[1], "sequence": 3}, {**WHOLE[2], "sequence": 2}, *WHOLE[3:]],
        [("reordered", "evt_3"), ("reordered", "evt_2")],
    ),
    "two are slipped in, of which the last is backdated": (
        [*WHOLE, *TWO_APART],
        [("inserted", "evt_y"), ("inserted", "evt_x")],
    ),
    "a chain that ends after the order was created": (
        [*WHOLE, *BEGUN_BEFORE],
        [("inserted", "old_2"), ("inserted", "old_1")],
    ),
    "a place is taken away": (with_changed(3, hash=None), [("changed", "evt_3"), ("missing", None)]),
    **{
        f"of a place only {name} is left": ([*WHOLE, {**UNCHAINED, name: WHOLE[1][name]}], [("changed", "evt_x")])
        for name in ("sequence", "previousHash", "hash")
    },
    "the chain goes on past the order": ([*WHOLE, A_SIXTH], [("head", "evt_6")]),
    "one without a place is slipped in": ([*WHOLE, UNCHAINED], [("unchained", "evt_x")]),
    **{
        f"one says it was set aside, and has {name}": (
            [*WHOLE, {**UNCHAINED, "result": "other_account", name: value}],
            [("unchained", "evt_x")],
        )
        for name, value in NOT_SET_ASIDE.items()
    },
}


@pytest.mark.parametrize(("trail", "expected"), TAMPERED.values(), ids=TAMPERED)
def test_what_somebody_has_done_to_it_is_found(trail: Trail, expected: list[tuple[str, str | None]]) -> None:
    assert found(trail, ORDER) == expected


@pytest.mark.parametrize(
    ("status", "is_found"),
    [
        ("reserved", True),
        ("cancelled", True),
        ("finalized", False),
        ("reserving", False),
        ("shipped", False),
        (None, False),
    ],
)
def test_a_status_that_the_last_entry_has_not_left_is_found(status: str | None, *, is_found: bool) -> None:
    assert found(WHOLE, replace(ORDER, status=status)) == [("status", "evt_5")] * is_found


def test_what_left_an_order_in_no_status_is_not_compared_with_it() -> None:
    for last in {"statusAfter": "pending"}, {"statusAfter": None}, {"statusAfter": 1}:
        trail = forged(5, **last)
        assert found(trail, replace(a_chained_order(ends(trail)), status="reserved")) == []


def test_a_copy_of_an_entry_is_found_by_its_id() -> None:
    for entries in [*read(WHOLE), A_COPY], [A_COPY, *read(WHOLE)]:
        (finding,) = verified(ORDER, entries).findings
        assert (str(finding.defect), finding.entry_id) == ("inserted", "evt_x")


def test_what_comes_before_the_first_one_is_missing() -> None:
    trail = [chained(WHOLE[0], Head(0, "0" * 64))]
    assert found(trail, a_chained_order(ends(trail))) == [("missing", None)]


def test_where_it_ends_must_be_what_the_order_says() -> None:
    assert found(WHOLE, a_chained_order(None)) == [("head", None)]
    assert found([*WHOLE, a_fork(2)], a_chained_order(None)) == [("head", None), ("inserted", "evt_x")]
    assert found(WHOLE, a_chained_order(Head(5, "0" * 64))) == [("head", "evt_5")]
    assert found(WHOLE, a_chained_order(ends(WHOLE[:3]))) == [("head", "evt_5"), ("head", "evt_4")]


@pytest.mark.parametrize(
    ("trail", "words"),
    [
        (without(2, 3, 5), ["number 5", "numbers 2 to 3"]),
        (without(1, 2), ["numbers 1 to 2"]),
        (with_changed(5, hash=None), ["its place in the chain, or its time, cannot be read", "number 5"]),
        ([*WHOLE, UNCHAINED], ["it has no place in the chain, which had begun before it"]),
    ],
)
def test_it_says_what_is_wrong_with_which_order(trail: Trail, words: list[str]) -> None:
    findings = verified(ORDER, read(trail)).findings
    assert [(finding.order_id, finding.words) for finding in findings] == [("order-1", each) for each in words]


def test_what_is_from_before_the_chain_is_counted_and_so_is_what_was_set_aside() -> None:
    before: Fields = {"eventId": "evt_0", "createdAt": NOW, "stock": [{"productId": "shirt", "stock": -1}]}
    aside: Fields = {"eventId": "evt_a", "createdAt": NOW + timedelta(hours=1), "result": "other_account", "stock": []}
    assert verified(ORDER, read([before, before, *WHOLE, aside, aside])) == Verdict("order-1", ENTRIES, 0, 2, 2, ())
    assert verified(a_chained_order(None), read([before])) == Verdict("order-1", 0, 0, 1, 0, ())
