"""Reads from the environment how customers pay in sessions that the service opens."""

import re
from collections.abc import Mapping
from typing import Final

from checkout.request import SHIPPING_RATES_MAX, CheckoutTerms
from service.environment import SettingsError, address, entries, yes_or_no

CHECKOUT_SUCCESS_URL: Final = "CHECKOUT_SUCCESS_URL"
CHECKOUT_CANCEL_URL: Final = "CHECKOUT_CANCEL_URL"
CHECKOUT_UI: Final = "CHECKOUT_UI"
CHECKOUT_SHIPPING_RATES: Final = "CHECKOUT_SHIPPING_RATES"
CHECKOUT_SHIPS_TO: Final = "CHECKOUT_SHIPS_TO"
CHECKOUT_AUTOMATIC_TAX: Final = ("CHECKOUT_AUTOMATIC_TAX", False)
CHECKOUT_PROMOTION_CODES: Final = ("CHECKOUT_PROMOTION_CODES", False)

_HOSTED, _EMBEDDED = "hosted", "embedded"
_SHIPPING_RATE: Final = re.compile(r"shr_[A-Za-z0-9]{1,250}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def checkout_terms(environment: Mapping[str, str]) -> CheckoutTerms | None:
    """The terms; None if the shop opens no sessions, since it has set no success URL. Raises SettingsError."""
    success_url, cancel_url = (address(environment, name) for name in (CHECKOUT_SUCCESS_URL, CHECKOUT_CANCEL_URL))
    ui = environment.get(CHECKOUT_UI, "").strip() or _HOSTED
    if ui not in (_HOSTED, _EMBEDDED):
        raise SettingsError(f"{CHECKOUT_UI} must be {_HOSTED} or {_EMBEDDED}, not {ui!r}")
    rates = entries(environment, CHECKOUT_SHIPPING_RATES, _SHIPPING_RATE.fullmatch, "ids of Stripe's shipping rates")
    if len(rates) > SHIPPING_RATES_MAX:
        raise SettingsError(f"{CHECKOUT_SHIPPING_RATES} must be at most {SHIPPING_RATES_MAX}")
    terms = CheckoutTerms(
        success_url=success_url or "",
        cancel_url=cancel_url,
        is_embedded=ui == _EMBEDDED,
        shipping_rates=rates,
        ships_to=entries(environment, CHECKOUT_SHIPS_TO, _COUNTRY.fullmatch, "countries of two capital letters"),
        automatic_tax=yes_or_no(environment, *CHECKOUT_AUTOMATIC_TAX),
        promotion_codes=yes_or_no(environment, *CHECKOUT_PROMOTION_CODES),
    )
    return terms if success_url else None
