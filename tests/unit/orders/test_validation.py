"""What a customer may have written into an order, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.ids import is_document_id
from orders.order import LINES_MAX, QUANTITY_MAX, OrderLine
from orders.validation import InvalidOrder, lines_from


def lines_in(items: object) -> tuple[OrderLine, ...]:
    return lines_from(items, is_document_id)


def a_line(product_id: object = "shirt", quantity: object = 3) -> dict[str, object]:
    return {"productId": product_id, "quantity": quantity}


def refusal_of(items: object) -> str:
    with pytest.raises(InvalidOrder) as refusal:
        lines_in(items)
    return str(refusal.value)


def test_lines_are_read_in_the_order_written() -> None:
    assert lines_in([a_line("shirt", 3), a_line("mug", 1)]) == (OrderLine("shirt", 3), OrderLine("mug", 1))


def test_the_same_product_on_two_lines_counts_both() -> None:
    items = [a_line("shirt", 3), a_line("mug", 1), a_line("shirt", 2)]
    assert lines_in(items) == (OrderLine("shirt", 5), OrderLine("mug", 1))


def test_the_same_product_on_two_lines_cannot_get_past_the_largest_quantity() -> None:
    items = [a_line("shirt", QUANTITY_MAX), a_line("shirt", 1)]
    assert refusal_of(items) == f"{QUANTITY_MAX + 1} units of product 'shirt'; at most {QUANTITY_MAX} are possible"


def test_other_fields_of_a_line_mean_nothing() -> None:
    assert lines_in([{**a_line(), "price": 1, "unitAmount": 0}]) == (OrderLine("shirt", 3),)


def test_as_many_lines_as_possible_are_possible() -> None:
    assert len(lines_in([a_line(f"product-{n}") for n in range(LINES_MAX)])) == LINES_MAX


def test_too_many_lines_are_refused_even_when_they_name_one_product() -> None:
    assert refusal_of([a_line()] * 101) == "the order has 101 lines; at most 100 are possible"


def test_an_order_without_items_is_refused() -> None:
    assert refusal_of([]) == "the order has no items"


@pytest.mark.parametrize("items", [None, "shirt", 3, True, a_line(), {"0": a_line()}, b"bytes"])
def test_items_that_are_no_list_are_refused(items: object) -> None:
    assert refusal_of(items) == "items must be a list of products"


@pytest.mark.parametrize("item", [None, "shirt", 3, [], ["shirt", 3], True])
def test_a_line_that_is_no_map_is_refused_by_its_number(item: object) -> None:
    assert refusal_of([a_line(), item]) == "line 2 must have a productId and a quantity"


@pytest.mark.parametrize("quantity", [1, QUANTITY_MAX, 3.0, float(QUANTITY_MAX)])
def test_a_countable_quantity_is_taken(quantity: float) -> None:
    (line,) = lines_in([a_line(quantity=quantity)])
    assert line == OrderLine("shirt", int(quantity)) and type(line.quantity) is int


@pytest.mark.parametrize(
    ("quantity", "quoted"),
    [
        (0, "0"),
        (-1, "-1"),
        (1.5, "1.5"),
        (2.5, "2.5"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (True, "True"),
        (False, "False"),
        ("3", "'3'"),
        (None, "None"),
        ([3], "[3]"),
        ({}, "{}"),
        (QUANTITY_MAX + 1, "1000001"),
        (2**63, "9223372036854775808"),
    ],
)
def test_a_quantity_that_is_no_possible_count_is_refused(quantity: object, quoted: str) -> None:
    refusal = refusal_of([a_line(quantity=quantity)])
    assert refusal == f"line 1: the quantity must be a whole number from 1 to 1000000, not {quoted}"


def test_a_line_without_a_quantity_is_refused() -> None:
    refusal = refusal_of([{"productId": "shirt"}])
    assert refusal == "line 1: the quantity must be a whole number from 1 to 1000000, not None"


@pytest.mark.parametrize("product_id", ["", ".", "..", "a/b", "__x__", "\ud800", "x" * 1_501, 3, None, True, ["shirt"]])
def test_a_product_id_that_cannot_name_a_document_is_refused(product_id: object) -> None:
    assert refusal_of([a_line(product_id)]).startswith("line 1 names no possible product: ")


def test_a_line_without_a_product_is_refused() -> None:
    assert refusal_of([{"quantity": 3}]) == "line 1 names no possible product: None"


def test_one_broken_line_refuses_the_whole_order() -> None:
    refusal = refusal_of([a_line("shirt"), a_line("mug"), a_line("cap", 0)])
    assert refusal == "line 3: the quantity must be a whole number from 1 to 1000000, not 0"


def test_the_answer_repeats_at_most_a_little_of_the_input() -> None:
    assert refusal_of([a_line("a/" * 10_000)]) == "line 1 names no possible product: '" + "a/" * 19 + "…"


def test_what_is_short_is_repeated_whole() -> None:
    product_id = "a/" * 19
    assert refusal_of([a_line(product_id)]) == f"line 1 names no possible product: '{product_id}'"


def test_the_answer_can_be_written_wherever_text_goes() -> None:
    refusal = refusal_of([a_line("\ud800\n\u202e\xe9")])
    assert refusal == "line 1 names no possible product: '\\ud800\\n\\u202e\\xe9'"


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["productId", "quantity", "x"]), inner),
)


@given(_anything)
def test_whatever_was_written_ends_in_lines_or_in_a_short_refusal(items: object) -> None:
    try:
        lines, refusal = lines_in(items), "-"
    except InvalidOrder as invalid:
        lines, refusal = (), str(invalid)
    assert 0 < len(refusal.encode()) < 200
    assert all(1 <= line.quantity <= QUANTITY_MAX for line in lines)
    assert len({line.product_id for line in lines}) == len(lines)
