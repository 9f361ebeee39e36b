"""Valid ids of documents, orders and customers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.ids import OPERATORS, can_be_settled, is_document_id, is_order_id, is_user_id

DOCUMENT_IDS = ["a", "order-1", "...", ".a", "a.", "__", "___", "__a", "a__", "_", " ", "ü", "日本", "a" * 1_500]
NO_DOCUMENT_IDS = ["", ".", "..", "/", "a/b", "/a", "____", "__x__", "__a\nb__", "\ud800", "a\udfffb", "a" * 1_501]


def test_firestore_takes_these_as_ids_of_documents_and_not_those() -> None:
    assert [value for value in (*DOCUMENT_IDS, *NO_DOCUMENT_IDS) if is_document_id(value)] == DOCUMENT_IDS


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


ORDER_IDS = ["o", "order-1", "Order_1", "-", "__", "0" * 128]
NO_ORDER_IDS = [
    *("", "\u0661", "a b", "a.b", "a/b", "ü", "order\n", "\norder", "a\x00", "a\u200b", "__x__", "____", "o" * 129, 7)
]


def test_these_are_ids_of_orders_and_those_are_not() -> None:
    assert [value for value in (*ORDER_IDS, *NO_ORDER_IDS) if is_order_id(value)] == ORDER_IDS


def test_what_can_be_settled_leaves_room_for_the_audit_ids_made_of_it_and_may_be_no_order_id() -> None:
    assert can_be_settled("ü" * 700)
    assert not can_be_settled("a" * 1_401)
    assert is_document_id("placed_" + "a" * 1_400)


USER_IDS = ["alice", "KfW2…ü", "x" * 1_500]
NO_USER_IDS: list[object] = [None, "", "..", "a/b", "__alice__", "\udfff", "x" * 1_501, 7, True, {}, OPERATORS]


def test_a_user_id_can_name_a_document_and_is_not_the_operators_name() -> None:
    assert [value for value in (*USER_IDS, *NO_USER_IDS) if is_user_id(value)] == USER_IDS
