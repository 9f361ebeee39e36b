"""The operators' console, under a deployment's rules and headers, for a shop without functions."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud import firestore
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import STEP_SECONDS_MAX, a_console_of, a_visit, barriers
from tests.support.builders import an_order
from tests.support.console import (
    OPERATOR,
    a_shop_in_trouble,
    an_account,
    an_event_parked,
    first_paint,
    hosts_of,
    open_order,
    sign_in,
    traffic_of,
)
from tests.support.emulated_shop import a_database, a_project, write_all
from tests.support.many_orders import newest_first, write_many_orders
from tools.polling import polled

KILOBYTES_MAX = 300
DOCUMENTS_MAX = 50
FIRST_PAINT_SECONDS_MAX = 1
PAGES = ("#/today", "#/orders", "#/order/order-due", "#/stock", "#/stock/shirt", "#/events")


@pytest.fixture(scope="module")
def client(firestore_host: str) -> firestore.Client:
    """These tests' own database, with one of each thing that waits for a person."""
    client = a_database()
    write_all(client, a_shop_in_trouble())
    return client


@pytest.fixture(scope="module")
def address(client: firestore.Client, auth_host: str) -> Iterator[str]:
    with a_console_of(client.project) as address:
        yield address


def test_who_is_not_let_in_sees_nothing_and_who_may_look_cannot_act(
    browser: Browser, address: str, auth_host: str
) -> None:
    email = "looking@example.com"
    with a_visit(browser, address) as page:
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert barriers(page) == []
        sign_in(page, an_account(auth_host, email))
        expect(page.get_by_role("heading", name="This account has no access")).to_be_visible()
        expect(page.get_by_text(f"./shop admin add {email}")).to_be_visible()
        expect(page.get_by_role("navigation")).to_have_count(0)
        an_account(auth_host, email, viewer=True)
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_role("banner")).to_contain_text("looks only")
        order = open_order(page, "order-due")
        expect(order).to_contain_text("€36.00 is to be refunded")
        for act in "Accept", "Try again", "Mark as handled":
            expect(order.get_by_role("button", name=act)).to_have_count(0)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(order).not_to_contain_text("€36.00")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_soon_there_asks_for_little_is_for_everybody_and_fits_a_phone(
    console: Page, address: str, path: str
) -> None:
    console.goto("about:blank")
    with traffic_of(console) as traffic:
        console.goto(f"/{path}")
        expect(console.locator(".reads")).to_be_visible()
        expect(console.locator(".waiting")).to_have_count(0)
    assert first_paint(console) < FIRST_PAINT_SECONDS_MAX
    assert hosts_of(traffic.files) == {address.removeprefix("http://")}
    assert sum(traffic.files.values()) < KILOBYTES_MAX * 1_000, traffic.files
    assert traffic.without_limit == []
    assert traffic.documents <= DOCUMENTS_MAX
    assert barriers(console) == []
    console.set_viewport_size({"width": 360, "height": 740})
    console.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert console.evaluate("document.documentElement.scrollWidth") == 360
    assert barriers(console) == []
    assert console.evaluate("document.getAnimations().length") == 0


def test_today_names_what_waits_and_the_money_at_risk_and_changes_as_it_happens(
    console: Page, client: firestore.Client
) -> None:
    console.goto("/#/today")
    waiting = console.get_by_role("region", name="Something needs a person")
    for concern in ("disputes", "refund due", "review", "parked", "findings", "effects given up"):
        expect(waiting.get_by_role("heading", name=re.compile(rf"^{concern} \(\d"))).to_be_visible()
    expect(console.get_by_role("heading", name=re.compile("^Placed today: [1-9]"))).to_be_visible()
    expect(console.get_by_role("heading", name=re.compile("^Paid today: €"))).to_be_visible()
    late = an_order(userId="bob", status="expired", createdAt=datetime.now(UTC))
    client.document("orders/order-late").set(late)
    latest = console.get_by_role("region", name="The latest orders")
    expect(latest.get_by_role("link", name="order-late")).to_be_visible()
    console.get_by_role("link", name=re.compile(r"^refund due \(")).click()
    expect(console.get_by_role("link", name="order-due").first).to_be_visible()


def test_orders_are_found_by_an_address_page_by_page_and_exported_as_they_are_filtered(
    console: Page, client: firestore.Client, tmp_path: Path
) -> None:
    # Several at the same time: their ids decide which comes first.
    ids = [f"many-{number:02}" for number in range(60)]
    at, items = datetime.now(UTC) - timedelta(days=2), [{"productId": "=1+1", "quantity": 1}]
    order = an_order(userId="many", status="expired", createdAt=at, items=items)
    write_all(client, {f"orders/{order_id}": order for order_id in ids})
    console.goto("about:blank")
    with traffic_of(console) as traffic:
        console.goto("/#/orders?user=many")
        orders, seen = console.get_by_role("region", name="Orders").get_by_role("link", name="many-"), []
        for count in (25, 25, 10):
            expect(orders).to_have_count(count)
            seen += orders.all_inner_texts()
            if count == 25:
                first = seen[-25]
                console.get_by_role("link", name="Older").click()
                expect(orders.filter(has_text=first)).to_have_count(0)
    assert seen == sorted(ids, reverse=True)
    assert (traffic.without_limit, traffic.documents <= 3 * DOCUMENTS_MAX) == ([], True)
    with console.expect_download() as download:
        console.get_by_role("button", name="Export as CSV").click()
    download.value.save_as(tmp_path / "orders.csv")
    rows = list(csv.DictReader((tmp_path / "orders.csv").read_text().splitlines()))
    assert [row["orderId"] for row in rows] == seen
    assert {row["status"] for row in rows} == {"expired"}


def test_a_filter_is_in_the_address(console: Page, client: firestore.Client) -> None:
    # On days without other orders.
    for name, status, day in (("wanted", "review", 3), ("other", "refund_due", 3), ("later", "review", 4)):
        placed = an_order(status=status, createdAt=datetime(2001, 2, day, 23, 59, tzinfo=UTC))
        client.document(f"orders/{name}").set(placed)
    console.goto("/#/orders")
    console.get_by_label("review").check()
    console.get_by_label("Placed from").fill("2001-02-03")
    console.get_by_label("to", exact=True).fill("2001-02-03")
    console.get_by_role("button", name="Show").click()
    expect(console).to_have_url(re.compile(r"#/orders\?status=review&since=2001-02-03.*&until=2001-02-04"))
    found = console.get_by_role("region", name="Orders").get_by_role("row").get_by_role("link")
    expect(found).to_have_text(["wanted"])
    console.reload()
    expect(console.get_by_label("review")).to_be_checked()
    expect(console.get_by_label("to", exact=True)).to_have_value("2001-02-03")
    expect(found).to_have_text(["wanted"])


def test_an_id_leads_to_its_order_a_customers_to_all_of_theirs_and_the_beginning_of_one_to_what_begins_so(
    console: Page,
) -> None:
    def find(text: str) -> None:
        console.get_by_label("Any id").fill(text)
        console.get_by_label("Any id").press("Enter")

    console.goto("/#/stock")
    expect(console.get_by_role("heading", level=1)).to_have_text("Stock")
    # Each leads to another order than the one before.
    for known, order in {"dp_1": "order-review", "re_1": "order-due", "order-gone": "order-gone"}.items():
        find(known)
        expect(console.get_by_role("heading", level=1)).to_have_text(f"Order {order}")
    find("alice")
    expect(console.get_by_role("region", name="Orders").get_by_role("link", name="order-")).to_have_count(3)
    find("order-d")
    expect(console.get_by_role("row").filter(has_text="order-due")).to_be_visible()
    find("nothing-has-this-id")
    expect(console.get_by_text("nothing-has-this-id is unknown.")).to_be_visible()


def test_events_that_wait_or_came_again_are_listed_and_deliveries_are_counted_by_the_hour(
    console: Page, client: firestore.Client
) -> None:
    aside = {"eventType": "charge.succeeded", "processed": True, "result": "other_account", "account": "acct_1"}
    received = {"receivedAt": datetime.now(UTC), "deliveries": 1, "livemode": False, "orderId": None}
    often = {**aside, **received, "result": "first_time_finalized", "deliveries": 1_000}
    waits = {"orderId": None, **an_event_parked(datetime.now(UTC))}
    events = {"evt_aside": {**aside, **received}, "evt_again": often, "evt_waits": waits}
    write_all(client, {f"webhookEvents/{event_id}": event for event_id, event in events.items()})
    console.goto("/#/events")
    for heading in ("Parked", "Set aside", "Delivered again"):
        expect(console.get_by_role("heading", name=re.compile(rf"^{heading} \([1-9]"))).to_be_visible()
    parked = console.get_by_role("region", name=re.compile("^Parked")).get_by_role("row")
    expect(parked.filter(has_text="evt_waits")).to_contain_text("payment not found")
    again = console.get_by_role("region", name=re.compile("^Delivered again")).get_by_role("row")
    expect(again.filter(has_text="evt_again")).to_contain_text("1000")
    expect(console.get_by_role("img", name="Deliveries, by the hour")).to_be_visible()


def test_what_is_paid_and_not_yet_taken_is_a_figure_of_its_order_and_of_its_product(console: Page) -> None:
    units = open_order(console, "order-paid").get_by_role("region", name="Units")
    expect(units.get_by_role("columnheader")).to_contain_text(["To be taken"])
    expect(units.get_by_role("row").filter(has_text="shirt").get_by_role("cell").nth(4)).to_have_text("2")
    console.goto("/#/stock/shirt")
    expect(console.get_by_role("region", name="On the shelf")).to_contain_text(re.compile(r"Held\s*5"))
    held = console.get_by_role("region", name="Held by")
    expect(held).to_contain_text("2 units are paid but not taken yet")
    expect(held).not_to_contain_text("are reserved, and orders hold")


def test_what_an_order_says_can_be_copied_and_is_no_markup(console: Page) -> None:
    order = open_order(console, "order-due")
    expect(order).to_contain_text("mailbox <b>unavailable</b>")
    order.get_by_role("button", name="Copy order-due", exact=True).first.click()
    expect(console.get_by_text("order-due is copied.")).to_be_visible()


def test_whatever_a_customer_lists_as_products_no_page_breaks(console: Page, client: firestore.Client) -> None:
    # The rules let a customer write any list. lit-html would take some of this for values of its own.
    values = [None, "cup", {"toString": 1}, {"nodeType": 1}, {"_$litType$": 1}, client.document("a/b")]
    lines = [*values, *({"productId": value, "quantity": value} for value in values)]
    failed = an_order(status="failed", userId="odd", createdAt=datetime.now(UTC))
    orders = {f"orders/odd-{number:02}": {**failed, "items": [line]} for number, line in enumerate(lines)}
    write_all(client, orders)
    console.goto("/#/orders?user=odd")
    expect(console.get_by_role("region", name="Orders").get_by_role("link", name="odd-")).to_have_count(len(lines))
    console.goto("/#/today")
    expect(console.get_by_role("region", name="The latest orders").get_by_role("link", name="odd-")).to_have_count(6)
    for path in orders:
        order = open_order(console, path.removeprefix("orders/"))
        expect(order.get_by_role("region", name="Units")).to_be_visible()
        client.document(path).delete()


def test_what_was_begun_for_one_order_is_not_there_for_the_next(console: Page) -> None:
    open_order(console, "order-review").get_by_role("button", name="Refund", exact=True).click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("10.50")
    dialog.get_by_label("Reason").fill("As agreed with the first customer")
    order = open_order(console, "order-paid")
    expect(dialog).to_be_hidden()
    order.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog).to_contain_text("order-paid")
    expect(dialog.get_by_label("Amount")).to_have_value("")
    expect(dialog.get_by_label("Reason")).to_have_value("")


def test_an_act_that_nobody_answers_is_not_called_done(signed_in: Page, client: firestore.Client) -> None:
    requests = client.collection("operatorRequests")
    page = signed_in.context.new_page()
    page.clock.install()
    open_order(page, "order-review").get_by_role("button", name="Refund", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("As agreed")
    dialog.get_by_role("button", name="See what would happen").click()
    (rehearsal,) = polled(lambda: [*requests.stream()], lambda asked: len(asked) == 1, seconds=STEP_SECONDS_MAX)
    rehearsal.reference.update({"settledAt": datetime.now(UTC), "result": "refund_ordered", "differences": []})
    dialog.get_by_role("button", name="Do it").click()
    polled(lambda: [*requests.stream()], lambda asked: len(asked) == 2, seconds=STEP_SECONDS_MAX)
    page.clock.fast_forward(61_000)
    expect(dialog).to_contain_text("is not answered yet")
    expect(dialog).not_to_contain_text("Done")
    expect(dialog.get_by_role("button")).to_have_text(["Close"])
    page.close()


def test_a_page_that_cannot_be_loaded_says_so(signed_in: Page) -> None:
    page, script = signed_in.context.new_page(), "**/pages/stock.js"
    page.route(script, lambda route: route.fulfill(content_type="text/javascript", body="throw new Error('cut off')"))
    page.goto("/#/stock")
    expect(page.get_by_role("heading", name="The page cannot be loaded")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="cut off")).to_be_visible()
    expect(page.locator("#place")).to_have_attribute("aria-busy", "false")
    page.unroute(script)
    page.reload()
    expect(page.get_by_role("heading", name="Stock")).to_be_visible()
    page.close()


def test_ten_thousand_orders_are_shown_page_by_page(browser: Browser, auth_host: str) -> None:
    project, now = a_project(), datetime.now(UTC)
    write_many_orders(project, 10_000, now)
    with a_console_of(project) as address, a_visit(browser, address) as page, traffic_of(page) as traffic:
        page.goto("/#/orders")
        sign_in(page, an_account(auth_host, OPERATOR, admin=True))
        orders = page.get_by_role("region", name="Orders").get_by_role("link", name="order-")
        expect(orders).to_have_count(25)
        seen = orders.all_inner_texts()
        page.get_by_role("link", name="Older").click()
        # The next page's first order is already known: it showed that there is a next page.
        expect(orders.first).to_have_text(newest_first(26)[-1])
        expect(orders).to_have_count(25)
        seen += orders.all_inner_texts()
    assert seen == newest_first(50)
    assert traffic.without_limit == []
    assert traffic.documents <= 2 * DOCUMENTS_MAX
