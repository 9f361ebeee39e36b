"""What hypothesis may make up: values as Firestore holds them, documents that anybody may have written, and money."""

from collections.abc import Mapping
from datetime import UTC
from string import ascii_lowercase

from hypothesis import strategies as st

from orders.order import AMOUNT_MINOR_MAX, Money
from orders.refunds import Refund, Refunds

plain_values = (st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()) | st.datetimes(
    timezones=st.just(UTC)
)
anything = st.recursive(plain_values, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=3)

amounts = st.integers(0, AMOUNT_MINOR_MAX)
currencies = st.text(ascii_lowercase, min_size=3, max_size=3)
money = st.builds(Money, amounts, currencies)
units = st.dictionaries(st.text(), st.integers(1, 1_000_000), max_size=2)
refunds = st.builds(
    lambda several, charge_total: Refunds({refund.refund_id: refund for refund in several}, charge_total),
    st.lists(st.builds(Refund, amount=amounts, restock=units), max_size=2),
    amounts,
)


def documents(*names: str) -> st.SearchStrategy[dict[str, object]]:
    """Documents in which some fields are missing, and the others hold anything."""
    return st.dictionaries(st.sampled_from(names), anything)


def tampered(fields: Mapping[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """The fields, any of them missing or replaced by anything, and those within them likewise."""
    return st.fixed_dictionaries({}, optional={name: _tampered_value(value) for name, value in fields.items()})


def _tampered_value(value: object) -> st.SearchStrategy[object]:
    match value:
        case Mapping() if value:
            return st.just(value) | anything | tampered(value)
        case [first, *_]:
            return st.just(value) | anything | st.lists(_tampered_value(first))
        case _:
            return st.just(value) | anything
