"""Snapshots from which settlement decides, complete by default: a test names only what it is about."""

from dataclasses import replace
from typing import Any

from inventory.reservation import Product
from inventory.stock import Level
from orders.checkout import Checkout
from orders.money import Money
from orders.order import Order
from orders.outcome import Result
from settlement.snapshot import CancelRequest, Claim, KnownCheckout, KnownPayment, SetAsideEntry, Snapshot
from tests.support.builders import NOW

SET_ASIDE = SetAsideEntry(Result.LIVEMODE_MISMATCH, NOW, "entry as read")
SET_ASIDE_ON_PI_DAY = "set_aside: taken for an event of the other mode, on 2026-03-14 at 15:09:26 UTC"


def a_claim(result: str = "first_time_finalized", **changes: Any) -> Claim:
    """Of an event that its first delivery settled."""
    return Claim(True, Result(result), 1, NOW, NOW, NOW, "claim as read")._replace(**changes)  # noqa: FBT003 - processed


def a_parked_claim(result: str = "order_not_found", **changes: Any) -> Claim:
    return a_claim(result, **{"processed": False, "processed_at": None, **changes})


def a_known_checkout(checkout: Checkout) -> KnownCheckout:
    return KnownCheckout(checkout, "checkout as read")


def a_known_payment(*waiting: str, order_id: str | None = "order-1", is_only_declined: bool = False) -> KnownPayment:
    return KnownPayment(order_id, waiting, "payment as read", is_only_declined)


TEN = Level(10, 0)


def a_product(product_id: str = "shirt", level: Level | None = TEN, **changes: Any) -> Product:
    """For twelve euros, on sale."""
    product = Product(product_id, in_inventory=True, level=level, on_sale=True, unit_price=Money(1_200, "eur"))
    return product._replace(**changes)


Shelf = tuple[int, int] | Product | None
"""Units in stock and units held of them; None if the inventory lacks the product."""


def a_snapshot(order: Order | None = None, *, shirts: Shelf = (10, 0), mugs: Shelf = None, **more: Any) -> Snapshot:
    """An order, its customer's cancel request, its products, and whatever else is given."""
    products = {"shirt": _product_on(shirts, "shirt"), "mug": _product_on(mugs, "mug")}
    snapshot = Snapshot(
        order_id="order-1",
        order=order,
        order_version="order as read" if order else None,
        cancel_request=CancelRequest("alice", "request as read") if order else None,
        products=products,
        inventory_versions={name: f"{name} as read" for name, product in products.items() if product.in_inventory},
        audited=more.get("set_aside") is not None,
        deliveries_on_record=0,
        open_orders=0,
        effects=(),
        to_take=0,
        held=0,
    )
    return replace(snapshot, **more)


def _product_on(shelf: Shelf, product_id: str) -> Product:
    if isinstance(shelf, Product):
        return shelf
    return a_product(product_id, Level(*shelf) if shelf else None, in_inventory=shelf is not None)
