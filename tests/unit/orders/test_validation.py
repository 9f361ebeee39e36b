"""What a customer may have written into an order, and what is made of it."""

import re
from math import inf, nan

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


SHIRTS, MUG = a_line("shirt", 3), a_line("mug", 1)
READ: dict[str, tuple[list[dict[str, object]], dict[str, int]]] = {
    # items as written: units by product, in that order
    "each line": ([SHIRTS, MUG], {"shirt": 3, "mug": 1}),
    "the same product on two lines": ([SHIRTS, MUG, a_line("shirt", 2)], {"shirt": 5, "mug": 1}),
    "other fields mean nothing": ([{**SHIRTS, "price": 1, "unitAmount": 0}], {"shirt": 3}),
    "as many lines as possible": ([a_line(str(n)) for n in range(LINES_MAX)], {str(n): 3 for n in range(LINES_MAX)}),
    "the smallest quantity": ([a_line(quantity=1)], {"shirt": 1}),
    "the largest quantity": ([a_line(quantity=QUANTITY_MAX)], {"shirt": QUANTITY_MAX}),
    "a whole double": ([a_line(quantity=3.0)], {"shirt": 3}),
    "the largest double": ([a_line(quantity=float(QUANTITY_MAX))], {"shirt": QUANTITY_MAX}),
}


@pytest.mark.parametrize(("items", "units"), READ.values(), ids=READ)
def test_these_lines_are_read(items: object, units: dict[str, int]) -> None:
    lines = lines_in(items)
    assert lines == tuple(OrderLine(*each) for each in units.items())
    assert {type(line.quantity) for line in lines} == {int}


NO_PRODUCT, NO_QUANTITY = "names no possible product: ", "the quantity must be a whole number, 1 or more, not "
NO_LIST, NO_MAP = "items must be a list of products", "line 2 must have a productId and a quantity"
TOO_MANY = f"{QUANTITY_MAX + 1} units of product 'shirt'; at most {QUANTITY_MAX} are possible"
OTHERS: list[object] = [True, False, "3", None, [3], {}]
REFUSED: list[tuple[object, str]] = [
    *(([], "the order has no items"), ([SHIRTS] * 101, "the order has 101 lines; at most 100 are possible")),
    # A product on two lines cannot exceed the largest quantity.
    ([a_line("shirt", QUANTITY_MAX), a_line("shirt", 1)], TOO_MANY),
    *((items, NO_LIST) for items in (None, "shirt", 3, True, SHIRTS, {"0": SHIRTS}, b"bytes")),
    *(([SHIRTS, line], NO_MAP) for line in (None, "shirt", 3, [], ["shirt", 3], True)),
    # One broken line makes the whole order invalid.
    ([SHIRTS, MUG, a_line("cap", 0)], f"line 3: {NO_QUANTITY}0"),
    *(([a_line(quantity=number)], f"line 1: {NO_QUANTITY}{number!r}") for number in (0, -1, 1.5, 2.5, 1e300, nan, inf)),
    *(([a_line(quantity=other)], f"line 1: {NO_QUANTITY}{other!r}") for other in OTHERS),
    *(
        ([a_line(quantity=more)], f"{more} units of product 'shirt'; at most {QUANTITY_MAX} are possible")
        for more in (QUANTITY_MAX + 1, 2**63)
    ),
    *(([{"productId": "shirt"}], f"line 1: {NO_QUANTITY}None"), ([{"quantity": 3}], f"line 1 {NO_PRODUCT}None")),
    *(([a_line(name)], f"line 1 {NO_PRODUCT}{name!r}") for name in ("", ".", "..", "a/b", "__x__", "\ud800", 3, None)),
    *(([a_line(name)], f"line 1 {NO_PRODUCT}{name!r}") for name in (True, ["shirt"])),
    # Long values are quoted in part, short ones in full.
    ([a_line("x" * 1_501)], f"line 1 {NO_PRODUCT}'{'x' * 38}…"),
    *(
        ([a_line("a/" * 10_000)], f"line 1 {NO_PRODUCT}'{'a/' * 19}…"),
        ([a_line("a/" * 19)], f"line 1 {NO_PRODUCT}'{'a/' * 19}'"),
    ),
    # The message can be written wherever text goes.
    ([a_line("\ud800\n\u202e\xe9")], f"line 1 {NO_PRODUCT}'\\ud800\\n\\u202e\\xe9'"),
]


@pytest.mark.parametrize(("items", "refusal"), REFUSED)
def test_these_items_are_refused(items: object, refusal: str) -> None:
    with pytest.raises(InvalidOrder, match=f"^{re.escape(refusal)}$"):
        lines_in(items)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["productId", "quantity", "x"]), inner),
    max_leaves=8,
)


_lines = st.lists(st.builds(a_line, st.sampled_from(["shirt", "mug"]), st.sampled_from([0, 1, 2.0, QUANTITY_MAX])))


@given(_lines | _anything)
def test_whatever_was_written_ends_in_lines_or_in_a_short_refusal(items: object) -> None:
    try:
        lines, refusal = lines_in(items), "-"
    except InvalidOrder as invalid:
        lines, refusal = (), str(invalid)
    assert 0 < len(refusal.encode()) < 200
    assert all(1 <= line.quantity <= QUANTITY_MAX for line in lines)
    assert len({line.product_id for line in lines}) == len(lines)
