"""The operators' console, on the deployed functions and their triggers, under the rules and headers of a deployment."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud import firestore
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.running_shop import RunningShop
from tests.support.browser import STEP_SECONDS_MAX, a_served_console, a_visit, barriers
from tests.support.builders import a_catalogue_entry, an_order
from tests.support.console import a_parked_event, a_shop_in_trouble, an_account, hosts_of, look_at, sign_in, traffic_of
from tests.support.emulated_shop import a_project, write_all
from tests.support.many_orders import newest_first, write_many_orders
from tests.support.stripe_objects import a_payment_event
from tools.browser import a_browser
from tools.polling import polled

expect.set_options(timeout=STEP_SECONDS_MAX * 1_000)

KILOBYTES_MAX = 300
DOCUMENTS_MAX = 50


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(functions_host: str) -> Iterator[str]:
    with a_served_console() as address:
        yield address


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str, auth_host: str) -> Iterator[Page]:
    """Somebody who may act, for all tests: each goes to the page that it is about."""
    with a_visit(browser, address) as page:
        sign_in(page, an_account(auth_host, "acting@example.com", admin=True))
        yield page


@pytest.fixture
def console(signed_in: Page) -> Page:
    signed_in.set_viewport_size({"width": 1_280, "height": 800})
    signed_in.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return signed_in


@pytest.fixture
def trouble(shop: RunningShop) -> str:
    """How the ids begin of one of each thing that waits for a person."""
    write_all(shop.client, a_shop_in_trouble(shop.prefix))
    return shop.prefix


def open_order(page: Page, order_id: str) -> Locator:
    page.goto(f"/#/order/{order_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order_id)
    return page.get_by_role("main")


def test_who_is_not_let_in_sees_nothing_and_who_may_look_cannot_act(
    browser: Browser, address: str, auth_host: str, trouble: str
) -> None:
    email = f"{trouble}@example.com"
    with a_visit(browser, address) as page:
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert barriers(page) == []
        sign_in(page, an_account(auth_host, email))
        expect(page.get_by_role("heading", name="This account may not look")).to_be_visible()
        expect(page.get_by_text(f"./shop admin add {email}")).to_be_visible()
        expect(page.get_by_role("navigation")).to_have_count(0)
        an_account(auth_host, email, viewer=True)
        page.get_by_role("button", name="It is done: look again").click()
        expect(page.get_by_role("banner")).to_contain_text("looks only")
        order = open_order(page, f"{trouble}-due")
        expect(order).to_contain_text("€36.00 is to be refunded")
        expect(order.get_by_role("button", name="Refund")).to_have_count(0)
        expect(order.get_by_role("button", name="Try again")).to_have_count(0)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(order).not_to_contain_text("€36.00")


def test_today_names_what_waits_and_the_money_at_risk_and_asks_for_little(
    browser: Browser, address: str, auth_host: str, trouble: str, shop: RunningShop
) -> None:
    with a_visit(browser, address) as page, traffic_of(page) as traffic:
        page.goto("/")
        sign_in(page, an_account(auth_host, "acting@example.com", admin=True))
        waiting = page.get_by_role("region", name="Something needs a person")
        for concern in ("disputes", "refund due", "review", "parked", "findings", "effects given up"):
            expect(waiting.get_by_role("heading", name=re.compile(rf"^{concern} \(\d"))).to_be_visible()
        expect(page.get_by_role("heading", name=re.compile("^Placed today: [1-9]"))).to_be_visible()
        expect(page.get_by_role("heading", name=re.compile("^Paid today: €"))).to_be_visible()
        late = shop.id("late")
        # Later than any order that another test may place meanwhile.
        latest = datetime.now(UTC) + timedelta(minutes=5)
        shop.client.document(f"orders/{late}").set(an_order(status="expired", createdAt=latest))
        expect(page.get_by_role("region", name="The latest orders").get_by_role("link", name=late)).to_be_visible()
        page.get_by_role("link", name=re.compile(r"^refund due \(")).click()
        expect(page.get_by_role("link", name=f"{trouble}-due").first).to_be_visible()
    assert hosts_of(traffic.files) == {address.removeprefix("http://")}
    assert sum(traffic.files.values()) < KILOBYTES_MAX * 1_000, traffic.files


@pytest.mark.parametrize(
    "path", ["#/today", "#/orders", "#/order/{prefix}-due", "#/stock", "#/stock/{prefix}-shirt", "#/events"]
)
def test_a_page_asks_for_few_documents_is_for_everybody_and_fits_a_phone(
    console: Page, trouble: str, path: str
) -> None:
    console.goto("about:blank")
    with traffic_of(console) as traffic:
        console.goto(f"/{path.format(prefix=trouble)}")
        expect(console.locator(".reads")).to_be_visible()
        expect(console.locator(".waiting")).to_have_count(0)
    assert traffic.without_limit == []
    assert traffic.documents <= DOCUMENTS_MAX
    assert barriers(console) == []
    console.set_viewport_size({"width": 360, "height": 740})
    console.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert console.evaluate("document.documentElement.scrollWidth") == 360
    assert barriers(console) == []
    assert console.evaluate("document.getAnimations().length") == 0


def test_orders_are_found_by_an_address_page_by_page_and_exported_as_they_are_filtered(
    console: Page, shop: RunningShop, tmp_path: Path
) -> None:
    # Several of one moment: their ids say which comes first.
    at, user = datetime.now(UTC) - timedelta(days=2), shop.id("many")
    ids = [shop.id(f"many-{number:02}") for number in range(60)]
    order = an_order(userId=user, status="expired", createdAt=at, items=[{"productId": "=1+1", "quantity": 1}])
    write_all(shop.client, {f"orders/{order_id}": order for order_id in ids})
    console.goto(f"/#/orders?user={user}")
    orders, seen = console.get_by_role("region", name="Orders").get_by_role("link", name=user.removesuffix("many")), []
    for count in (25, 25, 10):
        expect(orders).to_have_count(count)
        seen += orders.all_inner_texts()
        if count == 25:
            first = seen[-25]
            console.get_by_role("link", name="Older").click()
            expect(orders.filter(has_text=first)).to_have_count(0)
    assert seen == sorted(ids, reverse=True)
    with console.expect_download() as download:
        console.get_by_role("button", name="Export as CSV").click()
    download.value.save_as(tmp_path / "orders.csv")
    rows = list(csv.DictReader((tmp_path / "orders.csv").read_text().splitlines()))
    assert [row["orderId"] for row in rows] == seen
    assert {row["status"] for row in rows} == {"expired"}


def test_a_filter_is_in_the_address(console: Page, shop: RunningShop) -> None:
    # Of days on which no other order was placed.
    for name, status, day in (("wanted", "review", 3), ("other", "refund_due", 3), ("later", "review", 4)):
        placed = an_order(status=status, createdAt=datetime(2001, 2, day, 23, 59, tzinfo=UTC))
        shop.client.document(f"orders/{shop.id(name)}").set(placed)
    console.goto("/#/orders")
    console.get_by_label("review").check()
    console.get_by_label("Placed from").fill("2001-02-03")
    console.get_by_label("to", exact=True).fill("2001-02-03")
    console.get_by_role("button", name="Show").click()
    expect(console).to_have_url(re.compile(r"#/orders\?status=review&since=2001-02-03.*&until=2001-02-04"))
    found = console.get_by_role("region", name="Orders").get_by_role("link", name=shop.prefix)
    expect(found).to_have_text([shop.id("wanted")])
    console.reload()
    expect(console.get_by_label("review")).to_be_checked()
    expect(console.get_by_label("to", exact=True)).to_have_value("2001-02-03")
    expect(found).to_have_text([shop.id("wanted")])


def test_any_id_leads_to_its_order_and_a_customers_to_all_of_theirs(console: Page, trouble: str) -> None:
    # None leads to the order that the one before it has led to.
    leads = {
        "{}-due": "due",
        "dp_{}": "review",
        "evt_{}_parked": "due",
        "pi_{}-review": "review",
        "{}_mail_customer": "due",
        "cs_{}": "paid",
        "re_{}": "due",
        "{}-gone": "gone",
    }
    for known, order in leads.items():
        console.get_by_label("Any id").fill(known.format(trouble))
        console.get_by_role("button", name="Find").click()
        expect(console.get_by_role("heading", level=1)).to_have_text(f"Order {trouble}-{order}")
    console.get_by_label("Any id").fill(f"{trouble}-alice")
    console.get_by_role("button", name="Find").click()
    expect(console.get_by_role("region", name="Orders").get_by_role("link", name=f"{trouble}-")).to_have_count(3)


def test_the_beginning_of_an_id_lists_what_begins_so(console: Page, trouble: str) -> None:
    console.get_by_label("Any id").fill(f"{trouble}-d")
    console.keyboard.press("Enter")
    expect(console.get_by_role("row").filter(has_text=f"{trouble}-due")).to_be_visible()
    console.get_by_label("Any id").fill("nothing-has-this-id")
    console.keyboard.press("Enter")
    expect(console.get_by_text("Nothing is known of nothing-has-this-id.")).to_be_visible()


def test_an_order_is_rehearsed_confirmed_and_changed_before_the_operators_eyes_by_the_keyboard_alone(
    console: Page, shop: RunningShop
) -> None:
    shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("held", shirt=2)
    order = open_order(console, order_id)
    expect(order).to_contain_text("nobody has paid")
    console.get_by_role("button", name="Release").focus()
    console.keyboard.press("Enter")
    dialog = console.get_by_role("dialog")
    expect(dialog).to_be_visible()
    console.get_by_label("Reason").focus()
    console.keyboard.type("The customer has called")
    console.keyboard.press("Tab")
    console.keyboard.press("Enter")
    expect(dialog).to_contain_text("This would end as: expired")
    expect(dialog.get_by_role("row").filter(has_text="status")).to_contain_text("reserved")
    assert barriers(console) == []
    assert shop.get(f"orders/{order_id}")["status"] == "reserved"
    dialog.get_by_role("button", name="Do it").focus()
    console.keyboard.press("Enter")
    expect(dialog).to_contain_text("Done: expired")
    console.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(order.locator(".status").first).to_have_text("expired")
    assert shop.get(f"inventory/{shop.id('shirt')}") == {"stock": 10, "reserved": 0}
    (entry,) = [each for each in shop.audit_entries(order_id).values() if each.get("operator")]
    assert (str(entry["operator"]).split()[0], entry["reason"]) == ("acting@example.com", "The customer has called")


def rehearse(console: Page, name: str, would: str, **choices: str) -> Locator:
    """Take the first step of an act: the dialog that says what would become of it."""
    console.get_by_role("button", name=name, exact=True).first.click()
    dialog = console.get_by_role("dialog")
    for label, value in choices.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_label("Reason").fill("As agreed")
    dialog.get_by_role("button", name="See what would happen").click()
    expect(dialog).to_contain_text(f"This would end as: {would}")
    return dialog


def act(console: Page, name: str, would: str, **choices: str) -> None:
    dialog = rehearse(console, name, would, **choices)
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog).to_contain_text(f"Done: {would}")
    dialog.get_by_role("button", name="Close").click()


def test_an_order_is_held_longer_accepted_and_refunded_in_part(console: Page, shop: RunningShop) -> None:
    shop.client.document(f"products/{shop.id('pot')}").set(a_catalogue_entry(unitAmount=4_000))
    shop.seed_product("pot", stock=10)
    order_id = shop.place_order("acted-on", pot=1)
    order = open_order(console, order_id)
    expect(order).to_contain_text("nobody has paid; €40.00 is asked")
    until = datetime.now(UTC) + timedelta(hours=5)
    act(console, "Hold longer", "hold extended", Until=f"{until:%Y-%m-%dT%H:%M}")
    expect(order).to_contain_text("held for another 4 h")
    # Somebody else is faster: what was decided of an unpaid order is not done to one that is paid otherwise than asked.
    dialog = rehearse(console, "Accept", "accepted")
    assert shop.deliver(a_payment_event(order_id, amount=3_000)) == (200, "quarantined")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog).to_contain_text("Not done: not accepted")
    dialog.get_by_role("button", name="Close").click()
    expect(order).to_contain_text("3000 eur was paid, 4000 eur was asked")
    act(console, "Accept", "accepted")
    expect(order.locator(".status").first).to_have_text("finalized")
    act(console, "Refund", "refund ordered", Amount="10.50")
    expect(order).to_contain_text("stripe_refund for")
    expect(order.get_by_role("link", name="at Stripe").first).to_have_attribute(
        "href", re.compile(r"^https://dashboard\.stripe\.com/test/")
    )
    assert shop.get(f"inventory/{shop.id('pot')}") == {"stock": 9, "reserved": 0}


def test_nothing_is_done_by_who_only_looks_what_would_happen(console: Page, shop: RunningShop) -> None:
    shop.seed_product("cup", stock=10)
    order_id = shop.place_order("left-alone", cup=1)
    expect(open_order(console, order_id)).to_contain_text("nobody has paid")
    dialog = rehearse(console, "Cancel", "cancelled")
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_be_hidden()
    assert shop.get(f"orders/{order_id}")["status"] == "reserved"


def test_what_was_begun_for_one_order_is_not_there_for_the_next(console: Page, trouble: str) -> None:
    open_order(console, f"{trouble}-due").get_by_role("button", name="Refund", exact=True).click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("10.50")
    dialog.get_by_label("Reason").fill("As agreed with the first customer")
    order = open_order(console, f"{trouble}-review")
    expect(dialog).to_be_hidden()
    order.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog).to_contain_text(f"{trouble}-review")
    expect(dialog.get_by_label("Amount")).to_have_value("")
    expect(dialog.get_by_label("Reason")).to_have_value("")
    dialog.get_by_role("button", name="Not now").click()


def test_an_act_that_nobody_answers_is_not_called_done(browser: Browser, address: str, auth_host: str) -> None:
    client, due = firestore.Client(project=a_project()), "shop-due"
    write_all(client, a_shop_in_trouble("shop"))
    requests = client.collection("operatorRequests")
    with a_visit(browser, address) as page:
        page.clock.install()
        look_at(page, address, client.project)
        sign_in(page, an_account(auth_host, "acting@example.com", admin=True))
        open_order(page, due).get_by_role("button", name="Refund", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("As agreed")
        dialog.get_by_role("button", name="See what would happen").click()
        (rehearsal,) = polled(lambda: [*requests.stream()], lambda asked: len(asked) == 1, seconds=STEP_SECONDS_MAX)
        rehearsal.reference.update({"settledAt": datetime.now(UTC), "result": "refund_ordered", "differences": []})
        dialog.get_by_role("button", name="Do it").click()
        polled(lambda: [*requests.stream()], lambda asked: len(asked) == 2, seconds=STEP_SECONDS_MAX)
        page.clock.fast_forward(61_000)
        expect(dialog).to_contain_text("Nobody has answered request")
        expect(dialog).not_to_contain_text("Done")
        expect(dialog.get_by_role("button")).to_have_text(["Close"])


def test_a_page_that_cannot_be_loaded_says_so(console: Page) -> None:
    console.goto("about:blank")
    script = "**/pages/stock.js"
    console.route(
        script, lambda route: route.fulfill(content_type="text/javascript", body="throw new Error('cut off')")
    )
    console.goto("/#/stock")
    expect(console.get_by_role("heading", name="The page cannot be loaded")).to_be_visible()
    expect(console.get_by_role("alert").filter(has_text="cut off")).to_be_visible()
    expect(console.locator("#place")).to_have_attribute("aria-busy", "false")
    console.unroute(script)
    console.reload()
    expect(console.get_by_role("heading", name="Stock")).to_be_visible()


def test_what_was_given_up_is_tried_again(console: Page, trouble: str) -> None:
    order = open_order(console, f"{trouble}-due")
    expect(order).to_contain_text("mailbox <b>unavailable</b>")
    order.get_by_role("button", name=f"Copy {trouble}-due", exact=True).first.click()
    expect(console.get_by_text(f"{trouble}-due is copied.")).to_be_visible()
    act(console, "Try again", "retry ordered")
    expect(order.get_by_role("button", name="Try again")).to_have_count(0)


def test_ten_thousand_orders_are_shown_page_by_page(browser: Browser, address: str, auth_host: str) -> None:
    project, now = a_project(), datetime.now(UTC)
    write_many_orders(project, 10_000, now)
    with a_visit(browser, address) as page, traffic_of(page) as traffic:
        look_at(page, address, project)
        sign_in(page, an_account(auth_host, "acting@example.com", admin=True))
        page.goto("/?elsewhere#/orders")
        orders = page.get_by_role("region", name="Orders").get_by_role("link", name="order-")
        expect(orders).to_have_count(25)
        seen = orders.all_inner_texts()
        page.get_by_role("link", name="Older").click()
        # Of the next page the first is known already, as what says that there is one.
        expect(orders.first).to_have_text(newest_first(26)[-1])
        expect(orders).to_have_count(25)
        seen += orders.all_inner_texts()
    assert seen == newest_first(50)
    assert traffic.without_limit == []
    assert traffic.documents <= 2 * DOCUMENTS_MAX


def test_stock_says_who_holds_it_and_what_moved_it_and_is_corrected_with_a_reason(
    console: Page, shop: RunningShop
) -> None:
    mug, order_id, ends = shop.seed_product("mug", stock=10), shop.id("holding"), datetime.now(UTC) + timedelta(days=1)
    shop.client.document(f"inventory/{mug}").update({"reserved": 3})
    # The one that has waited longest.
    order = an_order(status="reserved", createdAt=ends - timedelta(days=90), reservationExpiresAt=ends)
    shop.client.document(f"orders/{order_id}").set({**order, "items": [{"productId": mug, "quantity": 3}]})
    console.goto(f"/#/stock/{mug}")
    shelf, held = (console.get_by_role("region", name=name) for name in ("On the shelf", "Held by"))
    expect(shelf).to_contain_text(re.compile(r"On hand\s*10\s*Held\s*3\s*Available\s*7"))
    expect(held.get_by_role("row").filter(has=console.get_by_role("link", name=order_id))).to_contain_text("3")
    shelf.get_by_role("button", name="Adjust").click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("Units").fill("12")
    dialog.get_by_label("Reason").fill("Counted on Monday")
    dialog.get_by_role("button", name="See what would happen").click()
    expect(dialog).to_contain_text("This would end as: stock adjusted")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog).to_contain_text("Done: stock adjusted")
    dialog.get_by_role("button", name="Close").click()
    expect(shelf).to_contain_text(re.compile(r"On hand\s*12"))
    console.get_by_role("button", name="Draw").click()
    history = console.get_by_role("region", name="History")
    expect(history.get_by_role("img", name=f"{mug} on hand")).to_be_visible()
    moved = history.get_by_role("row").filter(has_text="Counted on Monday")
    expect(moved).to_contain_text("+2")
    expect(moved).to_contain_text("acting@example.com")
    assert barriers(console) == []


def test_events_that_wait_or_came_again_are_listed_and_what_is_settled_is_counted(
    console: Page, shop: RunningShop
) -> None:
    aside = {"eventType": "charge.succeeded", "processed": True, "result": "other_account", "account": "acct_1"}
    received = {"receivedAt": datetime.now(UTC), "deliveries": 1, "livemode": False, "orderId": None}
    shop.client.document(f"webhookEvents/evt_{shop.prefix}_aside").set({**aside, **received})
    # More often than any other in this database, which all tests of the deployed functions share.
    often = {**aside, **received, "result": "first_time_finalized", "deliveries": 1_000}
    shop.client.document(f"webhookEvents/evt_{shop.prefix}_again").set(often)
    # Longer than any other.
    waits = {"orderId": None, **a_parked_event(datetime.now(UTC) - timedelta(days=2))}
    shop.client.document(f"webhookEvents/evt_{shop.prefix}_parked").set(waits)
    console.goto("/#/events")
    for heading in ("Parked", "Set aside", "Delivered again"):
        expect(console.get_by_role("heading", name=re.compile(rf"^{heading} \([1-9]"))).to_be_visible()
    parked = console.get_by_role("region", name=re.compile("^Parked")).get_by_role("row")
    expect(parked.filter(has_text=f"evt_{shop.prefix}_parked")).to_contain_text("payment not found")
    again = console.get_by_role("region", name=re.compile("^Delivered again")).get_by_role("row")
    expect(again.filter(has_text=f"evt_{shop.prefix}_again")).to_contain_text("1000")
    expect(console.get_by_role("img", name="Deliveries, by the hour")).to_be_visible()
