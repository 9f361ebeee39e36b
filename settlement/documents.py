"""Orders and products as documents, read into the domain. Total: no document, however broken, makes it raise."""

from typing import Final

from inventory.reservation import Product
from inventory.stock import Level
from orders.order import Money, Order, OrderLine, OrderStatus, is_amount, is_currency, is_document_id
from orders.placement import InvalidOrder, OversizedOrder, lines_from, require_bounded, user_id_from
from settlement.ledger import Document, Fields, Unreadable

ORDER_FIELDS: Final = ("status", "userId", "items", "amountTotal", "currency", "paymentIntentId", "chargeId")
PRODUCT_FIELDS: Final = ("stock", "reserved", "active", "unitAmount", "currency")
"""What is read here of orders, and of inventory and catalogue."""

_STATUSES: Final = frozenset(OrderStatus)


def order_path(order_id: str) -> str:
    return f"orders/{order_id}"


def inventory_path(product_id: str) -> str:
    return f"inventory/{product_id}"


def catalogue_path(product_id: str) -> str:
    return f"products/{product_id}"


def payment_path(payment_id: str) -> str:
    return f"payments/{payment_id}"


def order_from(order_id: str, fields: Fields) -> Order:
    status = _status_from(fields.get("status"))
    user_id = fields.get("userId")
    payment_id = fields.get("paymentIntentId") or fields.get("chargeId")
    lines: tuple[OrderLine, ...] = ()
    # What cannot be decoded cannot be measured either.
    is_oversized = isinstance(fields.get("items"), Unreadable)
    defect = "status must be 'pending'" if status is OrderStatus.UNKNOWN else None
    try:
        require_bounded(fields)
        user_id_from(user_id)
        lines = lines_from(fields.get("items"))
    except InvalidOrder as invalid:
        defect = defect or str(invalid)
        is_oversized = is_oversized or isinstance(invalid, OversizedOrder)
    return Order(
        order_id=order_id,
        status=status,
        user_id=user_id if is_document_id(user_id) else None,
        lines=lines,
        defect=defect,
        total=_money_from(fields.get("amountTotal"), fields.get("currency")),
        payment_id=payment_id if isinstance(payment_id, str) else None,
        is_oversized=is_oversized,
    )


def product_from(product_id: str, inventory: Fields | None, catalogue: Fields | None) -> Product:
    """A product from `inventory/{productId}` and `products/{productId}`; either may be missing."""
    catalogue = catalogue or {}
    unit_amount, currency = catalogue.get("unitAmount"), catalogue.get("currency")
    price = _money_from(unit_amount, currency)
    has_broken_price = price is None and not (unit_amount is None and currency is None)
    return Product(
        product_id=product_id,
        in_inventory=inventory is not None,
        level=_level_from(inventory),
        on_sale=catalogue.get("active", True) is True,
        unit_price=price,
        price_defect="needs a whole unitAmount in minor units and a currency such as 'eur'"
        if has_broken_price
        else None,
    )


def paid_order_from(document: Document | None) -> str | None:
    """The order that `payments/{paymentIntentId}` names; None where there is no such document."""
    return None if document is None else str(document.fields.get("orderId"))


def _status_from(value: object) -> OrderStatus:
    return OrderStatus(value) if isinstance(value, str) and value in _STATUSES else OrderStatus.UNKNOWN


def _level_from(fields: Fields | None) -> Level | None:
    if fields is None:
        return None
    stock, reserved = fields.get("stock"), fields.get("reserved", 0)
    return Level(stock, reserved) if type(stock) is int and type(reserved) is int else None


def _money_from(amount: object, currency: object) -> Money | None:
    return Money(amount, currency) if is_amount(amount) and is_currency(currency) else None
