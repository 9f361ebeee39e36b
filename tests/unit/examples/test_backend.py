"""The backends in examples/backend request the payment that the service expects, in both languages."""

import json
import subprocess
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from stripe import StripeClient

from database.documents.orders import order_from
from examples.backend.checkout import checkout_url
from orders.money import Money
from stripe_api.keys import EMULATORS_KEY
from tests.support.builders import NOW, a_placement, a_reserved_order
from tests.support.shop import a_shop_after, document_at
from tests.support.stripe_stand_in import a_stand_in
from tools import toolchain
from tools.stripe_stand_in.control import StandIn
from tools.toolchain import ROOT

# Stripe's minimum is half an hour, and the example ends the session a minute before the hold.
A_MINUTE_AGO = NOW - timedelta(minutes=1)

Backend = Callable[[Mapping[str, Any], StandIn], list[str]]
"""Requests the session of an order twice, as a returning customer does; returns both URLs."""


class OneOrder:
    """The part of Firestore's client that the backend uses."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._order = order

    def document(self, path: str) -> "OneOrder":
        assert path == "orders/order-1"
        return self

    def get(self) -> "OneOrder":
        return self

    def to_dict(self) -> Mapping[str, Any]:
        return self._order


def in_python(order: Mapping[str, Any], api: StandIn) -> list[str]:
    db: Any = OneOrder(order)
    stripe = StripeClient(EMULATORS_KEY, base_addresses={"api": api.origin})
    ask = {"db": db, "stripe": stripe, "shop_url": "https://shop.example/"}
    return [checkout_url("order-1", "alice", **ask) for _ in range(2)]


def in_node(order: Mapping[str, Any], api: StandIn) -> list[str]:
    written = {**order, "reservationExpiresAt": {"seconds": int(order["reservationExpiresAt"].timestamp())}}
    asked = [toolchain.find_node(), ROOT / "tests/unit/examples/checkout.mjs", json.dumps(written, default=str)]
    port = api.origin.rpartition(":")[2]
    answer = subprocess.run([*map(str, asked), port, EMULATORS_KEY], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise LookupError(answer.stderr)
    return answer.stdout.split()


each_backend = pytest.mark.parametrize("ask_twice", [in_python, in_node])


@each_backend
@pytest.mark.parametrize(
    "price",
    [
        {},
        {"amountTotal": 3_000},
        {"adjustments": [{"kind": "shipping", "amount": 499}, {"kind": "discount", "amount": -600}]},
        # Not everybody who writes there distinguishes integers from doubles.
        {"amountTotal": 3_000.0},
        {"adjustments": [{"kind": "shipping", "amount": 499.0}]},
        # The catalogue has no price, and the backend has written one.
        {"itemsTotal": None, "amountTotal": 3_000, "adjustments": [{"kind": "shipping", "amount": 499}]},
    ],
)
def test_one_session_is_asked_for_what_the_order_asks_and_names_it_everywhere(
    ask_twice: Backend, price: Mapping[str, Any]
) -> None:
    # As the service leaves an order that it holds: what does not apply is null.
    order = {**document_at(a_shop_after(a_placement()), "orders/order-1"), "currency": "usd", **price}
    with a_stand_in(clock=A_MINUTE_AGO.timestamp) as api:
        (url, again) = ask_twice(order, api)
        first, second = api.requests()
    assert url == again != ""
    assert (first["status"], first["repeated"], second["repeated"]) == (200, False, True)
    session = first["parameters"]
    asked = Money(int(session["line_items[0][price_data][unit_amount]"]), "usd")
    assert asked == order_from("order-1", order).asked
    assert session["line_items[0][price_data][currency]"] == "usd"
    assert (session["mode"], session["line_items[0][quantity]"]) == ("payment", "1")
    assert session["metadata[orderId]"] == session["payment_intent_data[metadata][orderId]"] == "order-1"
    ends = int(NOW.timestamp()) + 29 * 60
    assert int(session["expires_at"]) == ends
    # A changed price, currency or time is a different request, which gets another session.
    assert first["key"] == f"order-1-{asked.amount}-usd-{ends}"


@each_backend
@pytest.mark.parametrize("order", [a_reserved_order(userId="bob"), a_reserved_order(status="finalized")])
def test_no_session_is_asked_for_what_is_somebody_elses_or_paid(ask_twice: Backend, order: Mapping[str, Any]) -> None:
    with a_stand_in() as api:
        with pytest.raises(LookupError, match="user alice has no reserved order order-1"):
            ask_twice(order, api)
        assert api.requests() == []


@each_backend
def test_no_session_is_asked_for_an_order_without_a_price(ask_twice: Backend) -> None:
    order = document_at(a_shop_after(a_placement()), "orders/order-1")
    unpriced = {**order, "itemsTotal": None, "amountTotal": None, "currency": None}
    with a_stand_in() as api:
        with pytest.raises(LookupError, match="order order-1 has no price: "):
            ask_twice(unpriced, api)
        assert api.requests() == []
