"""Takings as documents: what a payment writes, and the one commit that folds many."""

from dataclasses import replace

import pytest

from database.documents.takings import fold_writes, units_to_take_from
from database.store import Create, Delete, Document, Increase
from inventory.takings import Taking
from tests.support.builders import NOW
from tests.support.decisions import TAKEN, shirts
from tests.support.written import AUDIT, FINALIZED, INVENTORY, RESERVED, new_entry, written


def test_a_taking_takes_the_place_of_the_increase_and_all_else_is_the_same() -> None:
    at_once = written(FINALIZED, RESERVED)
    later = written(replace(FINALIZED, moves=(), later=TAKEN), RESERVED)
    taking = "takings/order-1"
    assert later == {
        **{path: write for path, write in at_once.items() if path != INVENTORY},
        taking: Create(taking, {"units": {"shirt": 3}}),
    }
    assert later[AUDIT] == new_entry()[AUDIT]


def test_what_is_never_short_by_now_is_to_be_given_free() -> None:
    given_free = replace(FINALIZED, moves=(), later=shirts(0, -3))
    assert written(given_free, RESERVED)["takings/order-1"] == Create("takings/order-1", {"units": {"shirt": 3}})


@pytest.mark.parametrize(
    ("units", "usable"),
    [
        ({"shirt": 1, "mug": 2}, {"shirt": 1, "mug": 2}),
        *(({"shirt": 1, "mug": wrong}, None) for wrong in (0, -1, 1.5, True, "1", None)),
        *((wrong, None) for wrong in ({}, {"a/b": 1}, [1], None)),
    ],
    ids=str,
)
def test_units_are_usable_if_all_of_them_are(units: object, usable: object) -> None:
    assert units_to_take_from({"units": units}) == usable


def test_folding_deletes_each_as_it_was_read_and_increases_each_product_once() -> None:
    takings = [Taking("order-1", {"shirt": 3, "gone": 1}, "one", NOW), Taking("order-2", {"shirt": 2}, "two", NOW)]
    shirts = Document({"stock": 10, "reserved": 5}, "any")
    writes, gone = fold_writes(takings, {"inventory/shirt": shirts, "inventory/gone": None})
    assert writes == (
        Delete("takings/order-1", "one"),
        Delete("takings/order-2", "two"),
        Increase("inventory/shirt", {"stock": -5, "reserved": -5}),
    )
    assert gone == {"gone": 1}
