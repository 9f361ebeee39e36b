"""Fields of an order about its price: of the catalogue, of the backend, and of its Checkout session."""

from typing import Final, TypedDict

from database.documents.payment_fields import adjustments_fields, adjustments_from
from database.documents.values import money_or_none
from database.store import Fields
from orders.adjustments import Adjustment
from orders.money import Money
from orders.order import Order

_BY_CHECKOUT: Final = "checkout"


class Price(TypedDict):
    """An order's attributes about its price, as keyword arguments."""

    total: Money | None
    items_total: Money | None
    adjustments: tuple[Adjustment, ...]
    added: tuple[Adjustment, ...]
    priced_by_checkout: bool
    price_defect: str | None


def price_from(fields: Fields) -> Price:
    adjustments, defect = adjustments_from(fields.get("adjustments"))
    added, _ = adjustments_from(fields.get("addedInCheckout"))
    total = _total_in(fields)
    items_total = money_or_none(fields.get("itemsTotal"), fields.get("itemsCurrency") or fields.get("currency"))
    are_of_backend = bool(set(adjustments) - set(added))
    return {
        "total": total,
        "items_total": items_total,
        "adjustments": adjustments,
        "added": added,
        "priced_by_checkout": fields.get("pricedBy") == _BY_CHECKOUT,
        "price_defect": defect
        or _total_defect(fields)
        or (_currency_defect(total, items_total) if are_of_backend else None),
    }


def price_fields(order: Order) -> dict[str, object]:
    items, total = order.items_total, order.total
    known = total or items or order.received
    return {
        "adjustments": adjustments_fields(order.adjustments) or None,
        "itemsTotal": items.amount if items else None,
        "itemsCurrency": items.currency if items else None,
        "amountTotal": total.amount if total else None,
        "currency": known.currency if known else None,
        "pricedBy": _priced_by(order),
    }


def _priced_by(order: Order) -> str | None:
    if order.priced_by_checkout:
        return _BY_CHECKOUT
    if order.total is None:
        return None
    return "catalogue" if order.total == order.items_total else "backend"


def _total_in(fields: Fields) -> Money | None:
    return money_or_none(fields.get("amountTotal"), fields.get("currency"))


def _total_defect(fields: Fields) -> str | None:
    """Why its total cannot be used; None for a usable total, and for an order without one."""
    is_unusable = fields.get("amountTotal") is not None and _total_in(fields) is None
    return "amountTotal must be a whole amount in minor units, with a currency such as 'eur'" if is_unusable else None


def _currency_defect(total: Money | None, items_total: Money | None) -> str | None:
    """Why adjustments of the backend cannot be added up; None if they can."""
    if total is None or items_total is None or total.currency == items_total.currency:
        return None
    return f"adjustments are added to a price in {items_total.currency!r}: in another currency, write only amountTotal"
