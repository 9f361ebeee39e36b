"""`products/{productId}` ↔ a product: its price, whether it is on sale and, with its inventory, how much there is."""

from database.documents.inventory import is_hot_in, level_defect_in, level_from
from database.documents.values import money_or_none, text_or_none
from database.store import Document, Fields, Update
from inventory.availability import availability
from inventory.catalogue import Listed
from inventory.reservation import Product


def product_path(product_id: str) -> str:
    return f"products/{product_id}"


def product_from(product_id: str, inventory: Fields | None, catalogue: Fields | None) -> Product:
    """A product from `inventory/{productId}` and `products/{productId}`; either may be missing."""
    listed = catalogue or {}
    unit_amount, currency = listed.get("unitAmount"), listed.get("currency")
    price = money_or_none(unit_amount, currency)
    has_broken_price = price is None and not (unit_amount is None and currency is None)
    return Product(
        product_id=product_id,
        in_inventory=inventory is not None,
        level=level_from(inventory),
        on_sale=listed.get("active", True) is True,
        unit_price=price,
        price_defect="needs a whole unitAmount in minor units and a currency such as 'eur'"
        if has_broken_price
        else None,
        level_defect=level_defect_in(inventory) if inventory is not None else None,
        in_catalogue=catalogue is not None,
        is_hot=inventory is not None and is_hot_in(inventory),
    )


def listed_from(catalogue: Fields) -> Listed:
    price = money_or_none(catalogue.get("unitAmount"), catalogue.get("currency"))
    return Listed(text_or_none(catalogue.get("name")), price)


def availability_write(
    product_id: str, inventory: Document | None, catalogue: Document | None, few_left: int
) -> Update | None:
    """Update `available` of the product; None if it is right already, or if the catalogue has no such product."""
    if catalogue is None:
        return None
    counted = inventory.fields if inventory else {}
    word = availability(None if level_defect_in(counted) else level_from(counted), few_left=few_left)
    if catalogue.fields.get("available") == word:
        return None
    return Update(product_path(product_id), {"available": word.value}, catalogue.version)
