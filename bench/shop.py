"""Documents of the bench's shops: products at one price, and orders for one unit of each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from google.cloud import firestore

from tests.support import builders, emulated_shop
from tests.support.builders import Fields
from tests.support.emulated_shop import list_in_catalogue, now, statuses

UNIT_AMOUNT: Final = 1_200
"""The price of a unit, in cents."""
STOCK: Final = 1_000_000


def stock_up(client: firestore.Client, product_ids: Sequence[str], *, reserved: int = 0) -> None:
    """More than enough of each product, at a price."""
    emulated_shop.stock_up(client, STOCK, product_ids, reserved=reserved)
    list_in_catalogue(client, product_ids)


def a_pending_order(product_ids: Sequence[str]) -> Fields:
    """As its customer writes it."""
    return builders.an_order(items=_one_of_each(product_ids), createdAt=now())


def a_reserved_order(product_ids: Sequence[str], **fields: object) -> Fields:
    """As the service has held and priced it."""
    moment = now()
    held: Fields = {
        "items": _one_of_each(product_ids),
        "amountTotal": amount_of(product_ids),
        "createdAt": moment,
        "reservedAt": moment,
        "reservationExpiresAt": moment + timedelta(minutes=30),
    }
    return builders.a_reserved_order(**{**held, **fields})


def amount_of(product_ids: Sequence[str]) -> int:
    return UNIT_AMOUNT * len(product_ids)


def orders_not_finalized(client: firestore.Client) -> int:
    counted = statuses(client)
    return counted.total() - counted["finalized"]


def units_sold(client: firestore.Client) -> int:
    return sum(STOCK - inventory.get("stock") for inventory in client.collection("inventory").stream())


def _one_of_each(product_ids: Sequence[str]) -> list[Fields]:
    return [{"productId": product_id, "quantity": 1} for product_id in product_ids]
