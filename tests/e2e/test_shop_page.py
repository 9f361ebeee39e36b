"""The page in examples/shop lets customers do everything, on the deployed functions and their triggers."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.running_shop import RunningShop
from tests.support.browser import a_served_page, a_visit, barriers
from tests.support.builders import Fields
from tests.support.emulated_shop import stock_up
from tools.page import PORT
from tools.polling import polled

EUR_14_50: Final[Fields] = {"unitAmount": 1_450, "currency": "eur"}


@pytest.fixture(scope="module")
def address(functions_host: str) -> Iterator[str]:
    with a_served_page() as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with a_visit(browser, address) as page:
        yield page


@pytest.fixture
def cup(shop: RunningShop) -> str:
    """A product on sale, by its name, which must not become markup."""
    return on_sale(shop, "cup", stock=5)


def on_sale(shop: RunningShop, product: str, *, stock: int, price: Fields = EUR_14_50) -> str:
    name, product_id = f"{product} <b>{shop.prefix}</b>", shop.id(product)
    fields = {"name": name, "active": False, **price}
    shop.client.document(f"products/{product_id}").set(fields)
    stock_up(shop.client, stock, [product_id])
    polled(lambda: shop.get(f"products/{product_id}"), lambda said: "available" in said, seconds=60)
    # Update it only when the page shows it whole: the emulator's listener has lost the second of two quick changes.
    shop.client.document(f"products/{product_id}").update({"active": True})
    return name


def add_to_cart(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Add to cart: {name}").click()


def continue_as_guest(page: Page) -> None:
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Continue as a guest").click()
    expect(page.get_by_role("banner")).to_contain_text("Guest")


def place_order(page: Page, name: str) -> Locator:
    """The latest order, once its units are held."""
    add_to_cart(page, name)
    page.get_by_role("button", name="Place order").click()
    order = orders(page).first
    expect(order).to_contain_text("Reserved")
    return order


def pay_and_come_back(page: Page, order: Locator) -> None:
    """On the page of the stand-in for Stripe, which leads back to where `make page` usually serves the shop."""
    order.get_by_role("button", name="Pay", exact=True).click()
    with page.expect_request(f"http://127.0.0.1:{PORT.usual}/"):
        page.locator("[name=pay]").click()
    # Only then can the browser, which finds nothing at that port, be led on.
    expect(page).not_to_have_url(re.compile("/pay/"))
    page.goto("/")


def orders(page: Page) -> Locator:
    """Latest first."""
    return page.get_by_role("region", name="Your orders").get_by_role("listitem").filter(has=page.locator("h3"))


def test_a_guest_orders_pays_reads_the_notice_and_cancels_another_order(
    shop: RunningShop, page: Page, cup: str
) -> None:
    continue_as_guest(page)
    add_to_cart(page, cup)
    order = place_order(page, cup)
    expect(order.get_by_text("€29.00")).to_be_visible()
    order.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    pay_and_come_back(page, order)
    expect(order).to_contain_text("Paid")
    assert shop.get(f"inventory/{shop.id('cup')}") == {"stock": 3, "reserved": 0}
    notice = page.get_by_role("listitem").filter(has_text=re.compile("is paid"))
    notice.get_by_role("button", name="Mark as read").click()
    expect(notice.get_by_role("button")).to_have_count(0)
    another = place_order(page, cup)
    another.get_by_role("button", name="Cancel the order").click()
    expect(another).to_contain_text("Cancelled")
    assert shop.get(f"inventory/{shop.id('cup')}") == {"stock": 3, "reserved": 0}


def test_what_is_sold_out_says_so_and_cannot_be_added_to_the_cart_and_what_nobody_can_price_is_left_out(
    shop: RunningShop, page: Page
) -> None:
    mispriced = f"mispriced {shop.prefix}"
    fields = {"name": mispriced, "active": True, "unitAmount": "14.50", "currency": "EUR"}
    shop.client.document(f"products/{shop.id('mispriced')}").set(fields)
    name = on_sale(shop, "poster", stock=0)
    product = page.get_by_role("listitem").filter(has_text=name)
    expect(product.get_by_text("Sold out")).to_be_visible()
    expect(product.get_by_role("button")).to_be_disabled()
    expect(page.get_by_text(mispriced)).to_have_count(0)


def test_who_orders_more_than_is_left_reads_why_it_failed(shop: RunningShop, page: Page) -> None:
    name = on_sale(shop, "print", stock=1)
    continue_as_guest(page)
    for _ in range(2):
        add_to_cart(page, name)
    page.get_by_role("button", name="Place order").click()
    expect(orders(page).first).to_contain_text("we no longer have all of it. You have nothing to pay.")


def test_an_order_without_a_price_does_not_stop_the_page_when_it_is_adjusted(shop: RunningShop, page: Page) -> None:
    name = on_sale(shop, "sketch", stock=1, price={})
    continue_as_guest(page)
    order = place_order(page, name)
    document = f"orders/{(order.get_attribute('id') or '').removeprefix('order-')}"
    shop.client.document(document).update({"adjustments": [{"kind": "shipping", "amount": 499}]})
    order.get_by_role("button", name="Cancel the order").click()
    expect(order).to_contain_text("Cancelled")


def test_a_guest_who_makes_an_account_keeps_the_orders_and_finds_them_again(
    shop: RunningShop, page: Page, cup: str
) -> None:
    continue_as_guest(page)
    order = place_order(page, cup)
    page.get_by_role("button", name="Keep my orders").click()
    page.get_by_label("E-mail").fill(f"{shop.prefix}@example.com")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(order).to_have_count(0)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("E-mail").fill(f"{shop.prefix}@example.com")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(order).to_contain_text("Reserved")


def test_everybody_can_use_the_page_on_a_phone_and_in_the_dark(shop: RunningShop, page: Page, cup: str) -> None:
    on_sale(shop, "poster", stock=0)
    page.set_viewport_size({"width": 360, "height": 740})
    continue_as_guest(page)
    place_order(page, cup)
    add_to_cart(page, cup)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Keep my orders").click()
    assert barriers(page) == []
