"""What is found in a chain of five entries, of which somebody has changed, deleted or added some."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from audit.chain import Head, chained, hash_of
from audit.links import RESTORED_AFTER, Entry
from audit.verification import Ends, Verdict, verified, verified_all
from tests.support.builders import NOW, Fields

Trail = list[Fields]
ENTRIES: Final = 5
LONG_AGO: Final = NOW - timedelta(days=1)


def a_trail(entries: int = ENTRIES, order_id: str = "order-1", begun_at: datetime = NOW, prefix: str = "evt") -> Trail:
    trail: Trail = []
    for number in range(1, entries + 1):
        moment = begun_at + timedelta(minutes=number)
        fields: Fields = {"eventId": f"{prefix}_{number}", "orderId": order_id, "createdAt": moment, "stock": []}
        trail.append(chained(fields, ends(trail)))
    return trail


def ends(trail: Trail) -> Head | None:
    return Head(len(trail), str(trail[-1]["hash"])) if trail else None


def an_order(head: Head | None, *anchored: Head, order_id: str = "order-1", created_at: datetime = NOW) -> Ends:
    return Ends(order_id, exists=True, created_at=created_at, head=head, anchored=anchored)


def read(trail: Sequence[Fields], order_id: str | None = "order-1") -> list[Entry]:
    return [Entry(str(fields["eventId"]), order_id, fields) for fields in trail]


def found(trail: Sequence[Fields], order: Ends) -> list[tuple[str, str | None]]:
    # In whatever order they are read.
    (verdict,) = {verified(order, read(shuffled)) for shuffled in (trail, trail[::-1])}
    return [(str(finding.defect), finding.entry_id) for finding in verdict.findings]


WHOLE: Final = a_trail()
ORDER: Final = an_order(ends(WHOLE))


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


def forged(number: int, **changes: object) -> Trail:
    """One entry is changed, and everything from there on hashed anew, as somebody could who may write anything."""
    trail = WHOLE[: number - 1]
    for each in WHOLE[number - 1 :]:
        fields = {name: value for name, value in each.items() if name not in ("sequence", "previousHash", "hash")}
        trail = [*trail, chained({**fields, **changes}, ends(trail))]
    return trail


def with_changed(number: int, **changes: object) -> Trail:
    return [*WHOLE[: number - 1], {**WHOLE[number - 1], **changes}, *WHOLE[number:]]


def hashed_anew(number: int, **changes: object) -> Trail:
    """One entry is changed, and its own hash with it."""
    changed = {**WHOLE[number - 1], **changes}
    return with_changed(number, **{**changed, "hash": hash_of(changed)})


def without(*numbers: int) -> Trail:
    return [fields for fields in WHOLE if fields["sequence"] not in numbers]


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
# As old as the first one in the chain.
UNCHAINED: Final[Fields] = {"eventId": "evt_x", "createdAt": NOW + timedelta(minutes=1), "stock": []}
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


def test_a_copy_of_an_entry_is_found_by_its_id() -> None:
    for entries in [*read(WHOLE), A_COPY], [A_COPY, *read(WHOLE)]:
        (finding,) = verified(ORDER, entries).findings
        assert (str(finding.defect), finding.entry_id) == ("inserted", "evt_x")


def test_what_comes_before_the_first_one_is_missing() -> None:
    trail = [chained(WHOLE[0], Head(0, "0" * 64))]
    assert found(trail, an_order(ends(trail))) == [("missing", None)]


def test_where_it_ends_must_be_what_the_order_says() -> None:
    assert found(WHOLE, an_order(None)) == [("head", None)]
    assert found([*WHOLE, a_fork(2)], an_order(None)) == [("head", None), ("inserted", "evt_x")]
    assert found(WHOLE, an_order(Head(5, "0" * 64))) == [("head", "evt_5")]
    assert found(WHOLE, an_order(ends(WHOLE[:3]))) == [("head", "evt_5"), ("head", "evt_4")]


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
    assert verified(an_order(None), read([before])) == Verdict("order-1", 0, 0, 1, 0, ())


EARLIER: Final = a_trail(3, begun_at=LONG_AGO, prefix="old")


@pytest.mark.parametrize("order", [ORDER, an_order(None, created_at=NOW + timedelta(hours=1))])
def test_an_order_that_was_created_again_has_a_chain_of_its_own(order: Ends) -> None:
    verdict = verified(order, read([*WHOLE, *EARLIER]))
    assert (verdict.chained + verdict.of_earlier_orders, verdict.findings) == (8, ())
    assert verdict.of_earlier_orders == (3 if order is ORDER else 8)


def test_the_chain_of_an_earlier_order_is_checked_too() -> None:
    assert found([*WHOLE, EARLIER[0], EARLIER[2]], ORDER) == [("missing", None)]
    assert found([*WHOLE, {**EARLIER[0], "amount": 1}, *EARLIER[1:]], ORDER) == [("changed", "old_1")]
    longer = a_trail(4, begun_at=LONG_AGO, prefix="old")
    (missing,) = verified(ORDER, read([*without(4), *longer])).findings
    assert missing.words == "number 4"
    deleted = Ends("order-1")
    assert found(EARLIER, deleted) == []
    assert found(EARLIER[1:], deleted) == [("missing", None)]


def test_what_was_anchored_must_still_be_in_the_chain() -> None:
    then = ends(WHOLE[:3])
    assert then is not None
    assert found(WHOLE, an_order(ends(WHOLE), then)) == []
    anew = forged(2, amount=1)
    assert found(anew, an_order(ends(anew))) == []
    assert found(anew, an_order(ends(anew), then)) == [("anchor", None)]
    # Also if the order has gone since.
    assert found(WHOLE, Ends("order-1", anchored=(then,))) == []
    assert found([], Ends("order-1", anchored=(then,))) == [("anchor", None)]


NO_ACTS: Final = Ends(None, exists=True)


def test_what_operators_did_to_no_order_is_a_chain_too_of_which_nothing_can_be_missing() -> None:
    acts = a_trail(3, order_id="")
    of_acts = Ends(None, exists=True, head=ends(acts))
    assert verified(of_acts, read(acts, None)) == Verdict(None, 3, 0, 0, 0, ())
    for some, defect in ((acts[:2], "missing"), (acts[1:], "missing"), ([], "missing")):
        first = next(verified_all([], read(some, None), of_acts))
        assert {str(each.defect) for each in first.findings} == {defect}
    forged = {"eventId": "operator_x", "createdAt": NOW + timedelta(days=1), "stock": [{}], "result": "stock_adjusted"}
    assert found([*acts, forged], replace(of_acts, order_id="order-1")) == [("unchained", "operator_x")]


SOON: Final = timedelta(seconds=1)
BEGUN: Final = NOW + timedelta(minutes=1)
"""By its own word, the chain's first entry."""


@pytest.mark.parametrize(
    ("written_at", "chain_written_at", "is_found"),
    [
        # Years before the chain began, by its own word; and what the database knows.
        (NOW + timedelta(days=9), NOW + SOON, True),
        (NOW - timedelta(days=9), NOW + SOON, False),
        (None, NOW + SOON, False),
        # A backup has made all documents anew.
        (NOW + timedelta(days=9), NOW + timedelta(days=8), False),
        # Neither what is equally old nor what is as late as an entry may be is anything older, or anew.
        (NOW + SOON, NOW + SOON, True),
        (NOW + timedelta(days=9), BEGUN + RESTORED_AFTER, True),
        (NOW + timedelta(days=9), BEGUN + RESTORED_AFTER + SOON, False),
    ],
)
def test_an_entry_without_a_place_is_older_than_the_chain_only_if_the_database_agrees(
    written_at: datetime | None, chain_written_at: datetime, *, is_found: bool
) -> None:
    chain = [replace(each, written_at=chain_written_at) for each in read(WHOLE)]
    old: Fields = {"eventId": "evt_x", "createdAt": LONG_AGO, "stock": []}
    verdict = verified(ORDER, [*chain, Entry("evt_x", "order-1", old, written_at)])
    assert [str(each.defect) for each in verdict.findings] == (["unchained"] if is_found else [])
    assert verdict.from_before == (not is_found)


def test_all_orders_are_judged_one_after_the_other() -> None:
    trails = {name: a_trail(2, name) for name in ("a", "b", "deleted")}
    entries = [entry for name, trail in trails.items() for entry in read(trail, name)]
    nobodys: Fields = {"eventId": "evt_a", "createdAt": NOW, "result": "stock_adjusted", "stock": [{}]}
    orders = [an_order(ends(trails[name]), order_id=name) for name in ("a", "b")]
    gone, before = an_order(ends(WHOLE), order_id="aa"), an_order(None, order_id="z")
    verdicts = list(verified_all([orders[0], gone, orders[1], before], [*read([nobodys], None), *entries], NO_ACTS))
    assert verdicts[0].from_before == 1
    assert [(each.order_id, each.chained + each.of_earlier_orders, len(each.findings)) for each in verdicts] == [
        (None, 0, 0),
        ("a", 2, 0),
        ("aa", 0, 1),
        ("b", 2, 0),
        ("deleted", 2, 0),
        ("z", 0, 0),
    ]


@pytest.mark.parametrize(
    ("orders", "entries"), [("", "ab"), ("a", "ab"), ("a", "b"), ("ab", "b"), ("ab", "a"), ("abc", "a"), ("abc", "")]
)
def test_each_order_is_judged_once_whether_it_has_entries_or_exists(orders: str, entries: str) -> None:
    ends_of = [an_order(None, order_id=order_id) for order_id in orders]
    acts, *verdicts = verified_all(ends_of, [Entry("evt_x", order_id, UNCHAINED) for order_id in entries], NO_ACTS)
    assert acts.order_id is None
    assert [(each.order_id, each.from_before) for each in verdicts] == [
        (order_id, entries.count(order_id)) for order_id in sorted({*orders, *entries})
    ]


def test_no_more_than_one_order_is_in_memory() -> None:
    read_of: list[str] = []

    def entries() -> Iterator[Entry]:
        for number in range(3):
            read_of.append(f"order-{number}")
            yield Entry("evt", f"order-{number}", {"eventId": "evt", "createdAt": NOW})

    verdicts = verified_all([], entries(), NO_ACTS)
    assert [next(verdicts).order_id, next(verdicts).order_id] == [None, "order-0"]
    assert read_of == ["order-0", "order-1"]
