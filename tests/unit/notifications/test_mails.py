"""A mail's HTML: the same words as its plain text, well-formed, and without markup from customers."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.notices import Audience, NoticeType
from notifications.shop import Shop
from notifications.texts import Text, text_of
from tests.support.notices import NOTICES, a_document
from tools.messages import LOCALES, Example, examples

SHOP = Shop("Kettle & <Cup>", "https://shop.example/?a=1&o={orderId}", "https://shop.example/logo.png?w=1&h=2")


def parsed(text: Text) -> ET.Element:
    """Its `html` element, from a strict parser."""
    # The markup is ours: what a customer wrote is text in it, and no entity is declared.
    return ET.fromstring(text.html)  # noqa: S314


def words_in(element: ET.Element) -> Iterator[str]:
    return ("".join(part.split()) for part in element.itertext() if part.strip())


@pytest.mark.parametrize("example", [*examples()], ids=lambda example: example.name)
def test_a_mail_says_in_html_all_that_it_says_in_plain_text(example: Example) -> None:
    for locale in LOCALES:
        assert_all_is_said(example.text(locale), locale)


def assert_all_is_said(text: Text, locale: str) -> None:
    html = parsed(text)
    said = "".join(words_in(html))
    lines = [re.sub(": https?://.*$", "", line) for line in text.body.splitlines() if line]
    assert [line for line in lines if "".join(line.split()).replace(":", "") not in said.replace(":", "")] == []
    links = [link.attrib["href"] for link in html.iter("a")]
    assert links == re.findall("https://.*", text.body)
    assert html.attrib == {"lang": locale, "dir": "ltr"}
    assert html.findtext("head/title") == text.subject


@given(st.sampled_from(NOTICES), st.text(min_size=1), st.text())
def test_whatever_a_customer_wrote_is_text_in_it(
    notice: tuple[NoticeType, Audience], order_id: str, reason: str
) -> None:
    hostile = text_of(a_document(*notice, order_id=order_id, reason=reason), shop=SHOP)
    harmless = text_of(a_document(*notice, reason="x: y" if reason else None), shop=SHOP)
    tags = [element.tag for element in parsed(hostile).iter() if element.tag not in ("p", "img")]
    assert tags == [element.tag for element in parsed(harmless).iter() if element.tag not in ("p", "img")]


@pytest.mark.parametrize(
    "order_id", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ shop }}", "&lt;"]
)
def test_markup_in_an_orders_id_is_shown_as_it_was_written(order_id: str) -> None:
    html = parsed(text_of(a_document(order_id=order_id), shop=SHOP))
    assert html.findtext("head/title") == f"Your order {order_id} is paid"
    assert not list(html.iter("script"))


def test_it_loads_the_logo_and_nothing_else() -> None:
    html = text_of(a_document(), shop=SHOP).html
    assert [image.attrib["src"] for image in ET.fromstring(html).iter("img")] == [SHOP.logo_url]  # noqa: S314
    assert re.findall(r"<link|<script|@import|url\(|src=", html) == ["src="]
    assert re.findall(r"<link|<script|@import|url\(|src=|https?://", text_of(a_document()).html) == []


def test_it_shows_the_logo_or_else_the_shops_name_or_neither() -> None:
    def heading(shop: Shop) -> list[str]:
        html = parsed(text_of(a_document(), shop=shop))
        return [image.attrib["alt"] for image in html.iter("img")] + [
            cell.text.strip() for cell in html.iter("td") if cell.text and "font-size: 21px" in cell.attrib["style"]
        ]

    assert heading(SHOP) == ["Kettle & <Cup>", ""]
    assert heading(Shop("Kettle & Cup")) == ["Kettle & Cup"]
    assert heading(Shop()) == []


def test_customers_are_led_to_their_order_and_operators_nowhere() -> None:
    link = "https://shop.example/?a=1&o=order-1"
    customers, operators = (text_of(a_document(NoticeType.REVIEW, audience), shop=SHOP) for audience in Audience)
    assert f"\nSee your order: {link}\n" in customers.body
    assert [each.attrib["href"] for each in parsed(customers).iter("a")] == [link]
    assert "shop.example/?" not in operators.body + operators.html
    assert "See your order" not in text_of(a_document()).body + text_of(a_document()).html


def test_every_style_that_the_dark_changes_is_on_something() -> None:
    for kind, audience in NOTICES:
        html = text_of(a_document(kind, audience), shop=SHOP).html
        classes = set(re.findall(r'class="(\w+)"', html))
        changed = set(re.findall(r"^  \.(\w+) \{", html, re.MULTILINE))
        assert changed - classes == (set() if audience is Audience.CUSTOMER else {"button"})
        assert classes <= changed
