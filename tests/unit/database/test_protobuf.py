"""Writes and documents as protobuf messages. What Firestore makes of them, contract and emulator tests tell."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.cloud.firestore_v1 import types
from hypothesis import given
from hypothesis import strategies as st

from database.protobuf import Opaque, decoded, encoded, figures_in
from database.store import Create, Increase, Update
from tests.support.builders import NOW

NAME = "projects/p/databases/(default)/documents/orders/order-1"
VERSION = types.Document(update_time=NOW)._pb.update_time

integers = st.integers(-(2**63), 2**63 - 1)
moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | integers | texts | moments,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


def fields_written(write: Create | Update) -> Any:
    return encoded(write, NAME).update


@given(st.dictionaries(texts, values))
def test_what_was_written_is_read_again(fields: dict[str, object]) -> None:
    assert decoded(fields_written(Create("orders/order-1", fields))) == fields


def test_nothing_is_written_as_null() -> None:
    assert fields_written(Create("orders/order-1", {"at": None})).fields["at"] == types.Value(null_value=0)._pb


def test_a_tuple_is_written_as_a_list() -> None:
    assert decoded(fields_written(Create("orders/order-1", {"lines": ("a", "b")}))) == {"lines": ["a", "b"]}


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    assert decoded(fields_written(Create("orders/order-1", {"at": there}))) == {"at": NOW}


@pytest.mark.parametrize("value", [1.5, b"x", {"a"}, Opaque(), 2**63])
def test_what_the_service_never_writes_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        encoded(Create("orders/order-1", {"field": [{"deep": value}]}), NAME)


def test_a_document_is_created_only_where_none_is() -> None:
    message = encoded(Create("orders/order-1", {}), NAME)
    assert message.update.name == NAME
    assert message.current_document.HasField("exists") and not message.current_document.exists
    assert not message.HasField("update_mask")


def test_an_update_names_its_fields_and_the_version_that_it_rests_on() -> None:
    message = encoded(Update("orders/order-1", {"status": "paid", "items": []}, VERSION), NAME)
    assert sorted(message.update_mask.field_paths) == ["items", "status"]
    assert message.current_document.update_time == VERSION
    assert not message.update_transforms


def test_an_increase_changes_its_figures_and_leaves_the_rest() -> None:
    message = encoded(Increase("inventory/shirt", {"stock": -3, "reserved": 2**40}), NAME)
    transforms = {each.field_path: each.increment.integer_value for each in message.update_transforms}
    assert transforms == {"stock": -3, "reserved": 2**40}
    assert message.current_document.exists
    # An update without a mask would replace the document.
    assert message.HasField("update_mask") and not message.update_mask.field_paths
    assert not message.update.fields


def test_a_commit_answers_doubles_where_the_figures_are_doubles() -> None:
    results = [types.Value(double_value=3.0)._pb, types.Value(integer_value=10)._pb]
    assert figures_in(results, Increase("inventory/shirt", {"stock": 0, "reserved": 3})) == {
        "reserved": 3.0,
        "stock": 10,
    }


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"double_value": 0.5}, 0.5),
        ({"bytes_value": b"\xff"}, b"\xff"),
        ({"timestamp_value": datetime(1, 1, 1, tzinfo=UTC)}, datetime(1, 1, 1, tzinfo=UTC)),
        ({"timestamp_value": datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)}, datetime.max.replace(tzinfo=UTC)),
        ({"array_value": {}}, []),
        ({"map_value": {}}, {}),
    ],
)
def test_what_others_wrote_is_read(value: dict[str, object], read: object) -> None:
    assert decoded(types.Document(fields={"field": value})._pb) == {"field": read}


@pytest.mark.parametrize(
    "value",
    [{"reference_value": NAME}, {"geo_point_value": {"latitude": 1, "longitude": 2}}, {}],
)
def test_what_the_service_has_no_use_for_spoils_nothing_beside_it(value: dict[str, object]) -> None:
    message = types.Document(fields={"list": {"array_value": {"values": [value, {"integer_value": 1}]}}})._pb
    items = decoded(message)["list"]
    assert isinstance(items, list) and isinstance(items[0], Opaque) and items[1:] == [1]
    assert str(items) == "[a value of another kind, 1]"


def test_a_moment_is_read_to_the_microsecond() -> None:
    message = types.Document()._pb
    message.fields["at"].timestamp_value.FromNanoseconds(1_700_000_000_123_456_789)
    assert decoded(message) == {"at": datetime(2023, 11, 14, 22, 13, 20, 123_456, UTC)}
