"""What an event about a written document says; no data makes reading it raise."""

import pytest
from google.cloud.firestore_v1.types import Document, Value
from hypothesis import given
from hypothesis import strategies as st

from tests.support.firestore_events import a_created_event, created
from triggers.document_event import document_id, written_document

ALICE = Value(string_value="alice")


def id_read_from(path: str, header: str | None) -> str:
    return document_id(a_created_event(header, b""), written_document(created(path)), "orders")


def test_the_written_document_is_read_from_what_eventarc_sends() -> None:
    document = written_document(created("orders/order-1", userId=ALICE))
    assert document.name == "projects/p/databases/(default)/documents/orders/order-1"
    assert document.fields["userId"] == ALICE


@pytest.mark.parametrize("data", [None, b"", b"\xff", b"{}", "orders/order-1", {"value": {}}, 7, [1]], ids=repr)
def test_data_of_another_kind_is_an_empty_document(data: object) -> None:
    assert written_document(data) == Document()


@given(st.binary(max_size=200))
def test_no_data_makes_it_raise(data: bytes) -> None:
    written_document(data)


@given(st.binary(max_size=4), st.integers(0, 80))
def test_no_torn_document_makes_it_raise(noise: bytes, position: int) -> None:
    whole = created("orders/order-1", userId=ALICE)
    written_document(whole[:position] + noise + whole[position:])
    written_document(whole[:position])


@pytest.mark.parametrize("order_id", ["bestellung-grün", "中餐", "trailing ", "documents", "a/documents/orders/b"])
def test_the_document_knows_its_id_since_a_header_mangles_it(order_id: str) -> None:
    assert id_read_from(f"orders/{order_id}", "orders/mangled") == order_id


def test_the_header_names_a_document_that_cannot_be_read_if_anything_does() -> None:
    assert document_id(a_created_event("orders/order-1", b""), Document(), "orders") == "order-1"
    assert document_id(a_created_event(None, b""), Document(), "orders") == ""


def test_a_document_of_another_collection_is_not_taken_for_one_of_this() -> None:
    # An id contains no slash.
    assert id_read_from("customers/7", "customers/7") == "customers/7"
