"""Which orders may be held, and which counted holds are covered."""

import pytest

from inventory.reservation import Product, Refused, hold_is_covered, price_to_hold
from inventory.stock import Level
from orders.money import AMOUNT_MINOR_MAX, Money
from orders.order import Order, OrderLine
from tests.support.orders import a_pending_order, known
from tests.support.snapshots import a_product

SHIRTS, MUG = OrderLine("shirt", 3), OrderLine("mug", 1)


def an_order_of(*lines: OrderLine, defect: str | None = None) -> Order:
    return a_pending_order(lines=lines, defect=defect)


AN_ORDER, BOTH = an_order_of(SHIRTS), an_order_of(SHIRTS, MUG)


def price_of(order: Order, *products: Product) -> Money | None:
    return price_to_hold(order, {product.product_id: product for product in products})


def eur(amount: int) -> Money:
    return Money(amount, "eur")


UNPRICED, OF_MUG = known(unit_price=None), an_order_of(MUG)
PRICES: dict[str, tuple[Order, list[Product], Money | None]] = {
    "what its units cost": (BOTH, [a_product(), a_product("mug", unit_price=eur(850))], eur(4_450)),
    "the last units": (AN_ORDER, [a_product(level=Level(5, 2))], eur(3_600)),
    "what is free is priced": (AN_ORDER, [a_product(unit_price=eur(0))], eur(0)),
    "the largest amount": (OF_MUG, [a_product("mug", unit_price=eur(AMOUNT_MINOR_MAX))], eur(AMOUNT_MINOR_MAX)),
    "a shop without prices": (AN_ORDER, [a_product(**UNPRICED)], None),
}


@pytest.mark.parametrize(("order", "products", "price"), PRICES.values(), ids=PRICES)
def test_this_order_can_be_held_and_costs(order: Order, products: list[Product], price: Money | None) -> None:
    assert price_of(order, *products) == price


WITH_A_CAP = an_order_of(SHIRTS, MUG, OrderLine("cap", 1))
IN_DOLLARS = a_product("mug", unit_price=Money(900, "usd"))
REFUSED: dict[str, tuple[Order, list[Product]]] = {
    # message to the customer and operators: order, products
    "invalid_order: the order has no items": (an_order_of(defect="the order has no items"), []),
    "unknown_product: the inventory does not count 'shirt'": (AN_ORDER, [a_product(level=None)]),
    "not_on_sale: 'shirt' is not on sale": (AN_ORDER, [a_product(on_sale=False)]),
    "no_usable_price: 'shirt' needs a whole unitAmount": (
        AN_ORDER,
        [a_product(price_defect="needs a whole unitAmount", **UNPRICED)],
    ),
    "mixed_prices: 'mug' has no price, and other products of the order do": (
        BOTH,
        [a_product(), a_product("mug", **UNPRICED)],
    ),
    # Even if another product has no price.
    "mixed_currencies: the products are priced in eur and usd": (
        WITH_A_CAP,
        [a_product(), IN_DOLLARS, a_product("cap", **UNPRICED)],
    ),
    "amount_too_large: 3000000000000000 eur cannot be paid": (AN_ORDER, [a_product(unit_price=eur(AMOUNT_MINOR_MAX))]),
}


@pytest.mark.parametrize(("refusal", "order", "products"), [(why, *case) for why, case in REFUSED.items()], ids=REFUSED)
def test_an_order_that_cannot_be_held_is_refused(refusal: str, order: Order, products: list[Product]) -> None:
    with pytest.raises(Refused) as refused:
        price_of(order, *products)
    assert (str(refused.value), refused.value.note) == (refusal, refusal)


SHORTAGES = {
    # shirts and mugs left, message to the customer, message to operators
    "some are left": (Level(5, 3), Level(1, 0), "'shirt'", "3 of 'shirt' ordered, 2 available"),
    "of both": (
        *(Level(1, 0), Level(0, 0), "'shirt', 'mug'"),
        "3 of 'shirt' ordered, 1 available, 1 of 'mug' ordered, 0 available",
    ),
    "never less than nothing": (Level(1, 4), Level(1, 0), "'shirt'", "3 of 'shirt' ordered, 0 available"),
    "all lines or none": (Level(9, 0), Level(0, 0), "'mug'", "1 of 'mug' ordered, 0 available"),
}


@pytest.mark.parametrize(("shirts", "mugs", "names", "figures"), SHORTAGES.values(), ids=SHORTAGES)
def test_a_shortage_names_every_short_product_to_the_customer_and_the_figures_to_operators_alone(
    shirts: Level, mugs: Level, names: str, figures: str
) -> None:
    with pytest.raises(Refused) as refused:
        price_of(BOTH, a_product(level=shirts), a_product("mug", mugs))
    assert str(refused.value) == f"insufficient_stock: not enough is left of {names}"
    assert refused.value.note == f"insufficient_stock: {figures}"


LAST_SHIRTS, NO_MUG = Level(5, 5), Level(0, 1)
COVERED = {
    # order, shirts and mugs now: whether the counted hold is covered
    "up to the last unit": (AN_ORDER, LAST_SHIRTS, None, True),
    "other products do not matter": (AN_ORDER, LAST_SHIRTS, NO_MUG, True),
    "others were counted first": (AN_ORDER, Level(5, 6), None, False),
    "not every product is": (BOTH, LAST_SHIRTS, NO_MUG, False),
    "the inventory is gone": (AN_ORDER, None, None, False),
}


@pytest.mark.parametrize(("order", "shirts", "mugs", "is_covered"), COVERED.values(), ids=COVERED)
def test_a_counted_hold_is_covered(order: Order, shirts: Level | None, mugs: Level | None, *, is_covered: bool) -> None:
    products = {"shirt": a_product(level=shirts), "mug": a_product("mug", mugs)}
    assert hold_is_covered(order, products) is is_covered
