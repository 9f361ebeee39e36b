"""How large an order may be."""

import json
from bisect import bisect_left
from dataclasses import replace

import pytest

from database.documents.payment_fields import payments_fields
from database.documents.size import DOCUMENT_BYTES_MAX, ORDER_BYTES_MAX, VALUES_MAX, Unread, why_oversized
from database.http_answers import ANSWER_BYTES_MAX
from database.messages import encoded_value, values_in
from orders.money import Money
from orders.order import LINES_MAX, QUANTITY_MAX
from orders.payments import Payment, Payments, PaymentState
from tests.support.builders import NOW


def is_oversized(fields: dict[str, object], of_the_service: tuple[str, ...] = ()) -> bool:
    return why_oversized(fields, of_the_service) is not None


@pytest.mark.parametrize(
    ("letter", "left"),
    # Firestore adds a byte to every text: https://firebase.google.com/docs/firestore/storage-size.
    [("x", ORDER_BYTES_MAX - len("note") - 2), ("ü", (ORDER_BYTES_MAX - len("note") - 2) // 2)],
)
def test_texts_are_counted_in_bytes_and_so_are_the_names_of_fields(letter: str, left: int) -> None:
    assert not is_oversized({"note": letter * left})
    assert is_oversized({"note": letter * (left + 1)})
    assert is_oversized({"notes" + letter: letter * left})


def test_all_that_an_order_holds_is_counted_however_deep() -> None:
    half = "x" * (ORDER_BYTES_MAX // 2)
    assert not is_oversized({"a": half})
    assert is_oversized({"a": half, "b": half})
    assert is_oversized({"a": [half, {"b": half}]})
    assert is_oversized({half: half})


def test_what_the_service_writes_has_room_of_its_own() -> None:
    order = {"note": "x" * (ORDER_BYTES_MAX - len("note") - 2)}
    left = DOCUMENT_BYTES_MAX - ORDER_BYTES_MAX - len("refunds") - 2
    assert not is_oversized({**order, "refunds": "x" * left}, ("refunds",))
    assert is_oversized({**order, "refunds": "x" * (left + 1)}, ("refunds",))
    assert is_oversized({**order, "refunds": "x"}, ("status",))


@pytest.mark.parametrize(("of_the_service", "at_most"), [((), "524288"), (("note",), "917504")])
def test_the_reason_says_how_much_is_possible(of_the_service: tuple[str, ...], at_most: str) -> None:
    reason = why_oversized({"note": "x" * DOCUMENT_BYTES_MAX}, of_the_service)
    assert reason == f"the order is larger than {at_most} bytes"


def test_bytes_are_counted_as_many_as_they_are() -> None:
    half = b"x" * (ORDER_BYTES_MAX // 2)
    assert is_oversized({"a": half, "b": half})
    assert not is_oversized({"a": b"x" * (ORDER_BYTES_MAX - 2)})
    assert is_oversized({"a": b"x" * (ORDER_BYTES_MAX - 1)})


def test_what_was_too_large_to_be_read_is_too_large_however_little_comes_with_it() -> None:
    assert is_oversized({"": Unread()}, ("",))
    assert is_oversized({"": [Unread(), "x"]}, ("",))


@pytest.mark.parametrize("value", [None, True, 2**62, 1.5, NOW, {}, []], ids=str)
def test_small_values_are_counted_as_small_but_are_counted(value: object) -> None:
    assert not is_oversized({"": [value] * (ORDER_BYTES_MAX // 32)})
    assert is_oversized({"": [value] * (ORDER_BYTES_MAX // 8)})


def test_whatever_the_service_has_room_for_can_be_read_in_one_answer() -> None:
    payment = Payment("pi", PaymentState.FAILED, NOW, Money(1_200, "eur"), "ch", until=NOW, attempt=1)

    def order_of(payments: int) -> dict[str, object]:
        by_id = {f"pi_{number:024}": replace(payment, payment_id=f"pi_{number:024}") for number in range(payments)}
        return {"payments": payments_fields(Payments(by_id))}

    most = bisect_left(range(10_000), 1, key=lambda number: is_oversized(order_of(number), ("payments",))) - 1
    answer = json.dumps(encoded_value(order_of(most)), separators=(",", ":")).encode()
    assert VALUES_MAX / 2 < values_in(answer) <= VALUES_MAX
    assert len(answer) <= ANSWER_BYTES_MAX


def test_the_largest_possible_order_is_not_too_large() -> None:
    assert not is_oversized(
        {"items": [{"productId": "x" * 1_500, "quantity": QUANTITY_MAX}] * LINES_MAX, "createdAt": NOW}
    )


def test_what_may_be_long_is_counted_as_long() -> None:
    class Reference:
        """Like the client's own; its name is never read."""

    assert not is_oversized({"": [Reference()] * 50})
    assert is_oversized({"": [Reference()] * 100})
