"""One session per order, however many call at once, and what pays it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from checkout.claims import Caller
from checkout.steps import ATTEMPTS_MAX
from orders.events import PaymentSucceeded
from orders.shop_events import CancelRequested
from stripe_api.api import Session, StripeRefused, StripeUnavailable
from tests.support.checkout_shop import CHECKOUT, CheckoutShop, Disturbed, adding, refusal_of
from tests.support.payments import a_payment
from tools.stripe_stand_in.control import StandIn
from tools.stripe_stand_in.faults import Kind

MINUTE = timedelta(minutes=1)


def other_money_for(shop: CheckoutShop) -> PaymentSucceeded:
    """The full price, but not paid in the order's session."""
    return a_payment(order_id=shop.order_id)


# --- Opened -----------------------------------------------------------------------------------------------------------


def test_a_customer_is_shown_where_to_pay_and_the_order_is_held_for_that(shop: CheckoutShop) -> None:
    answer = shop.open(Caller("alice", "alice@example.com"))
    checkout, order = shop.document("checkouts"), shop.document("orders")
    assert answer == {"url": checkout["url"]}
    assert (checkout["state"], checkout["attempt"], checkout["asked"], checkout["request"]) == ("open", 1, 3_600, None)
    assert order["reservationExpiresAt"] == checkout["expiresAt"] + 5 * MINUTE
    (asked,) = shop.made()
    assert asked["key"] == f"checkout_{shop.order_id}_1:shop-1"
    assert asked["parameters"]["success_url"] == CHECKOUT.success_url.replace("{orderId}", shop.order_id)
    assert asked["parameters"]["metadata[shop]"] == "shop-1"
    assert asked["parameters"]["customer_email"] == "alice@example.com"
    assert (shop.known, shop.clock.pauses) == ({"orderId": shop.order_id}, [])


def test_it_is_over_when_stripe_says(shop: CheckoutShop) -> None:
    def hasty(request: Mapping[str, object], *, key: str) -> Session:
        return replace(stripe.create_session(request, key=key), expires_at=shop.now + MINUTE)

    stripe = shop.stripe
    shop.stripe = Disturbed(stripe, hasty)
    shop.open()
    assert shop.document("checkouts")["expiresAt"] == shop.now + MINUTE


def test_an_embedded_session_is_shown_by_its_secret(shop: CheckoutShop) -> None:
    shop.terms = adding(is_embedded=True, cancel_url=None)
    assert shop.open() == {"clientSecret": shop.document("checkouts")["clientSecret"]}
    assert shop.open() == shop.open()


def test_asked_again_it_is_the_same_session_and_stripe_is_not_asked(shop: CheckoutShop) -> None:
    assert shop.open() == shop.open()
    assert len(shop.made()) == 1


def test_twenty_calls_at_once_end_in_one_session(shop: CheckoutShop) -> None:
    answers = shop.open_at_once(20)
    assert len({str(answer) for answer in answers}) == 1
    assert len(shop.open_sessions()) == 1
    assert {each["key"] for each in shop.made()} == {f"checkout_{shop.order_id}_1:shop-1"}


@pytest.mark.parametrize("other", [None, "shop-2", "s" * 500])
def test_shops_on_one_account_open_sessions_for_orders_with_the_same_id(shop: CheckoutShop, other: str | None) -> None:
    beside = CheckoutShop(shop.order_id, shop.stand_in, shop_id=other)
    assert shop.open() != beside.open()


def test_a_shop_without_an_id_asks_under_its_orders_name_alone(shop: CheckoutShop) -> None:
    alone = CheckoutShop(shop.order_id, shop.stand_in, shop_id=None)
    alone.open()
    assert [each["key"] for each in alone.made()] == [f"checkout_{shop.order_id}_1"]


def test_nothing_is_opened_for_anybody_else(shop: CheckoutShop) -> None:
    assert refusal_of(shop, Caller("mallory"))["code"] == "NOT_FOUND"
    assert shop.made() == []


# --- The next attempt -------------------------------------------------------------------------------------------------


def test_nobody_has_stripe_refuse_one_order_for_ever(shop: CheckoutShop) -> None:
    def refuse(request: Mapping[str, object], *, key: str) -> Session:
        asked.append(key)
        raise StripeRefused("The amount must be at least 0.50 eur", "amount_too_small")

    asked: list[str] = []
    shop.stripe = Disturbed(shop.stripe, refuse)
    for _ in range(ATTEMPTS_MAX):
        assert refusal_of(shop)["reason"] == "refused_by_stripe"
    assert refusal_of(shop)["reason"] == "too_many_attempts"
    assert len(asked) == ATTEMPTS_MAX


def test_a_refusal_by_stripe_is_final_and_the_next_call_makes_a_new_attempt(shop: CheckoutShop) -> None:
    shop.terms = adding(shipping_rates=("shr_unknown",))
    assert refusal_of(shop) == {
        "code": "FAILED_PRECONDITION",
        "status": "reserved",
        "reason": "refused_by_stripe",
        "severity": "ERROR",
        "note": "resource_missing: No such shipping rate: 'shr_unknown'",
    }
    assert shop.document("checkouts")["state"] == "expired"
    shop.terms = CHECKOUT
    assert shop.open()["url"]
    assert shop.document("checkouts")["attempt"] == 2


def test_another_price_is_another_session_and_the_earlier_one_is_ended_first(shop: CheckoutShop) -> None:
    first = shop.open()
    earlier = shop.session_id
    shop.memory.put(f"orders/{shop.order_id}", {**shop.document("orders"), "amountTotal": 3_000})
    assert shop.open() != first
    assert (shop.stripe.session(earlier).status, shop.document("checkouts")["attempt"]) == ("expired", 2)
    assert shop.open_sessions() == [shop.session_id]


def test_a_session_whose_time_is_out_is_followed_by_another_one(shop: CheckoutShop) -> None:
    shop.open()
    shop.pass_time(36 * MINUTE)
    shop.open()
    assert shop.document("checkouts")["attempt"] == 2
    assert shop.open_sessions() == [shop.session_id]


def test_a_fault_that_stripe_repeats_for_a_day_keeps_a_customer_waiting_no_longer_than_the_attempt(
    shop: CheckoutShop,
) -> None:
    shop.stand_in.fail_next(Kind.BROKEN, about=shop.order_id)
    with pytest.raises(StripeUnavailable):
        shop.open()
    shop.pass_time(36 * MINUTE)
    assert shop.open()["url"]
    assert shop.document("checkouts")["attempt"] == 2


def test_who_has_paid_already_is_shown_no_other_session(shop: CheckoutShop) -> None:
    shop.open()
    shop.stand_in.complete(shop.session_id)
    shop.memory.put(f"orders/{shop.order_id}", {**shop.document("orders"), "amountTotal": 3_000})
    refused = {"code": "FAILED_PRECONDITION", "severity": "INFO", "note": None}
    for _ in range(2):
        assert refusal_of(shop) == {**refused, "status": "reserved", "reason": "payment_under_way"}


@pytest.mark.parametrize(("other_way", "status"), [("cancel", "cancelled"), ("pay", "finalized")])
def test_a_session_that_stripe_makes_for_an_attempt_that_was_ended_meanwhile_is_ended_too(
    shop: CheckoutShop, other_way: str, status: str
) -> None:
    meanwhile = CancelRequested(shop.order_id) if other_way == "cancel" else other_money_for(shop)

    def slow(request: Mapping[str, object], *, key: str) -> Session:
        made = stripe.create_session(request, key=key)
        shop.settle(meanwhile)
        return made

    stripe = shop.stripe
    shop.stripe = Disturbed(stripe, slow)
    assert refusal_of(shop)["status"] == status
    shop.stripe = stripe
    assert shop.open_sessions() == []


# --- Paid, whatever Stripe adds, and ended ----------------------------------------------------------------------------

TYPES = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")


@pytest.mark.parametrize("events", [TYPES, TYPES[::-1], (TYPES[1], TYPES[2], TYPES[0])], ids=["1", "2", "3"])
def test_an_order_is_paid_with_all_that_stripe_added(stand_in: StandIn, order_id: str, events: tuple[str, ...]) -> None:
    rate = f"shr_{order_id.replace('-', '')}"
    stand_in.add_shipping_rate(rate, 490)
    shop = CheckoutShop(order_id, stand_in, adding(shipping_rates=(rate,), automatic_tax=True, promotion_codes=True))
    shop.open()
    stand_in.complete(shop.session_id, tax=310, discount=100)
    assert "quarantined" not in shop.report(*events)
    order = shop.document("orders")
    assert (order["status"], order["amountTotal"], order["amountReceived"]) == ("finalized", 4_300, 4_300)
    assert {each["kind"]: each["amount"] for each in order["adjustments"]} == {
        "discount": -100,
        "shipping": 490,
        "tax": 310,
    }
    assert (order["pricedBy"], shop.document("checkouts")["state"], shop.shirts) == ("checkout", "complete", (7, 0))


def test_a_cancelled_order_is_released_once_stripe_has_ended_its_session(shop: CheckoutShop) -> None:
    shop.open()
    assert shop.settle(CancelRequested(shop.order_id)).result == "checkout_ending"
    assert shop.shirts == (10, 3)
    shop.perform_effects()
    assert (shop.document("orders")["status"], shop.shirts, shop.open_sessions()) == ("cancelled", (10, 0), [])
    shop.perform_effects()
    assert shop.report() == ["already_cancelled"]


def test_a_customer_who_paid_before_the_session_could_be_ended_keeps_the_order(shop: CheckoutShop) -> None:
    shop.open()
    shop.stand_in.complete(shop.session_id)
    shop.settle(CancelRequested(shop.order_id))
    shop.perform_effects()
    assert (shop.document("orders")["status"], shop.shirts) == ("reserved", (10, 3))
    shop.report()
    assert (shop.document("orders")["status"], shop.shirts) == ("finalized", (7, 0))


# --- Paid otherwise, while it is open ---------------------------------------------------------------------------------


def test_nobody_can_pay_a_second_time_in_the_session_of_an_order_that_was_paid_otherwise(shop: CheckoutShop) -> None:
    shop.open()
    assert shop.settle(other_money_for(shop)).result == "first_time_finalized"
    assert (refusal_of(shop)["status"], shop.document("checkouts")["url"]) == ("finalized", None)
    shop.perform_effects()
    assert (shop.open_sessions(), shop.document("checkouts")["state"]) == ([], "expired")
    assert shop.report() == ["already_finalized"]


def test_who_was_faster_all_the_same_has_paid_too_and_stripe_is_believed(shop: CheckoutShop) -> None:
    shop.open()
    shop.settle(other_money_for(shop))
    shop.stand_in.complete(shop.session_id)
    shop.perform_effects()
    assert shop.document("checkouts")["state"] == "open"
    shop.report()
    assert (shop.document("orders")["status"], shop.document("checkouts")["state"]) == ("finalized", "complete")
