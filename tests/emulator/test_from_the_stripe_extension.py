"""What docs/from-the-stripe-extension.md does with the extension's catalogue."""

import re

import pytest
from google.cloud import firestore

from tests.support.builders import Fields
from tests.support.documented import section
from tests.support.emulated_shop import documents_in, write_all

A_PRODUCT: Fields = {"name": "Cup", "active": True, "description": None, "images": [], "role": None, "metadata": {}}
A_PRICE: Fields = {
    "active": True,
    "billing_scheme": "per_unit",
    "currency": "eur",
    "product": "prod_1",
    "transform_quantity": None,
    "type": "one_time",
    "unit_amount": 1_450,
}
"""Both as the extension writes them."""
PRICES: dict[str, tuple[list[Fields], int | None]] = {
    # a product's prices, the price taken over
    "one": ([{}], 1_450),
    "one_in_euros": ([{}, {"currency": "usd", "unit_amount": 1_600}], 1_450),
    "one_on_sale": ([{}, {"active": False, "unit_amount": 990}], 1_450),
    "one_and_a_plan": ([{}, {"type": "recurring", "unit_amount": 900}], 1_450),
    "the_same_twice": ([{}, {}], 1_450),
    "two": ([{}, {"unit_amount": 1_200}], None),
    "packs": ([{"transform_quantity": {"divide_by": 6, "round": "up"}}], None),
    "tiers": ([{"billing_scheme": "tiered", "unit_amount": None}], None),
    "a_plan": ([{"type": "recurring"}], None),
    "none": ([], None),
}


def write_product(client: firestore.Client, product_id: str, *prices: Fields) -> None:
    product = f"products/{product_id}"
    listed = {f"{product}/prices/price_{number}": {**A_PRICE, **price} for number, price in enumerate(prices)}
    write_all(client, {product: A_PRODUCT, **listed})


def copy_prices(monkeypatch: pytest.MonkeyPatch, client: firestore.Client) -> None:
    """Run the page's own program."""
    text = section("from-the-stripe-extension.md", '<a id="copying-prices">')
    (program,) = re.findall(r'python -c "\n(.*?)"\n```', text, re.DOTALL)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", client.project)
    exec(program.replace("CURRENCY", "eur"), {})  # noqa: S102 - a process of its own would take a second


def test_each_product_that_has_one_price_gets_it_and_an_empty_inventory(
    firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for product_id, (prices, _) in PRICES.items():
        write_product(firestore_client, product_id, *prices)
    copy_prices(monkeypatch, firestore_client)
    expected: dict[str, Fields] = {}
    for product_id, (_, amount) in PRICES.items():
        priced = {} if amount is None else {"unitAmount": amount, "currency": "eur"}
        expected[f"products/{product_id}"] = {**A_PRODUCT, **priced}
        if priced:
            expected[f"inventory/{product_id}"] = {"stock": 0, "reserved": 0}
    assert {
        path: fields for path, fields in documents_in(firestore_client).items() if "/prices/" not in path
    } == expected


def test_copying_prices_again_follows_a_price_and_leaves_stock_and_what_is_not_sold_alone(
    firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_product(firestore_client, "prod_1", {})
    write_product(firestore_client, "old", {})
    firestore_client.document("products/old").update({"active": False})
    copy_prices(monkeypatch, firestore_client)
    firestore_client.document("inventory/prod_1").update({"stock": firestore.Increment(50)})
    # The extension writes a change made in Stripe.
    firestore_client.document("products/prod_1").set({**A_PRODUCT, "name": "Large cup"}, merge=True)
    firestore_client.document("products/prod_1/prices/price_0").set({"unit_amount": 1_650}, merge=True)
    copy_prices(monkeypatch, firestore_client)
    found = documents_in(firestore_client)
    assert found["products/prod_1"] == {**A_PRODUCT, "name": "Large cup", "unitAmount": 1_650, "currency": "eur"}
    assert (found["inventory/prod_1"], "inventory/old" in found) == ({"stock": 50, "reserved": 0}, False)
