"""A product, read from its inventory and the catalogue."""

import re
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.orders import order_from
from database.documents.products import listed_from, product_from
from inventory.catalogue import Listed
from inventory.reservation import Refused, price_to_hold
from inventory.stock import Level
from orders.money import Money
from tests.support.anything import documents
from tests.support.builders import a_catalogue_entry, an_order


def test_a_product_is_its_inventory_and_its_catalogue_entry() -> None:
    product = product_from("shirt", {"stock": 10, "reserved": 4}, a_catalogue_entry())
    assert (product.level, product.on_sale, product.unit_price) == (Level(10, 4), True, Money(1_200, "eur"))
    assert product.price_defect is None


def test_figures_and_prices_that_are_stored_as_doubles_are_the_numbers_that_they_equal() -> None:
    product = product_from("shirt", {"stock": 10.0, "reserved": 4.0}, a_catalogue_entry(unitAmount=1_200.0))
    assert product == product_from("shirt", {"stock": 10, "reserved": 4}, a_catalogue_entry())
    assert repr(product.level) == "Level(stock=10, reserved=4, backorder=0)"


def test_what_is_listed_is_the_name_and_the_price_and_either_may_be_missing() -> None:
    assert listed_from(a_catalogue_entry()) == Listed("Shirt", Money(1_200, "eur"))
    assert listed_from({"active": True}) == Listed(None, None)
    assert listed_from(a_catalogue_entry(name=7, unitAmount=-1)) == Listed(None, None)


def test_what_customers_see_of_the_stock_changes_nothing_in_an_order() -> None:
    shown = a_catalogue_entry(available="out")
    assert product_from("shirt", {"stock": 10}, shown) == product_from("shirt", {"stock": 10}, a_catalogue_entry())


def test_a_product_needs_no_figure_while_nobody_has_reserved_it_and_no_price() -> None:
    for entry in (None, {"name": "Shirt", "active": True}):
        product = product_from("shirt", {"stock": 10}, entry)
        assert (product.level, product.on_sale) == (Level(10, 0), True)
        assert (product.unit_price, product.price_defect) == (None, None)


@pytest.mark.parametrize(
    "inventory",
    [None, {}, {"stock": "10"}, {"stock": 1.5}, {"stock": nan}, {"stock": True}, {"stock": 2.0**53}]
    + [{"stock": 1, "reserved": reserved} for reserved in (None, 0.5, inf, "0")]
    + [{"stock": 1, "backorder": backorder} for backorder in (None, 0.5, -1, True, "5")],
    ids=str,
)
def test_an_inventory_without_whole_numbers_counts_nothing(inventory: dict[str, object] | None) -> None:
    assert product_from("shirt", inventory, a_catalogue_entry()).level is None


def test_only_an_explicit_null_is_a_product_that_is_never_short() -> None:
    assert product_from("ebook", {"stock": None}, None).is_unlimited
    assert not product_from("ebook", {"reserved": 0}, None).is_unlimited
    assert product_from("ebook", {"stock": None, "reserved": "5"}, None).level == Level(None, 0)


@pytest.mark.parametrize("mark", [None, False, 1, "true"])
def test_only_what_is_plainly_marked_is_hot(mark: object) -> None:
    assert product_from("shirt", {"stock": 1, "hot": True}, None).is_hot
    assert not product_from("shirt", {"stock": 1, "hot": mark}, None).is_hot
    assert not product_from("shirt", None, None).is_hot


DEFECTS: dict[str, dict[str, object]] = {
    "stock must be a whole number, or null for a product that is never short": {"stock": "10"},
    "reserved must be a whole number": {"stock": 10, "reserved": None},
    "backorder must be a whole number, 0 or more": {"stock": 10, "backorder": -1},
    "stock is null, but 2 units are still reserved that were counted before": {"stock": None, "reserved": 2},
}


@pytest.mark.parametrize(("defect", "inventory"), DEFECTS.items(), ids=DEFECTS)
def test_an_inventory_that_cannot_be_held_says_why(defect: str, inventory: dict[str, object]) -> None:
    product = product_from("shirt", inventory, None)
    assert product.level_defect == defect
    with pytest.raises(Refused, match=r"^unknown_product: the inventory does not count 'shirt'$") as refused:
        price_to_hold(order_from("order-1", an_order()), {"shirt": product})
    assert refused.value.note == f"{refused.value}: {defect}"


@pytest.mark.parametrize("inventory", [{"stock": None}, {"stock": None, "backorder": 2}, {"stock": 3, "backorder": 2}])
def test_both_kinds_can_be_held(inventory: dict[str, object]) -> None:
    product = product_from("shirt", inventory, None)
    assert product.level_defect is None
    assert price_to_hold(order_from("order-1", an_order()), {"shirt": product}) is None


@pytest.mark.parametrize("active", [False, None, 0, 1, "true"])
def test_only_what_is_plainly_active_is_on_sale(active: object) -> None:
    assert not product_from("shirt", None, a_catalogue_entry(active=active)).on_sale


@pytest.mark.parametrize(
    "price",
    [*({"unitAmount": odd} for odd in (12.5, "1200", -1, True, None)), *({"currency": odd} for odd in ("EUR", None))],
    ids=str,
)
def test_a_price_that_cannot_be_used_is_a_defect_and_never_free(price: dict[str, object]) -> None:
    product = product_from("shirt", {"stock": 10}, {**a_catalogue_entry(), **price})
    assert product.unit_price is None
    assert product.price_defect == "needs a whole unitAmount in minor units and a currency such as 'eur'"


@given(
    documents("userId", "items", "status"),
    st.none() | documents("stock", "reserved", "backorder"),
    st.none() | documents("active", "unitAmount", "currency"),
)
def test_any_documents_end_in_a_price_or_in_a_refusal(
    order: dict[str, object], inventory: dict[str, object] | None, catalogue: dict[str, object] | None
) -> None:
    placed = order_from("order-1", order)
    products = {line.product_id: product_from(line.product_id, inventory, catalogue) for line in placed.lines}
    refusal = "none: it has a price"
    try:
        price_to_hold(placed, products)
    except Refused as refused:
        refusal = str(refused)
    assert re.match(r"[a-z_]+: .", refusal)
