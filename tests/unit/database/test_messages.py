"""Writes and documents in Firestore's JSON. Contract and emulator tests show what Firestore makes of them."""

import json
from datetime import UTC, datetime, timedelta, timezone
from math import inf, isnan
from typing import Any

import pytest
from google.cloud.firestore_v1 import types
from hypothesis import given
from hypothesis import strategies as st

from database.messages import Opaque, decoded, encoded, figures_in
from database.store import Create, Delete, Increase, Update
from tests.support.builders import NOW

NAME = "projects/p/databases/(default)/documents/orders/order-1"
VERSION = "2026-11-26T08:00:00.123456789Z"

integers = st.integers(-(2**63), 2**63 - 1)
moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | integers | texts | moments,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


def fields_written(write: Create | Update) -> Any:
    return encoded(write, NAME)["update"]


@given(st.dictionaries(texts, values))
def test_google_reads_what_was_written_and_is_read_as_it_writes(fields: dict[str, object]) -> None:
    message = types.Document.from_json(json.dumps(fields_written(Create("orders/order-1", fields))))
    assert decoded(json.loads(types.Document.to_json(message))) == fields


def test_a_tuple_is_written_as_a_list() -> None:
    assert decoded(fields_written(Create("orders/order-1", {"lines": ("a", "b")}))) == {"lines": ["a", "b"]}


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    assert decoded(fields_written(Create("orders/order-1", {"at": there}))) == {"at": NOW}


@pytest.mark.parametrize("value", [1.5, b"x", {"a"}, Opaque()])
def test_what_the_service_never_writes_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        encoded(Create("orders/order-1", {"field": [{"deep": value}]}), NAME)


def test_a_document_is_created_only_where_none_is() -> None:
    assert encoded(Create("orders/order-1", {"n": 2**40}), NAME) == {
        "update": {"name": NAME, "fields": {"n": {"integerValue": "1099511627776"}}},
        "currentDocument": {"exists": False},
    }


def test_an_update_names_its_fields_and_the_version_that_it_rests_on_to_the_last_digit() -> None:
    message = encoded(Update("orders/order-1", {"status": "paid", "items": []}, VERSION), NAME)
    assert message == {
        "update": {
            "name": NAME,
            "fields": {"status": {"stringValue": "paid"}, "items": {"arrayValue": {"values": []}}},
        },
        "updateMask": {"fieldPaths": ["status", "items"]},
        "currentDocument": {"updateTime": VERSION},
    }


def test_an_increase_changes_its_figures_and_leaves_the_rest() -> None:
    assert encoded(Increase("inventory/shirt", {"stock": -3, "reserved": 3}), NAME) == {
        # Without a mask, the update would replace the document.
        "update": {"name": NAME, "fields": {}},
        "updateMask": {},
        "updateTransforms": [
            {"fieldPath": "reserved", "increment": {"integerValue": "3"}},
            {"fieldPath": "stock", "increment": {"integerValue": "-3"}},
        ],
        "currentDocument": {"exists": True},
    }


def test_a_deletion_names_the_version_that_it_rests_on() -> None:
    assert encoded(Delete("orders/order-1", VERSION), NAME) == {
        "delete": NAME,
        "currentDocument": {"updateTime": VERSION},
    }


def test_a_commit_answers_doubles_where_the_figures_are_doubles() -> None:
    figures = figures_in(
        [{"doubleValue": 3.0}, {"integerValue": "10"}], Increase("inventory/shirt", {"stock": 0, "reserved": 3})
    )
    assert figures == {"reserved": 3.0, "stock": 10}
    assert [type(figure) for figure in figures.values()] == [float, int]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"nullValue": None}, None),
        ({"doubleValue": 0.5}, 0.5),
        ({"doubleValue": 10}, 10.0),
        ({"doubleValue": "-Infinity"}, -inf),
        ({"integerValue": str(-(2**63))}, -(2**63)),
        ({"bytesValue": "/w=="}, b"\xff"),
        ({"timestampValue": "0001-01-01T00:00:00Z"}, datetime(1, 1, 1, tzinfo=UTC)),
        ({"timestampValue": "9999-12-31T23:59:59.999999999Z"}, datetime.max.replace(tzinfo=UTC)),
        ({"timestampValue": "2023-11-14T22:13:20.5Z"}, datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC)),
        ({"arrayValue": {}}, []),
        ({"mapValue": {}}, {}),
    ],
)
def test_what_others_wrote_is_read(value: dict[str, object], read: object) -> None:
    found = decoded({"name": NAME, "fields": {"field": value}})
    assert found == {"field": read} and type(found["field"]) is type(read)


def test_what_is_no_number_is_read() -> None:
    value = decoded({"fields": {"field": {"doubleValue": "NaN"}}})["field"]
    assert isinstance(value, float) and isnan(value)


@pytest.mark.parametrize(
    "value", [{"referenceValue": NAME}, {"geoPointValue": {"latitude": 1, "longitude": 2}}, {"newValue": 1}, {}]
)
def test_what_the_service_has_no_use_for_spoils_nothing_beside_it(value: dict[str, object]) -> None:
    items = decoded({"fields": {"list": {"arrayValue": {"values": [value, {"integerValue": "1"}]}}}})["list"]
    assert isinstance(items, list) and isinstance(items[0], Opaque) and items[1:] == [1]
    assert str(items) == "[a value of another kind, 1]"


def test_a_document_without_fields_is_empty() -> None:
    assert decoded({"name": NAME}) == {}
