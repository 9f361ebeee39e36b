"""The texts of every locale: complete, with the same placeholders, and found for each reader."""

import re
from collections.abc import Iterator
from dataclasses import fields
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta

from notifications.amounts import is_known
from notifications.languages import LAST_RESORT, shipped_for
from notifications.locales import SHIPPED, words_of
from notifications.notices import AUDIENCES, Audience, NoticeType
from notifications.reasons import DeclineReason, FailureReason
from notifications.shop import Shop
from notifications.texts import text_of
from notifications.words import Wording, Words
from tests.support.notices import a_document
from tools.messages import examples

each_locale = pytest.mark.parametrize("locale", sorted(SHIPPED))


def for_audience(audience: Audience) -> set[NoticeType]:
    return {kind for kind, audiences in AUDIENCES.items() if audience in audiences}


def parts(wording: Wording) -> Iterator[tuple[str, str]]:
    for field in fields(wording):
        if (part := getattr(wording, field.name)) is not None:
            yield field.name, part


def templates(words: Words) -> dict[tuple[str, ...], str]:
    """Every text of a locale, by its place."""
    wordings = chain(
        (("customers", kind, wording) for kind, wording in words.customers.items()),
        (("operators", kind, wording) for kind, wording in words.operators.items()),
    )
    reasons = chain(words.declines.items(), words.failures.items())
    return {
        **{(who, kind, name): part for who, kind, wording in wordings for name, part in parts(wording)},
        **{(type(reason).__name__, reason): words for reason, words in reasons},
        **{(field.name,): part for field in fields(words) if isinstance(part := getattr(words, field.name), str)},
    }


def placeholders(template: str) -> set[str]:
    # Only parsed, never rendered.
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(template))


def test_english_and_german_are_shipped_and_babel_knows_every_locale_that_is() -> None:
    assert {"en", "de"} <= SHIPPED
    assert [locale for locale in SHIPPED if not is_known(locale)] == []


# --- Every locale ----------------------------------------------------------------------------------------------------


@each_locale
def test_every_locale_has_words_for_every_notice_and_reason_and_for_nothing_else(locale: str) -> None:
    words = words_of(locale)
    assert set(words.customers) == for_audience(Audience.CUSTOMER)
    assert set(words.operators) == for_audience(Audience.OPERATOR)
    assert set(words.declines) == set(DeclineReason)
    assert set(words.failures) == set(FailureReason)
    assert [where for where, part in templates(words).items() if not part.strip() or "\n" in part] == []


@each_locale
def test_every_locale_fills_in_the_same_as_english(locale: str) -> None:
    """Except the amount in brackets, for which an SMS in some languages has no room."""
    optional = {"in_brackets"}
    ours, english = templates(words_of(locale)), templates(words_of(LAST_RESORT))
    assert ours.keys() == english.keys()
    different = {
        where: (placeholders(ours[where]), placeholders(english[where]))
        for where in ours
        if placeholders(ours[where]) - optional != placeholders(english[where]) - optional
    }
    assert different == {}


@each_locale
def test_only_what_an_operator_reads_may_speak_of_stripe(locale: str) -> None:
    words = words_of(locale)
    customers = chain.from_iterable(parts(wording) for wording in words.customers.values())
    assert [part for _, part in customers if re.search("stripe|refund_under_way", part, re.IGNORECASE)] == []


@each_locale
def test_no_two_subjects_of_a_locale_are_the_same(locale: str) -> None:
    subjects = [example.text(locale).subject for example in examples() if not example.variant]
    assert len(set(subjects)) == len(subjects)


# --- Which one -------------------------------------------------------------------------------------------------------

CHOSEN = {
    ("de", "en"): "de",
    ("de_AT", "en"): "de",
    ("de-AT", "en"): "de",
    ("DE-at", "en"): "de",
    ("de-Latn-CH-1996", "en"): "de",
    ("de_XX", "en"): "de",
    # Faroese and Manx will not be shipped soon.
    ("fo", "de"): "de",
    ("fo_DK", "de_CH"): "de",
    ("fo", "gv"): "en",
    (None, "de"): "de",
    ("", "de"): "de",
    ("../../de", "en"): "en",
    ("de\n", "en"): "en",
    ("__init__", "en"): "en",
}


@pytest.mark.parametrize(("asked", "shops"), CHOSEN)
def test_words_are_those_of_the_locale_its_language_the_shop_or_english(asked: str | None, shops: str) -> None:
    assert shipped_for(asked, shops) == CHOSEN[asked, shops]


NBSP = "\N{NO-BREAK SPACE}"
AMOUNTS = {
    ("en", "en"): "Paid: €1,234.50",
    ("de", "en"): f"Bezahlt: 1.234,50{NBSP}€",
    ("de_AT", "en"): f"Bezahlt: €{NBSP}1.234,50",
    ("de-AT", "en"): f"Bezahlt: €{NBSP}1.234,50",
    # Not shipped: the shop's language, with the customer's number format.
    ("fo", "en"): f"Paid: 1.234,50{NBSP}€",
    ("gv", "de_AT"): "Bezahlt: €1,234.50",
    # Unknown: the shop's number format.
    ("tlh", "de"): f"Bezahlt: 1.234,50{NBSP}€",
    ("de_XX", "en"): f"Bezahlt: 1.234,50{NBSP}€",
    ("de_12", "en"): f"Bezahlt: 1.234,50{NBSP}€",
    ("no locale at all", "de_AT"): f"Bezahlt: €{NBSP}1.234,50",
    (None, "en_GB"): "Paid: €1,234.50",
}


@pytest.mark.parametrize(("asked", "shops"), AMOUNTS)
def test_amounts_are_written_as_the_asked_locale_has_them_even_where_the_words_are_not_its(
    asked: str | None, shops: str
) -> None:
    document = a_document() | {"amount": 123_450}
    assert AMOUNTS[asked, shops] in text_of(document, locale=asked, shop=Shop(locale=shops)).body


@given(st.text() | st.from_regex(r"(de|fr|[a-z]{2})([-_][A-Za-z0-9]{2,8}){0,4}", fullmatch=True), st.text())
def test_no_locale_whatever_keeps_a_text_back(asked: str, shops: str) -> None:
    assert text_of(a_document(), locale=asked, shop=Shop(locale=shops)).subject
