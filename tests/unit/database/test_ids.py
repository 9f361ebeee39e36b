"""What may be the id of a document, of an order and of a customer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.ids import OPERATORS, can_be_settled, is_document_id, is_order_id, is_user_id


@pytest.mark.parametrize(
    "value",
    ["a", "order-1", "...", ".a", "a.", "__", "___", "__a", "a__", "_", " ", "ü", "日本", "a" * 1_500],
)
def test_firestore_takes_this_as_a_document_id(value: str) -> None:
    assert is_document_id(value)


@pytest.mark.parametrize(
    "value", ["", ".", "..", "/", "a/b", "/a", "____", "__x__", "__a\nb__", "\ud800", "a\udfffb", "a" * 1_501]
)
def test_firestore_takes_no_such_document_id(value: str) -> None:
    assert not is_document_id(value)


def test_the_length_of_a_document_id_is_counted_in_bytes() -> None:
    assert is_document_id("ü" * 750)
    assert not is_document_id("ü" * 751)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"a", ["a"], {"a": 1}])
def test_what_is_no_text_is_no_document_id(value: object) -> None:
    assert not is_document_id(value)
    assert not is_order_id(value)


@given(st.text())
def test_a_document_id_is_always_one_utf8_path_segment(value: str) -> None:
    if is_document_id(value):
        assert value.encode().decode() == value
        assert len(f"orders/{value}".split("/")) == 2


@pytest.mark.parametrize("order_id", ["o", "order-1", "Order_1", "-", "__", "0" * 128])
def test_this_is_an_order_id(order_id: str) -> None:
    assert is_order_id(order_id)


@pytest.mark.parametrize(
    "order_id",
    ["", "\u0661", "a b", "a.b", "a/b", "ü", "order\n", "\norder", "a\x00", "a\u200b", "__x__", "____", "o" * 129, 7],
)
def test_this_is_no_order_id(order_id: object) -> None:
    assert not is_order_id(order_id)


def test_what_can_be_settled_leaves_room_for_the_audit_ids_made_of_it_and_may_be_no_order_id() -> None:
    assert can_be_settled("ü" * 700)
    assert not can_be_settled("a" * 1_401)
    assert is_document_id("placed_" + "a" * 1_400)


@pytest.mark.parametrize("user_id", ["alice", "KfW2…ü", "x" * 1_500])
def test_a_user_id_can_name_a_document(user_id: str) -> None:
    assert is_user_id(user_id)


@pytest.mark.parametrize("user_id", [None, "", "..", "a/b", "__alice__", "\udfff", "x" * 1_501, 7, True, {}, OPERATORS])
def test_what_cannot_name_a_document_or_is_the_operators_name_is_no_user_id(user_id: object) -> None:
    assert not is_user_id(user_id)
