"""Among the entries under an order's id, its own are told from those of an earlier order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from audit.chain import Head
from database.store import Document, Fields
from reconciliation.records import are_all_entries, effect_record_from, event_record_from, order_record_from
from reconciliation.subjects import EffectRecord, EventRecord
from tests.support.builders import NOW
from tests.support.reconciling import a_paid_order

ORDER = replace(a_paid_order(), created_at=NOW)


def an_entry(taken: int, **fields: object) -> Fields:
    move = {"productId": "shirt", "stock": -taken, "reserved": -taken}
    return {"orderId": "order-1", "createdAt": NOW, "stock": [move], "uncounted": [], **fields}


FIRST = an_entry(1, hash="a", previousHash=None)
SECOND = an_entry(2, hash="b", previousHash="a")
OF_ANOTHER_CHAIN = an_entry(4, hash="x", previousHash=None)
FROM_BEFORE_CHAINS = an_entry(8)
OF_AN_EARLIER_ORDER = an_entry(16, createdAt=NOW - timedelta(minutes=2))
BEGUN_BEFORE_THE_ORDER = an_entry(32, createdAt=NOW - timedelta(minutes=1))
OF_ANOTHER_ORDER = an_entry(64, orderId="order-2")
OF_NO_TIME = an_entry(128, createdAt=None)
ALL = (
    *(SECOND, OF_ANOTHER_CHAIN, FIRST, FROM_BEFORE_CHAINS),
    *(OF_AN_EARLIER_ORDER, BEGUN_BEFORE_THE_ORDER, OF_ANOTHER_ORDER, OF_NO_TIME),
)


@pytest.mark.parametrize(
    ("head", "taken"), [(Head(2, "b"), 1 + 2 + 8 + 32 + 128), (Head(1, "a"), 1 + 8 + 32 + 128), (None, 8 + 32 + 128)]
)
def test_its_own_entries_are_those_of_its_chain_and_those_from_before_chains_by_their_time(
    head: Head | None, taken: int
) -> None:
    assert order_record_from(ORDER, head, {}, ALL, NOW).stock_moved == {"shirt": -taken}
    of_no_time = replace(ORDER, created_at=None)
    assert order_record_from(of_no_time, head, {}, ALL, NOW).stock_moved == {"shirt": -taken - 16}


PLACED = {**FIRST, "statusBefore": "pending"}


@pytest.mark.parametrize(
    ("entries", "head", "are_all"),
    [
        ((PLACED, SECOND), Head(2, "b"), True),
        ((SECOND, PLACED, OF_ANOTHER_CHAIN), Head(2, "b"), True),
        ((SECOND,), Head(2, "b"), False),
        ((PLACED,), Head(2, "b"), False),
        ((PLACED, SECOND), Head(3, "b"), False),
        # Others may predate the chains.
        ((FIRST, SECOND), Head(2, "b"), False),
        ((PLACED,), None, False),
    ],
)
def test_they_are_all_there_if_the_chain_is_whole_and_begins_when_nothing_had_become_of_the_order(
    entries: tuple[Fields, ...], head: Head | None, are_all: object
) -> None:
    assert are_all_entries(entries, head) is are_all


def test_units_that_no_inventory_counted_are_named_and_what_cannot_be_read_moves_nothing() -> None:
    gone = an_entry(0, uncounted=[{"productId": "mug", "quantity": 1}])
    unreadable = an_entry(0, stock=[{"productId": 3, "stock": -1}, "x"], uncounted=None)
    record = order_record_from(ORDER, None, {}, [gone, unreadable], NOW)
    assert not record.stock_moved
    assert record.uncounted == {"mug"}


def test_a_claim_and_an_effect_are_read_with_the_order_that_they_are_about() -> None:
    claim = Document({"orderId": "order-1", "processed": True}, version=1)
    documents = {"auditLog/evt_1": None, "webhookEvents/evt_1": claim}
    assert event_record_from("evt_1", documents) == EventRecord("evt_1", "order-1", is_claimed=True, has_entry=False)
    fields, later = {"kind": "mail", "orderId": "order-1"}, NOW + timedelta(hours=1)
    assert effect_record_from("mail_1", fields, NOW) == EffectRecord("mail_1", "mail", "order-1", NOW, NOW)
    due = effect_record_from("mail_1", {**fields, "nextAttemptAt": later}, NOW)
    assert due == EffectRecord("mail_1", "mail", "order-1", later, NOW)
