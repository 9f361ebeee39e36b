"""Amounts as a person reads them, with Stripe's number of decimals."""

from decimal import Decimal

import pytest
from babel import UnknownLocaleError
from hypothesis import given
from hypothesis import strategies as st

from notifications.amounts import amount_in_words
from orders.money import AMOUNT_MINOR_MAX


def written(amount: int, currency: str, locale: str = "en") -> str:
    """The amount as text, with plain spaces."""
    return amount_in_words(amount, currency, locale).replace("\N{NO-BREAK SPACE}", " ")


def digits_of(amount: int, currency: str) -> str:
    return "".join(character for character in written(amount, currency) if character.isdecimal() or character == ".")


WRITTEN = {
    "€36.00": (3_600, "eur"),
    "$0.05": (5, "usd"),
    "$0.00": (0, "usd"),
    "£1,234,567.89": (123_456_789, "gbp"),
    "CHF 5.00": (500, "chf"),
    # No decimals in ISO 4217 or for Stripe.
    "¥500": (500, "jpy"),
    "₩500": (500, "krw"),
    # Two in ISO 4217, none for Stripe.
    "MGA 500": (500, "mga"),
    # Three.
    "KWD 5.120": (5_120, "kwd"),
    "TND 5.120": (5_120, "tnd"),
    # None in the country itself, two for Stripe: https://docs.stripe.com/currencies#special-cases.
    "ISK 5": (500, "isk"),
    "UGX 5": (500, "ugx"),
    # None only in Stripe's payouts.
    "HUF 10.45": (1_045, "huf"),
    "NT$800.45": (80_045, "twd"),
    # Two for Stripe, none for Babel.
    "RSD 100.50": (10_050, "rsd"),
    "RSD 100": (10_000, "rsd"),
    # Three for Babel, two for Stripe, as for every currency that Stripe's page does not list.
    "LYD 5.250": (525, "lyd"),
}


def test_an_amount_is_written_out_as_stripe_counts() -> None:
    assert [written(*money) for money in WRITTEN.values()] == list(WRITTEN)


MINOR_UNITS = {
    "1": "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
    "0.001": "bhd jod kwd omr tnd",
    "0.01": "eur usd isk ugx huf twd all cop idr rsd xyz",
}


@pytest.mark.parametrize(("digits", "currencies"), MINOR_UNITS.items())
def test_one_minor_unit_is_one_or_a_thousandth_or_in_any_other_currency_a_hundredth(
    digits: str, currencies: str
) -> None:
    assert [currency for currency in currencies.split() if digits_of(1, currency) != digits] == []


def test_the_locale_says_how_amounts_are_written() -> None:
    locales = {"en_GB": "€1,234.50", "de": "1.234,50 €", "nl": "€ 1.234,50", "ja": "€1,234.50"}
    assert {locale: written(123_450, "eur", locale) for locale in locales} == locales


def test_an_amount_is_never_broken_over_two_lines() -> None:
    assert amount_in_words(500, "chf", "en") == "CHF\N{NO-BREAK SPACE}5.00"


def test_a_locale_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownLocaleError):
        written(500, "eur", "tlh")


@given(st.integers(0, AMOUNT_MINOR_MAX), st.from_regex(r"\A[a-z]{3}\Z"))
def test_no_minor_unit_of_any_amount_is_lost(amount: int, currency: str) -> None:
    value = Decimal(digits_of(amount, currency))
    assert amount in (value, value * 100, value * 1_000)
