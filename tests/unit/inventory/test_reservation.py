"""Which orders may be held, and which counted holds turn out to be covered."""

import pytest

from inventory.reservation import Product, Refused, hold_is_covered, price_to_hold
from inventory.stock import Level
from orders.money import AMOUNT_MINOR_MAX, Money
from orders.order import Order, OrderLine, OrderStatus

SHIRTS = OrderLine("shirt", 3)
MUG = OrderLine("mug", 1)
PLENTY = Level(stock=10, reserved=0)


def an_order_of(*lines: OrderLine, defect: str | None = None) -> Order:
    return Order("order-1", OrderStatus.PENDING, "alice", lines, defect, total=None)


def a_product(
    product_id: str = "shirt",
    level: Level | None = PLENTY,
    *,
    on_sale: bool = True,
    unit_price: Money | None = Money(1_200, "eur"),
    price_defect: str | None = None,
) -> Product:
    return Product(product_id, level is not None, level, on_sale, unit_price, price_defect)


def price_of(order: Order, *products: Product) -> Money | None:
    return price_to_hold(order, {product.product_id: product for product in products})


def refusal_of(order: Order, *products: Product) -> str:
    with pytest.raises(Refused) as refusal:
        price_of(order, *products)
    return str(refusal.value)


def test_an_order_costs_what_its_units_cost() -> None:
    mug = a_product("mug", unit_price=Money(850, "eur"))
    assert price_of(an_order_of(SHIRTS, MUG), a_product(), mug) == Money(4_450, "eur")


def test_the_last_units_can_be_held() -> None:
    assert price_of(an_order_of(SHIRTS), a_product(level=Level(5, 2))) == Money(3_600, "eur")


def test_what_is_free_costs_nothing_and_is_priced() -> None:
    assert price_of(an_order_of(SHIRTS), a_product(unit_price=Money(0, "eur"))) == Money(0, "eur")


def test_a_shop_without_prices_holds_all_the_same() -> None:
    assert price_of(an_order_of(SHIRTS), a_product(unit_price=None)) is None


def test_an_order_is_priced_whole_or_not_at_all() -> None:
    refusal = refusal_of(an_order_of(SHIRTS, MUG), a_product(), a_product("mug", unit_price=None))
    assert refusal == "mixed_prices: 'mug' has no price, and other products of the order do"


def test_a_broken_order_is_refused_with_its_defect() -> None:
    assert refusal_of(an_order_of(defect="the order has no items")) == "invalid_order: the order has no items"


def test_a_product_that_the_inventory_does_not_count_is_refused() -> None:
    refusal = refusal_of(an_order_of(SHIRTS), a_product(level=None))
    assert refusal == "unknown_product: the inventory does not count 'shirt'"


def test_a_product_that_is_not_on_sale_is_refused() -> None:
    assert refusal_of(an_order_of(SHIRTS), a_product(on_sale=False)) == "not_on_sale: 'shirt' is not on sale"


def test_a_product_whose_price_cannot_be_used_is_refused() -> None:
    product = a_product(unit_price=None, price_defect="needs a whole unitAmount")
    assert refusal_of(an_order_of(SHIRTS), product) == "no_usable_price: 'shirt' needs a whole unitAmount"


def test_products_priced_in_two_currencies_are_refused() -> None:
    mug = a_product("mug", unit_price=Money(900, "usd"))
    refusal = refusal_of(an_order_of(SHIRTS, MUG), a_product(), mug)
    assert refusal == "mixed_currencies: the products are priced in eur and usd"


def test_two_currencies_are_refused_even_beside_an_unpriced_product() -> None:
    mug, cap = a_product("mug", unit_price=Money(900, "usd")), a_product("cap", unit_price=None)
    refusal = refusal_of(an_order_of(SHIRTS, MUG, OrderLine("cap", 1)), a_product(), mug, cap)
    assert refusal == "mixed_currencies: the products are priced in eur and usd"


def test_an_amount_that_nobody_could_pay_is_refused() -> None:
    refusal = refusal_of(an_order_of(SHIRTS), a_product(unit_price=Money(AMOUNT_MINOR_MAX, "eur")))
    assert refusal == "amount_too_large: 3000000000000000 eur cannot be paid"


def test_the_largest_amount_can_be_held() -> None:
    dearest = Money(AMOUNT_MINOR_MAX, "eur")
    assert price_of(an_order_of(MUG), a_product("mug", unit_price=dearest)) == dearest


SHORTAGES = {
    # what is left of shirts and mugs: what the customer reads, and what operators do
    "some are left": (Level(5, 3), Level(1, 0), "'shirt'", "3 of 'shirt' ordered, 2 available"),
    "of both": (
        Level(1, 0),
        Level(0, 0),
        "'shirt', 'mug'",
        "3 of 'shirt' ordered, 1 available, 1 of 'mug' ordered, 0 available",
    ),
    "never less than nothing": (Level(1, 4), Level(1, 0), "'shirt'", "3 of 'shirt' ordered, 0 available"),
    "all lines or none": (Level(9, 0), Level(0, 0), "'mug'", "1 of 'mug' ordered, 0 available"),
}


@pytest.mark.parametrize(("shirts", "mugs", "names", "figures"), SHORTAGES.values(), ids=SHORTAGES)
def test_a_shortage_names_every_short_product_to_the_customer_and_the_figures_to_operators_alone(
    shirts: Level, mugs: Level, names: str, figures: str
) -> None:
    with pytest.raises(Refused) as refusal:
        price_of(an_order_of(SHIRTS, MUG), a_product(level=shirts), a_product("mug", mugs))
    assert str(refusal.value) == f"insufficient_stock: not enough is left of {names}"
    assert refusal.value.note == f"insufficient_stock: {figures}"


def test_where_there_is_nothing_to_hide_operators_read_what_the_customer_reads() -> None:
    with pytest.raises(Refused) as refusal:
        price_of(an_order_of(SHIRTS), a_product(on_sale=False))
    assert refusal.value.note == str(refusal.value)


def test_a_counted_hold_is_covered_up_to_the_last_unit() -> None:
    assert hold_is_covered(an_order_of(SHIRTS), {"shirt": a_product(level=Level(5, 5))})


def test_a_counted_hold_is_not_covered_when_others_were_counted_first() -> None:
    assert not hold_is_covered(an_order_of(SHIRTS), {"shirt": a_product(level=Level(5, 6))})


def test_a_counted_hold_is_covered_only_if_every_product_is() -> None:
    products = {"shirt": a_product(level=Level(5, 5)), "mug": a_product("mug", Level(0, 1))}
    assert not hold_is_covered(an_order_of(SHIRTS, MUG), products)


def test_a_counted_hold_is_not_covered_by_an_inventory_that_is_gone() -> None:
    assert not hold_is_covered(an_order_of(SHIRTS), {"shirt": a_product(level=None)})


def test_other_products_do_not_matter_to_a_hold() -> None:
    products = {"shirt": a_product(level=Level(5, 5)), "mug": a_product("mug", Level(0, 1))}
    assert hold_is_covered(an_order_of(SHIRTS), products)
