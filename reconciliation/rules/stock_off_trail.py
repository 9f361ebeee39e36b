"""What changes a product's stock is on the audit trail.

What the stock was when a product was first looked at, the shop had set, and nobody can tell whether rightly: that is
the baseline. Since then the trail alone may change it.
"""

from typing import Final

from reconciliation.finding import Found, Rule, Severity, to_copy
from reconciliation.subjects import ProductRecord


def _judge(product: ProductRecord) -> Found | None:
    if product.stock is None or product.stock_of_trail is None:
        return None
    # The trail says of what is sold that it is taken, and the inventory only once it is folded.
    stock, expected = product.stock, product.stock_of_trail + product.to_take
    if stock == expected:
        return None
    difference = f"{stock - expected:+}"
    words = f"stock of {product.product_id} is {stock}, and {expected} by the trail: {difference} beside it"
    # To set what was found here would sell once more what was sold since.
    return Found(words, to_copy("stock add", product.product_id, "0"), difference)


# A shop that has yet to learn to change its stock by the command does so with an increment, and is right.
RULE: Final = Rule("stock_off_trail", ProductRecord, _judge, Severity.WARNING)
