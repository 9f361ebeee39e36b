"""Verification of the chains of all orders, of earlier orders of an id, and of operators."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from audit.links import RESTORED_AFTER, Entry
from audit.verification import Ends, Verdict, verified, verified_all
from tests.support.builders import NOW, Fields
from tests.support.trails import (
    LONG_AGO,
    ORDER,
    UNCHAINED,
    WHOLE,
    a_chained_order,
    a_trail,
    ends,
    forged,
    found,
    read,
    without,
)

EARLIER: Final = a_trail(3, begun_at=LONG_AGO, prefix="old")


@pytest.mark.parametrize("order", [ORDER, a_chained_order(None, created_at=NOW + timedelta(hours=1))])
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
    assert found(WHOLE, a_chained_order(ends(WHOLE), then)) == []
    anew = forged(2, amount=1)
    assert found(anew, a_chained_order(ends(anew))) == []
    assert found(anew, a_chained_order(ends(anew), then)) == [("anchor", None)]
    # Also if the order was deleted since.
    assert found(WHOLE, Ends("order-1", anchored=(then,))) == []
    assert found([], Ends("order-1", anchored=(then,))) == [("anchor", None)]


NO_ACTS: Final = Ends(None, exists=True)


def test_acts_on_no_order_form_a_complete_chain_too() -> None:
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
"""When the chain began, according to its first entry."""


@pytest.mark.parametrize(
    ("written_at", "chain_written_at", "is_found"),
    [
        # By its own date years before the chain began; then what the database says.
        (NOW + timedelta(days=9), NOW + SOON, True),
        (NOW - timedelta(days=9), NOW + SOON, False),
        (None, NOW + SOON, False),
        # A restored backup has new creation times.
        (NOW + timedelta(days=9), NOW + timedelta(days=8), False),
        # The bounds: an equally old entry is not older, and one within the tolerance is not recreated.
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
    orders = [a_chained_order(ends(trails[name]), order_id=name) for name in ("a", "b")]
    gone, before = a_chained_order(ends(WHOLE), order_id="aa"), a_chained_order(None, order_id="z")
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
    ends_of = [a_chained_order(None, order_id=order_id) for order_id in orders]
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
