"""Replacement values for an event's field: unusual ones of the same kind, and any of another."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.support.builders import NOW, Fields
from tests.support.stripe_objects import OBJECT_OF

MISSING: Final = object()
SECONDS: Final = int(NOW.timestamp())
LAST_SECOND_OF_9999: Final = 253_402_300_799
_FIRST_SECOND_OF_1: Final = -62_135_596_800


def _many_refunds(count: int, restock: str = "shirt:1") -> Fields:
    refund = {"amount": 1, "currency": "eur", "status": "succeeded", "metadata": {"restock": restock}}
    return {"data": [{**refund, "id": f"re_{n}"} for n in range(count)]}


def _deep(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = {"data": [value]}
    return value


_PRODUCTS: Final = [f"p{n}:1" for n in range(80)]
_TIMES: Final = (
    *(SECONDS - 7_200, SECONDS + 86_400, LAST_SECOND_OF_9999, LAST_SECOND_OF_9999 + 1, _FIRST_SECOND_OF_1),
    _FIRST_SECOND_OF_1 - 1,
)
_NUMBERS: Final = (
    *(0, 1, -1, 1_200, 3_599, 3_601, 7_200, 2**31, 2**53 + 1, 10**15, 10**15 + 1, 2**63 - 1, 2**63, 10**40, *_TIMES),
    *(-0.0, 1.0, 3_600.5, 1e308, float("nan"), float("inf"), float("-inf")),
)
_TEXTS: Final = (
    *("", " ", "\0", "x\0y", "a/b", "..", "__x__", "\ud800", "\udfff\ud800", "\uffff", "\U0001f455", "é" * 800),
    *("9" * 5_000, "x" * 1_500, "x" * 100_000, "a\r\nX-Injected: 1", "${jndi:x}", "{}", "null", "true", "3600"),
    *("order-1", "order-2", "order-9", "pi_1", "pi_2", "ch_1", "ch_2", "re_2", "evt_1", "evt_before", "usd", "EUR"),
    *("pending", "succeeded", "failed", "canceled", "paid", "unpaid", "no_payment_required", "won", "lost"),
    *("acct_1", "acct_2", "acct_1,acct_2", "org_1/acct_1", "plink_1", "shop-1", "shop-2"),
    *("shirt:1", "shirt:1,shirt:2", "shirt:1000000,shirt:1", "shirt:0", ":", "fraudulent", "issuer_declined"),
)
_TYPES: Final = ("v2.core.event", "event", "customer.created", "v1.customer.created", "v1.charge.failed", *OBJECT_OF)
_SHAPES: Final[tuple[object, ...]] = (
    *([], [[]], [{}], [None], {}, {"": 0}, {"id": None}, {"id": "pi_2"}, {"data": None}, {"data": [{}]}),
    *({"orderId": None}, {"orderId": "order-2"}, {"restock": "shirt:1"}, {"restock": {}}, {"reason": "x" * 5_000}),
    *(_deep(100), _deep(440), _many_refunds(3)),
)


def _large_shapes() -> st.SearchStrategy[object]:
    return st.sampled_from(
        (
            *(_many_refunds(100), _many_refunds(100, "x" * 501), _many_refunds(9_000)),
            *(_many_refunds(100, ",".join(_PRODUCTS)), [[]] * 300_000, {f"k{n}": {} for n in range(60_000)}),
        )
    )


large_shapes: Final = st.deferred(_large_shapes)
"""Made when one is drawn: whoever only imports this has no use for them."""
anything: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_of_no_kind: Final = st.sampled_from([MISSING, None, True, False])
of_any_kind: Final = st.one_of(
    *(_of_no_kind, st.sampled_from(_NUMBERS), st.sampled_from(_TEXTS), st.sampled_from(_SHAPES)),
    *(st.text(max_size=20), st.integers(), anything),
)
_times, _numbers, _texts, _types, _shapes = map(st.sampled_from, (_TIMES, _NUMBERS, _TEXTS, _TYPES, _SHAPES))


def of_its_kind(name: str | int, value: object) -> st.SearchStrategy[Any]:
    """Valid but unusual values."""
    if name in ("created", "due_by"):
        return _times
    if name == "type":
        return _types
    match value:
        case str() | None:
            return _texts
        case int():
            return _numbers
        case _:
            return _shapes
