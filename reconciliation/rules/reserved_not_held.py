"""A product's `reserved` is what orders hold, plus what is sold and not folded yet."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import ProductRecord


def _judge(product: ProductRecord) -> Found | None:
    if difference := product.reserved - product.held - product.to_take:
        sold = f" and {product.to_take} that are sold are still to be taken" if product.to_take else ""
        words = f"{product.reserved} of {product.product_id} are reserved, but orders hold {product.held}{sold}"
        return Found(words, to_copy("stock recount", product.product_id), f"{difference:+}")
    return None


RULE: Final = Rule("reserved_not_held", ProductRecord, _judge)
