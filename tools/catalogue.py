"""A few products for the emulators: `make seed`, and whenever `make emulators` opens a shop."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.cloud import firestore

from tools.local_shop import LocalShop, at_work

CURRENCY: Final = "eur"


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    unit_amount: int
    """In minor units."""
    stock: int | None
    """None if it is never short."""
    backorder: int = 0
    """How many units may be sold beyond the stock."""


CATALOGUE: Final[Mapping[str, Product]] = {
    "espresso-cup": Product("Espresso cup", 1_450, 50),
    "coffee-beans": Product("Coffee beans, 500 g", 1_190, 200),
    "french-press": Product("French press", 3_900, 12),
    "hand-grinder": Product("Hand grinder", 8_900, 2),
    "gift-tin": Product("Gift tin", 2_490, 0),
    "barista-course": Product("Barista course, online", 4_900, None),
    "espresso-machine": Product("Espresso machine, from May", 64_900, 0, backorder=5),
}
"""By product id: plenty, few, two, none, never short, and on backorder, so that the shop shows every case."""


def documents() -> dict[str, dict[str, object]]:
    """All documents of the catalogue, by path."""
    written: dict[str, dict[str, object]] = {}
    for product_id, product in CATALOGUE.items():
        priced = {"unitAmount": product.unit_amount, "currency": CURRENCY}
        written[f"products/{product_id}"] = {"name": product.name, "active": True, **priced}
        written[f"inventory/{product_id}"] = {"stock": product.stock, "reserved": 0}
        if product.backorder:
            written[f"inventory/{product_id}"]["backorder"] = product.backorder
    return written


def seed(client: firestore.Client) -> int:
    """Write what is missing of the catalogue, overwriting nothing. Returns the number of documents written."""
    wanted = documents()
    there = {
        found.reference.path for found in client.get_all([client.document(path) for path in wanted]) if found.exists
    }
    batch = client.batch()
    for path in wanted.keys() - there:
        batch.create(client.document(path), wanted[path])
    batch.commit()
    return len(wanted.keys() - there)


def _seed(shop: LocalShop) -> bool:
    written = seed(shop.client)
    print(f"{', '.join(CATALOGUE)}: {written} documents written, {len(documents()) - written} were there already.")
    return True


if __name__ == "__main__":
    sys.exit(at_work(_seed))
