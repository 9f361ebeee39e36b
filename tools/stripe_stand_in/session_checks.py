"""What Stripe refuses in a session, beyond the types of its parameters.

The rules: https://docs.stripe.com/api/checkout/sessions/create.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from tools.stripe_events import Json
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused, no_such

EXPIRES_SECONDS_MIN: Final = 30 * 60
EXPIRES_SECONDS_MAX: Final = 24 * 60 * 60
LINE_ITEMS_MAX: Final = 100
SHIPPING_OPTIONS_MAX: Final = 5
_CLIENT_REFERENCE_MAX: Final = 200
_AMOUNT_MAX: Final = 99_999_999
_LEAST: Final = {"eur": 50, "usd": 50, "gbp": 30, "chf": 50}
"""The minimum charge, in minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""


def check_session(account: Account, asked: Json) -> None:
    """Raises Refused."""
    if asked.get("mode") != "payment":
        raise Refused("The stand-in knows sessions of mode `payment` alone.", param="mode")
    _check_lines(asked.get("line_items", []))
    _check_addresses(asked)
    _check_end(account, asked.get("expires_at"))
    if asked.get("allow_promotion_codes") and asked.get("discounts"):
        raise Refused("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    if asked.get("customer") and asked.get("customer_email"):
        raise Refused("You may only specify one of these parameters: customer, customer_email.")
    if not re.fullmatch(rf".{{0,{_CLIENT_REFERENCE_MAX}}}", asked.get("client_reference_id", "")):
        raise Refused("Invalid client_reference_id: too long", param="client_reference_id")
    if len(asked.get("shipping_options", [])) > SHIPPING_OPTIONS_MAX:
        raise Refused(f"You may only specify up to {SHIPPING_OPTIONS_MAX} shipping options.", param="shipping_options")


def _check_lines(items: Sequence[Json]) -> None:
    if not 0 < len(items) <= LINE_ITEMS_MAX:
        raise Refused(f"A session has from 1 to {LINE_ITEMS_MAX} line items.", param="line_items")
    for at, item in enumerate(items):
        _check_line(item, f"line_items[{at}]")
    if len({item["price_data"]["currency"] for item in items}) > 1:
        raise Refused("All line items must have the same currency.", param="line_items")
    total = sum(unit_amount(item) * item["quantity"] for item in items)
    least = _LEAST.get(items[0]["price_data"]["currency"], 1)
    if 0 < total < least:
        raise Refused(f"The Checkout Session's total amount must be at least {least}.", code="amount_too_small")
    if total > _AMOUNT_MAX:
        raise Refused("The Checkout Session's total amount is too large.", code="amount_too_large")


def _check_line(item: Json, at: str) -> None:
    if "price" in item:
        raise no_such("price", item["price"], f"{at}[price]", HTTPStatus.BAD_REQUEST)
    if "price_data" not in item:
        raise Refused("You must specify either `price` or `price_data`.", code="parameter_missing", param=at)
    price = item["price_data"]
    if ("product" in price) == ("product_data" in price):
        raise Refused("You must specify either `product` or `product_data`.", param=f"{at}[price_data]")
    if "product" in price:
        raise no_such("product", price["product"], f"{at}[price_data][product]", HTTPStatus.BAD_REQUEST)
    if ("unit_amount" in price) == ("unit_amount_decimal" in price):
        raise Refused("You must specify either `unit_amount` or `unit_amount_decimal`.", param=f"{at}[price_data]")
    if unit_amount(item) < 0:
        raise Refused("Invalid non-negative integer", code="parameter_invalid_integer", param=f"{at}[unit_amount]")
    if "recurring" in price:
        raise Refused("A recurring price needs mode `subscription`.", param=f"{at}[price_data][recurring]")
    if item.get("quantity", 0) < 1:
        raise Refused("Quantity is required, and must be at least 1.", param=f"{at}[quantity]")
    _check_currency(price["currency"], f"{at}[price_data][currency]")


def _check_currency(currency: str, param: str) -> None:
    if not re.fullmatch(r"[a-z]{3}", currency):
        raise Refused(f"Invalid currency: {currency}", param=param)


def _check_addresses(asked: Json) -> None:
    is_hosted = asked.get("ui_mode", "hosted_page") == "hosted_page"
    needed, never = ("success_url", ["return_url"]) if is_hosted else ("return_url", ["success_url", "cancel_url"])
    for name in never:
        if name in asked:
            raise Refused(f"`{name}` is not allowed with this ui_mode.", param=name)
    if needed not in asked and asked.get("redirect_on_completion") != "never":
        raise Refused(f"Missing required param: {needed}.", code="parameter_missing", param=needed)
    for name in ("success_url", "cancel_url", "return_url"):
        address = urlsplit(asked.get(name, "https://shop.example"))
        if address.scheme not in ("http", "https") or not address.netloc:
            raise Refused("Not a valid URL", code="url_invalid", param=name)


def _check_end(account: Account, expires_at: int | None) -> None:
    if expires_at is None:
        return
    if expires_at - account.now < EXPIRES_SECONDS_MIN:
        raise Refused(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
            param="expires_at",
        )
    if expires_at - account.now > EXPIRES_SECONDS_MAX:
        raise Refused(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )


def unit_amount(item: Json) -> int:
    price: dict[str, Any] = item["price_data"]
    return int(price["unit_amount"] if "unit_amount" in price else price["unit_amount_decimal"])


def currency_of(asked: Json) -> str:
    currency: str = asked["line_items"][0]["price_data"]["currency"]
    return currency
