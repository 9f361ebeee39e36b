"""Formats amounts for people from Stripe's minor units. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision

# https://docs.stripe.com/currencies#zero-decimal, #three-decimal and #special-cases; all others have two decimals.
# These include isk and ugx, which have none elsewhere, and huf and twd, which have none in payouts.
_EXPONENTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"), 0),
    **dict.fromkeys(("pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"), 0),
    **dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3),
}


def is_known(locale: str) -> bool:
    """Whether Babel can format amounts for the locale, given in Babel's form (`en_GB`)."""
    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def amount_in_words(amount: int, currency: str, locale: str) -> str:
    """The amount down to Stripe's minor unit, without decimals that are always zero.

    How many minor units a currency has is Stripe's definition, not Babel's.

    Raises:
        babel.UnknownLocaleError, ValueError: the locale is not known.
    """
    code, exponent = currency.upper(), _EXPONENTS.get(currency, 2)
    value = Decimal(amount).scaleb(-exponent)
    # Stripe counts hundredths of a Serbian dinar, and Babel none: then the locale's pattern decides.
    has_parts = value % 1 != 0 and get_currency_precision(code) < exponent
    written = format_currency(value, code, locale=locale, currency_digits=not has_parts, decimal_quantization=False)
    # "CHF 5.00" but "$5.00": https://www.unicode.org/reports/tr35/tr35-numbers.html#Currencies; Babel writes "CHF5.00".
    return re.sub(r"(?<=[^\W\d_])(?=\d)", "\N{NO-BREAK SPACE}", written)
