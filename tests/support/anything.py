"""What hypothesis may generate: values that Firestore can hold, documents that anybody may have written, and money."""

from collections.abc import Mapping
from datetime import UTC
from string import ascii_lowercase

from hypothesis import strategies as st

from orders.adjustments import LABEL_CHARACTERS_MAX, Adjustment
from orders.money import AMOUNT_MINOR_MAX, Money
from orders.payments import Payment, Payments
from orders.refunds import Refund, Refunds, RestockRule

times = st.datetimes(timezones=st.just(UTC))
plain_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | times
anything = st.recursive(plain_values, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=3)

amounts = st.integers(0, AMOUNT_MINOR_MAX)
currencies = st.text(ascii_lowercase, min_size=3, max_size=3)
money = st.builds(Money, amounts, currencies)
adjustments = st.lists(
    st.builds(
        Adjustment,
        amount=st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX),
        label=st.none() | st.text(max_size=LABEL_CHARACTERS_MAX),
    ),
    max_size=2,
).map(tuple)
payments = st.lists(
    st.builds(
        Payment,
        money=st.none() | money,
        charge_id=st.none() | st.text(),
        amount_refunded=amounts,
        funded=st.none() | money,
    ),
    max_size=2,
).map(lambda several: Payments.of(*several))
quantities = st.integers(1, 1_000_000)
units = st.dictionaries(st.text(), quantities, max_size=2)
restocks = st.none() | st.sampled_from(RestockRule) | st.dictionaries(st.text(), quantities, min_size=1, max_size=2)
refunds = st.lists(
    st.builds(
        Refund,
        amount=amounts,
        restock=restocks,
        payment_id=st.none() | st.text(),
        is_elsewhere=st.booleans(),
        at=st.none() | times,
        failed_at=st.none() | times,
        is_mistake=st.booleans(),
    ),
    max_size=2,
).map(lambda several: Refunds.of(*several))


def documents(*names: str) -> st.SearchStrategy[dict[str, object]]:
    """Documents that miss some fields and hold anything in the others."""
    return st.dictionaries(st.sampled_from(names), anything)


def tampered(fields: Mapping[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """The fields, some of them missing or replaced by anything, also within maps and arrays; the others as they are."""
    return st.sets(st.sampled_from(list(fields))).flatmap(
        lambda names: st.fixed_dictionaries(
            {name: st.just(value) for name, value in fields.items() if name not in names},
            optional={name: _tampered_value(value) for name, value in fields.items() if name in names},
        )
    )


def _tampered_value(value: object) -> st.SearchStrategy[object]:
    match value:
        case Mapping() if value:
            return st.just(value) | anything | tampered(value)
        case [first, *_]:
            return st.just(value) | anything | st.lists(_tampered_value(first))
        case _:
            return st.just(value) | anything
