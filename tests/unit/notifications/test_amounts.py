"""Amounts as a person reads them, counted as Stripe counts."""

from decimal import Decimal

import pytest
from babel import UnknownLocaleError
from hypothesis import given
from hypothesis import strategies as st

from notifications.amounts import amount_in_words
from orders.money import AMOUNT_MINOR_MAX


def written(amount: int, currency: str, locale: str = "en") -> str:
    """How the amount is written, with plain spaces."""
    return amount_in_words(amount, currency, locale).replace("\N{NO-BREAK SPACE}", " ")


def digits_of(amount: int, currency: str) -> str:
    return "".join(character for character in written(amount, currency) if character.isdecimal() or character == ".")


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (3_600, "eur", "€36.00"),
        (5, "usd", "$0.05"),
        (0, "usd", "$0.00"),
        (123_456_789, "gbp", "£1,234,567.89"),
        (500, "chf", "CHF 5.00"),
        # No decimals, for ISO 4217 and for Stripe.
        (500, "jpy", "¥500"),
        (500, "krw", "₩500"),
        # Two for ISO 4217, and none for Stripe.
        (500, "mga", "MGA 500"),
        # Three.
        (5_120, "kwd", "KWD 5.120"),
        (5_120, "tnd", "TND 5.120"),
        # None for the currency's country, and two for Stripe: https://docs.stripe.com/currencies#special-cases.
        (500, "isk", "ISK 5"),
        (500, "ugx", "UGX 5"),
        # None only in Stripe's payouts.
        (1_045, "huf", "HUF 10.45"),
        (80_045, "twd", "NT$800.45"),
        # Two for Stripe, and none for Babel.
        (10_050, "rsd", "RSD 100.50"),
        (10_000, "rsd", "RSD 100"),
        # Three for Babel, and two for Stripe, as for every currency that it does not name.
        (525, "lyd", "LYD 5.250"),
    ],
)
def test_an_amount_is_written_out_as_stripe_counts(amount: int, currency: str, expected: str) -> None:
    assert written(amount, currency) == expected


@pytest.mark.parametrize(
    "currency",
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"],
)
def test_one_minor_unit_of_a_zero_decimal_currency_is_one(currency: str) -> None:
    assert digits_of(1, currency) == "1"


@pytest.mark.parametrize("currency", ["bhd", "jod", "kwd", "omr", "tnd"])
def test_one_minor_unit_of_a_three_decimal_currency_is_a_thousandth(currency: str) -> None:
    assert digits_of(1, currency) == "0.001"


@pytest.mark.parametrize("currency", ["eur", "usd", "isk", "ugx", "huf", "twd", "all", "cop", "idr", "rsd", "xyz"])
def test_one_minor_unit_of_any_other_currency_is_a_hundredth(currency: str) -> None:
    assert digits_of(1, currency) == "0.01"


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en_GB", "€1,234.50"), ("de", "1.234,50 €"), ("nl", "€ 1.234,50"), ("ja", "€1,234.50")],
)
def test_the_locale_says_how_amounts_are_written(locale: str, expected: str) -> None:
    assert written(123_450, "eur", locale) == expected


def test_an_amount_is_never_broken_over_two_lines() -> None:
    assert amount_in_words(500, "chf", "en") == "CHF\N{NO-BREAK SPACE}5.00"


def test_a_locale_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownLocaleError):
        written(500, "eur", "tlh")


@given(st.integers(0, AMOUNT_MINOR_MAX), st.from_regex(r"\A[a-z]{3}\Z"))
def test_no_minor_unit_of_any_amount_is_lost(amount: int, currency: str) -> None:
    value = Decimal(digits_of(amount, currency))
    assert amount in (value, value * 100, value * 1_000)
