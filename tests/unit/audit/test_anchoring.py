"""Anchors: which heads they contain, when they are due, and how they are chained."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from audit.anchoring import Anchoring
from audit.anchors import COMMITTED_WITHIN, MovedHead
from audit.chain import Head, hash_of
from database.documents.anchors import heads_in
from database.documents.audit_heads import ACTS_CHAIN
from tests.support.builders import NOW, Fields
from tests.support.interference import DisturbedStore, refused, undisturbed
from tests.support.memory_store import MemoryStore
from tests.support.shop import document_at

HOUR = timedelta(hours=1)
ANCHORED = NOW - COMMITTED_WITHIN
"""An anchor written now covers everything that happened until then."""


def moved(order_id: str, at: datetime = ANCHORED, count: int = 1) -> tuple[str, Fields]:
    return f"orders/{order_id}", {
        "auditHead": sha256(order_id.encode()).hexdigest(),
        "auditCount": count,
        "updatedAt": at,
    }


def a_shop(*orders: tuple[str, Fields]) -> MemoryStore:
    return MemoryStore(dict(orders))


def anchored(store: MemoryStore, now: datetime = NOW, heads_max: int = 100) -> Fields:
    anchor = Anchoring(store, store.moved_heads, 8, heads_max).anchor_if_due(now)
    assert anchor is not None
    stored = document_at(store, f"anchors/{anchor['anchor']}")
    assert stored == {name: value for name, value in anchor.items() if name != "anchor"}
    return dict(anchor)


def heads_of(store: MemoryStore, anchor: Fields) -> list[tuple[str, Head]]:
    parts = sorted((path, part) for path, part in store.documents() if f"anchors/{anchor['anchor']}/heads/" in path)
    return [head for _, part in parts for head in heads_in(part)]


def order_ids_of(store: MemoryStore, anchor: Fields) -> list[str]:
    return [order_id for order_id, _ in heads_of(store, anchor)]


def test_the_first_anchor_holds_every_head_in_a_digest_that_anybody_can_make() -> None:
    before = NOW - HOUR
    store = a_shop(moved("b", NOW - 2 * HOUR, 3), moved("a", before), moved("c", before))
    store.put("orders/before", {"updatedAt": before})
    anchor = anchored(store, heads_max=4)
    heads = heads_of(store, anchor)
    assert [(order_id, head.count) for order_id, head in heads] == [("b", 3), ("a", 1), ("c", 1)]
    lines = "".join(f"{order_id} {head.count} {head.hash}\n" for order_id, head in heads)
    assert (anchor["heads"], anchor["digest"]) == (3, sha256(lines.encode()).hexdigest())
    assert (anchor["sequence"], anchor["previousHash"], anchor["until"]) == (1, None, ANCHORED)
    assert anchor["createdAt"] == NOW


def test_the_next_one_is_chained_to_it_and_holds_what_has_moved_since() -> None:
    store = a_shop(moved("a", ANCHORED), moved("b", ANCHORED + timedelta(microseconds=1)))
    first = anchored(store)
    assert order_ids_of(store, first) == ["a"]
    store.put(*moved("c", ANCHORED + HOUR))
    store.put(*moved("d", NOW + HOUR))
    second = anchored(store, NOW + HOUR)
    assert order_ids_of(store, second) == ["b", "c"]
    assert (second["sequence"], second["previousHash"], second["since"]) == (2, first["hash"], first["until"])
    assert second["hash"] == hash_of({name: value for name, value in second.items() if name != "anchor"})


def test_an_hour_in_which_nothing_has_moved_is_anchored_too() -> None:
    assert anchored(a_shop())["heads"] == 0


def test_nothing_is_anchored_before_the_hour_is_over() -> None:
    store = a_shop(moved("a"))
    anchored(store)
    before = store.dump()
    assert Anchoring(store, store.moved_heads, 8).anchor_if_due(NOW + HOUR - timedelta(seconds=1)) is None
    assert store.dump() == before


@pytest.mark.parametrize(("heads_max", "first_ones"), [(2, 2), (3, 5), (4, 5)])
def test_surplus_heads_are_anchored_next_and_none_of_the_same_moment_is_lost(heads_max: int, first_ones: int) -> None:
    moments = [NOW - HOUR * hours for hours in (9, 8, 7, 7, 7, 6)]
    store = a_shop(*(moved(f"order-{number}", moment) for number, moment in enumerate(moments)))
    first = anchored(store, heads_max=heads_max)
    assert order_ids_of(store, first) == [f"order-{number}" for number in range(first_ones)]
    assert first["until"] == moments[first_ones - 1]
    following = order_ids_of(store, anchored(store, NOW + timedelta(seconds=1), heads_max=heads_max))
    assert following[0] == f"order-{first_ones}"


def test_one_of_two_simultaneous_anchors_wins() -> None:
    store = a_shop(moved("a"))

    def beaten(since: datetime, until: datetime) -> Iterator[Sequence[MovedHead]]:
        anchored(store, NOW + timedelta(seconds=1))
        return store.moved_heads(since, until)

    assert Anchoring(store, beaten, 8).anchor_if_due(NOW) is None
    assert document_at(store, "sweeps/anchor")["auditCount"] == 1


def test_an_anchor_that_was_not_finished_is_none_and_the_next_one_holds_all_of_it() -> None:
    store = a_shop(moved("a"))
    assert Anchoring(DisturbedStore(store, [undisturbed, refused]), store.moved_heads, 8).anchor_if_due(NOW) is None
    assert store.get("sweeps/anchor") is None
    assert order_ids_of(store, anchored(store, NOW + timedelta(minutes=5))) == ["a"]


def test_where_the_chain_of_operators_other_acts_ends_is_in_every_anchor() -> None:
    store = a_shop(moved("a"), (ACTS_CHAIN, moved(ACTS_CHAIN, count=7)[1]))
    assert [(name, head.count) for name, head in heads_of(store, anchored(store, heads_max=1))] == [
        (ACTS_CHAIN, 7),
        ("a", 1),
    ]
    assert order_ids_of(store, anchored(store, NOW + 2 * HOUR)) == [ACTS_CHAIN]
