"""For which orders a session is opened, and what the app is told about the others."""

from typing import Any

import pytest

from checkout.claims import Caller
from checkout.refusals import CallRefused, Status, not_configured, order_id_in, payable, price_of
from orders.money import Money
from orders.order import Order, OrderStatus
from tests.support.builders import NOW
from tests.support.orders import EUR_36, a_held_order

ALICE, MALLORY = Caller("alice"), Caller("mallory")


def refusal_of(order: Order | None, caller: Caller = ALICE) -> CallRefused:
    with pytest.raises(CallRefused) as refused:
        payable(order, caller)
    return refused.value


def test_a_shop_that_opens_no_sessions_says_so_and_its_operators_learn_why() -> None:
    with pytest.raises(CallRefused, match="this shop opens no sessions") as refused:
        not_configured({}, ALICE, NOW, {})
    assert refused.value.status is Status.FAILED_PRECONDITION
    assert refused.value.details == {"reason": "not_configured"}
    assert refused.value.severity == "ERROR"
    assert refused.value.note == "STRIPE_API_KEY or CHECKOUT_SUCCESS_URL is not set"


def test_a_call_names_an_order() -> None:
    assert order_id_in({"orderId": "order-1"}) == "order-1"
    assert order_id_in({"orderId": "order-1", "later": True}) == "order-1"


@pytest.mark.parametrize("data", [None, "order-1", [], {}, {"orderId": ""}, {"orderId": 7}, {"orderId": "a/b"}])
def test_whatever_names_no_order_is_refused(data: object) -> None:
    with pytest.raises(CallRefused) as refused:
        order_id_in(data)
    assert refused.value.status is Status.INVALID_ARGUMENT


def test_nobody_can_tell_whether_somebody_else_has_such_an_order() -> None:
    missing, foreign = refusal_of(None), refusal_of(a_held_order(), MALLORY)
    assert (missing.status, str(missing), missing.details) == (Status.NOT_FOUND, str(foreign), foreign.details)
    assert foreign.status is Status.NOT_FOUND
    assert refusal_of(a_held_order(user_id=None)).status is Status.NOT_FOUND


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.RESERVED}))
def test_any_other_order_says_what_it_is(status: OrderStatus) -> None:
    refused = refusal_of(a_held_order(status.value))
    assert (refused.status, refused.details) == (Status.FAILED_PRECONDITION, {"status": status.value})
    assert ("call again" in str(refused)) is (status in {OrderStatus.PENDING, OrderStatus.RESERVING})


UNPRICED: dict[str, dict[str, Any]] = {
    "neither the catalogue nor the backend has priced it": {"total": None, "items_total": None},
    "adjustments must be a list": {"price_defect": "adjustments must be a list"},
    "more is taken off than the items cost": {"total": Money(-1, "eur")},
}


@pytest.mark.parametrize(("why", "changes"), UNPRICED.items(), ids=UNPRICED)
def test_nothing_is_asked_and_the_log_says_why_where(why: str, changes: dict[str, Any]) -> None:
    with pytest.raises(CallRefused) as refused:
        price_of(a_held_order(**changes))
    assert (refused.value.status, refused.value.severity) == (Status.FAILED_PRECONDITION, "WARNING")
    assert refused.value.details == {"status": "reserved", "reason": "no_price"}
    assert refused.value.note == why
    assert str(refused.value) == "the order has no usable price"


@pytest.mark.parametrize("price", [EUR_36, Money(0, "eur")])
def test_any_other_price_is_asked(price: Money) -> None:
    assert price_of(a_held_order(total=price)) == price
