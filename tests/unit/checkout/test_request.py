"""From an order to the session request to Stripe."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from checkout.request import CheckoutTerms, Opening, end_of_session, line_items_of, parameters_of
from inventory.catalogue import Listed
from orders.adjustments import Adjustment, AdjustmentKind
from orders.money import Money
from orders.order import Order
from tests.support.builders import NOW
from tests.support.orders import a_held_order, lines_of

SHIRT = Listed("Shirt", Money(1_200, "eur"))
TERMS = CheckoutTerms("https://shop.example/paid?order={orderId}&session={CHECKOUT_SESSION_ID}")
EXPIRES_AT = NOW + timedelta(minutes=40)


def an_opening(order: Order | None = None, **changes: Any) -> Opening:
    order = order or a_held_order()
    asked = order.asked
    assert asked
    return Opening(order, 2, asked, {"shirt": SHIRT}, EXPIRES_AT)._replace(**changes)


def adjusted(*amounts: int, label: str | None = None) -> Order:
    return a_held_order(adjustments=tuple(Adjustment(AdjustmentKind.SHIPPING, each, label) for each in amounts))


def asked_for(
    opening: Opening | None = None, terms: CheckoutTerms = TERMS, shop_id: str | None = None
) -> Mapping[str, Any]:
    return parameters_of(opening or an_opening(), terms, shop_id)


def sold(opening: Opening) -> list[tuple[object, object, object]]:
    """Of each line: name, quantity and unit price."""
    lines = cast("list[dict[str, Any]]", line_items_of(opening))
    return [(e["price_data"]["product_data"]["name"], e["quantity"], e["price_data"]["unit_amount"]) for e in lines]


WHOLE = ("Order order-1", 1)


def test_a_session_sells_the_orders_lines_and_names_the_order_in_all_three_places() -> None:
    product = {"name": "Shirt", "metadata": {"productId": "shirt"}}
    assert asked_for() == {
        "mode": "payment",
        "line_items": [
            {"quantity": 3, "price_data": {"currency": "eur", "unit_amount": 1_200, "product_data": product}}
        ],
        "client_reference_id": "order-1",
        "metadata": {"orderId": "order-1", "checkout": "2"},
        "payment_intent_data": {"metadata": {"orderId": "order-1", "checkout": "2"}},
        "expires_at": int(EXPIRES_AT.timestamp()),
        "locale": "auto",
        "success_url": "https://shop.example/paid?order=order-1&session={CHECKOUT_SESSION_ID}",
    }


def test_several_shops_on_one_account_are_told_apart_in_both_kinds_of_metadata() -> None:
    parameters, named = (asked_for(shop_id="shop-1"), {"orderId": "order-1", "checkout": "2", "shop": "shop-1"})
    assert (parameters["metadata"], parameters["payment_intent_data"]["metadata"]) == (named, named)


def test_the_way_back_names_the_order_too() -> None:
    assert asked_for(terms=replace(TERMS, cancel_url="https://shop.example/{orderId}"))["cancel_url"] == (
        "https://shop.example/order-1"
    )


def test_an_embedded_session_returns_and_leads_nowhere_else() -> None:
    parameters = asked_for(terms=replace(TERMS, is_embedded=True, cancel_url="https://shop.example"))
    assert (parameters["ui_mode"], parameters["return_url"]) == (
        "embedded_page",
        "https://shop.example/paid?order=order-1&session={CHECKOUT_SESSION_ID}",
    )
    assert not {"success_url", "cancel_url"} & parameters.keys()


ADDING: dict[str, tuple[dict[str, Any], dict[str, object], bool]] = {
    "nothing": ({}, {}, False),
    "shipping": (
        {"shipping_rates": ("shr_1", "shr_2")},
        {"shipping_options": [{"shipping_rate": "shr_1"}, {"shipping_rate": "shr_2"}]},
        True,
    ),
    "an address": (
        {"ships_to": ("DE", "FR")},
        {"shipping_address_collection": {"allowed_countries": ["DE", "FR"]}},
        False,
    ),
    "tax": ({"automatic_tax": True}, {"automatic_tax": {"enabled": True}}, True),
    "promotion codes": ({"promotion_codes": True}, {"allow_promotion_codes": True}, True),
}


@pytest.mark.parametrize(("settings", "parameters", "adds"), ADDING.values(), ids=ADDING)
def test_what_stripe_may_add_is_asked_for(settings: dict[str, Any], parameters: dict[str, object], adds: bool) -> None:  # noqa: FBT001
    terms = replace(TERMS, **settings)
    assert asked_for(terms=terms) == {**asked_for(), **parameters}
    assert terms.adds is adds


# --- Its lines --------------------------------------------------------------------------------------------------------


def test_what_the_backend_adds_is_a_line_of_its_own() -> None:
    assert sold(an_opening(adjusted(490, 0))) == [("Shirt", 3, 1_200), ("Shipping", 1, 490)]
    assert sold(an_opening(adjusted(490, label="Parcel"))) == [("Shirt", 3, 1_200), ("Parcel", 1, 490)]
    card = a_held_order(adjustments=(Adjustment(AdjustmentKind.GIFT_CARD, 490),))
    assert sold(an_opening(card)) == [("Shirt", 3, 1_200), ("Gift card", 1, 490)]


@pytest.mark.parametrize("amounts", [(-100,), (490, -100)])
def test_what_the_backend_takes_off_makes_one_line_of_all(amounts: tuple[int, ...]) -> None:
    assert sold(an_opening(adjusted(*amounts))) == [(*WHOLE, 3_600 + sum(amounts))]


CHANGED: dict[str, dict[str, Listed]] = {
    "costs more": {"shirt": Listed("Shirt", Money(1_300, "eur"))},
    "is priced in another currency": {"shirt": Listed("Shirt", Money(1_200, "usd"))},
    "has no price": {"shirt": Listed("Shirt", None)},
    "is gone": {},
}


@pytest.mark.parametrize("listed", CHANGED.values(), ids=CHANGED)
def test_what_was_agreed_is_one_line_once_a_product(listed: dict[str, Listed]) -> None:
    assert sold(an_opening(listed=listed)) == [(*WHOLE, 3_600)]


def test_a_total_that_the_backend_wrote_is_one_line() -> None:
    order = a_held_order(total=Money(3_000, "eur"))
    assert sold(an_opening(order)) == [(*WHOLE, 3_000)]
    unpriced = a_held_order(items_total=None, total=Money(500, "usd"))
    assert line_items_of(an_opening(unpriced))[0]["price_data"] == {
        "currency": "usd",
        "unit_amount": 500,
        "product_data": {"name": "Order order-1"},
    }


def test_stripe_takes_a_hundred_lines_and_no_more() -> None:
    names = [f"p{n}" for n in range(99)]
    listed = {name: Listed(None, Money(1, "eur")) for name in names}
    order = a_held_order(
        lines=lines_of(**dict.fromkeys(names, 1)), items_total=Money(99, "eur"), total=Money(99, "eur")
    )
    one_more, two_more = (tuple(Adjustment(AdjustmentKind.TAX, 1) for _ in range(n)) for n in (1, 2))
    assert len(line_items_of(an_opening(replace(order, adjustments=one_more), listed=listed))) == 100
    assert sold(an_opening(replace(order, adjustments=two_more), listed=listed)) == [(*WHOLE, 101)]


@pytest.mark.parametrize(("name", "shown"), [(None, "shirt"), ("", "shirt"), ("  ", "shirt"), ("x" * 300, "x" * 250)])
def test_every_line_has_a_name_that_stripe_takes(name: str | None, shown: str) -> None:
    assert sold(an_opening(listed={"shirt": SHIRT._replace(name=name)})) == [(shown, 3, 1_200)]


def test_an_order_that_costs_nothing_is_sold_for_nothing() -> None:
    free = Money(0, "eur")
    order = a_held_order(total=free, items_total=free)
    assert sold(an_opening(order, listed={"shirt": Listed("Shirt", free)})) == [("Shirt", 3, 0)]
    assert sold(an_opening(replace(order, lines=()))) == [(*WHOLE, 0)]


# --- Its time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held_for", "open_for"),
    [
        (timedelta(minutes=1), timedelta(minutes=35)),
        (timedelta(minutes=40), timedelta(minutes=35)),
        (timedelta(minutes=41), timedelta(minutes=36)),
        (timedelta(hours=24), timedelta(hours=23, minutes=55)),
        (timedelta(days=7), timedelta(hours=23, minutes=55)),
        (None, timedelta(minutes=35)),
    ],
)
def test_a_session_is_open_while_the_order_is_held_as_far_as_stripe_allows(
    held_for: timedelta | None, open_for: timedelta
) -> None:
    order = a_held_order(reservation_expires_at=held_for and NOW + held_for)
    assert end_of_session(order, NOW, NOW + timedelta(days=30)) == NOW + open_for


def test_a_session_ends_at_a_whole_second_as_stripe_counts() -> None:
    now = NOW + timedelta(microseconds=7)
    assert end_of_session(a_held_order(), now, NOW + timedelta(days=30)) == NOW + timedelta(minutes=35)


def test_a_session_ends_before_its_order_must_and_is_not_opened_where_no_time_is_left() -> None:
    order = a_held_order(reservation_expires_at=NOW + timedelta(hours=5))
    assert end_of_session(order, NOW, NOW + timedelta(hours=2)) == NOW + timedelta(hours=2)
    assert end_of_session(order, NOW, NOW + timedelta(minutes=35)) == NOW + timedelta(minutes=35)
    assert end_of_session(order, NOW, NOW + timedelta(minutes=35) - timedelta(microseconds=1)) is None
