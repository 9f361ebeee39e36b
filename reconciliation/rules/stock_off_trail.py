"""Every change of a product's stock is on the audit trail.

The stock when a product was first checked is the baseline: the shop had set it, and nobody can tell whether rightly.
Since then, every change must be on the trail.
"""

from typing import Final

from reconciliation.finding import Found, Rule, Severity, to_copy
from reconciliation.subjects import ProductRecord


def _judge(product: ProductRecord) -> Found | None:
    if product.stock is None or product.stock_of_trail is None:
        return None
    # The trail records sold units as taken at once, the inventory only after the fold.
    stock, expected = product.stock, product.stock_of_trail + product.to_take
    if stock == expected:
        return None
    difference = f"{stock - expected:+}"
    words = f"stock of {product.product_id} is {stock}, but {expected} by the trail: {difference} is unexplained"
    # Setting the stock to this figure would sell again what was sold since.
    return Found(words, to_copy("stock add", product.product_id, "0"), difference)


# A shop that still changes its stock with an increment instead of the command may be right.
RULE: Final = Rule("stock_off_trail", ProductRecord, _judge, Severity.WARNING)
