"""What operators do in the console, on the deployed functions and their triggers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.running_shop import RunningShop
from tests.support.browser import a_served_console, barriers
from tests.support.builders import a_catalogue_entry, an_order
from tests.support.console import OPERATOR, a_mail_given_up, an_event_parked, open_order
from tests.support.emulated_shop import write_all
from tests.support.stripe_objects import a_payment_event


@pytest.fixture(scope="module")
def address(functions_host: str) -> Iterator[str]:
    with a_served_console() as address:
        yield address


def rehearse(console: Page, name: str, would: str, *, within: Locator | None = None, **choices: str) -> Locator:
    """Take the first step of an act, which opens the dialog with its preview."""
    (within or console).get_by_role("button", name=name, exact=True).first.click()
    dialog = console.get_by_role("dialog")
    for label, value in choices.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_label("Reason").fill("As agreed")
    dialog.get_by_role("button", name="See what would happen").click()
    expect(dialog).to_contain_text(f"This would end as: {would}")
    return dialog


def act(console: Page, name: str, would: str, *, within: Locator | None = None, **choices: str) -> None:
    dialog = rehearse(console, name, would, within=within, **choices)
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog).to_contain_text(f"Done: {would}")
    dialog.get_by_role("button", name="Close").click()


def test_an_order_is_rehearsed_confirmed_and_changed_before_the_operators_eyes_by_the_keyboard_alone(
    console: Page, shop: RunningShop
) -> None:
    shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("held", shirt=2)
    order = open_order(console, order_id)
    expect(order).to_contain_text("not paid yet")
    dialog = rehearse(console, "Cancel", "cancelled")
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_be_hidden()
    console.get_by_role("button", name="Release").focus()
    console.keyboard.press("Enter")
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
    assert (str(entry["operator"]).split()[0], entry["reason"]) == (OPERATOR, "The customer has called")


def test_an_order_is_held_longer_accepted_and_refunded_in_part(console: Page, shop: RunningShop) -> None:
    shop.client.document(f"products/{shop.id('pot')}").set(a_catalogue_entry(unitAmount=4_000))
    shop.seed_product("pot", stock=10)
    order_id = shop.place_order("acted-on", pot=1)
    order = open_order(console, order_id)
    expect(order).to_contain_text("not paid yet; €40.00 is asked")
    until = datetime.now(UTC) + timedelta(hours=5)
    act(console, "Hold longer", "hold extended", Until=f"{until:%Y-%m-%dT%H:%M}")
    expect(order).to_contain_text("held for another 4 h")
    # Somebody else is faster: the decision about an unpaid order does not apply to one that was paid a wrong amount.
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


def test_what_was_given_up_is_tried_again(console: Page, shop: RunningShop) -> None:
    order_id, path = shop.id("unheard"), f"effects/{shop.prefix}_mail_customer"
    mail = a_mail_given_up(order_id, shop.prefix, datetime.now(UTC))
    write_all(shop.client, {f"orders/{order_id}": an_order(status="expired"), path: mail})
    order = open_order(console, order_id)
    expect(order).to_contain_text("was given up")
    act(console, "Try again", "retry ordered")
    expect(order.get_by_role("button", name="Try again")).to_have_count(0)


def test_what_a_person_has_seen_to_is_marked_as_handled_and_in_no_list_any_more(
    console: Page, shop: RunningShop
) -> None:
    order_id, now = shop.id("seen-to"), datetime.now(UTC)
    mail, event, finding = (
        f"effects/{shop.prefix}_mail_customer",
        f"webhookEvents/evt_{shop.prefix}",
        shop.id("finding"),
    )
    found = {"rule": "amounts_differ", "found": "Stripe says otherwise", "target": order_id, "state": "open"}
    waiting = {
        mail: a_mail_given_up(order_id, shop.prefix, now),
        event: {**an_event_parked(now), "orderId": order_id},
        f"findings/{finding}": {**found, "orderId": order_id, "since": now},
    }
    write_all(shop.client, {f"orders/{order_id}": an_order(status="expired"), **waiting})
    order = open_order(console, order_id)
    to_do = order.get_by_role("region", name="Needs attention")
    for said in "was given up", "is parked":
        line = to_do.get_by_role("listitem").filter(has_text=said)
        act(console, "Mark as handled", "handled", within=line)
        expect(line).to_have_count(0)
    # It can be marked on the page that lists it.
    console.goto("/#/today?show=findings")
    row = console.get_by_role("row").filter(has_text=finding)
    act(console, "Mark as handled", "handled", within=row)
    expect(row).to_have_count(0)
    assert barriers(console) == []
    happened = open_order(console, order_id).get_by_role("region", name="What happened")
    expect(happened).to_contain_text("handled by a person after 7 attempts")
    expect(happened).to_contain_text("found by amounts_differ")
    expect(to_do).to_have_count(0)
    assert (shop.get(mail)["state"], str(shop.get(mail)["operator"]).split()[0]) == ("SUCCESS", OPERATOR)
    assert (shop.get(event)["result"], shop.get(f"findings/{finding}")["state"]) == ("handled", "handled")


def test_a_parked_event_is_settled_from_the_list_of_events(console: Page, shop: RunningShop) -> None:
    shop.seed_product("plate", stock=10)
    order_id = shop.place_order("refunded", plate=3)
    shop.await_status(order_id, "reserved")
    assert shop.deliver(a_payment_event(order_id, amount=3_600)) == (200, "first_time_finalized")
    (payment_id,) = cast("dict[str, object]", shop.get(f"orders/{order_id}")["payments"])
    now = datetime.now(UTC)
    refund = {"amount": 500, "status": "succeeded", "paymentId": payment_id}
    event = {"kind": "refund_updated", "createdAt": now, "paymentIntentId": payment_id, "refunds": {"re_9": refund}}
    # Sorts first, whatever other tests have parked.
    claim = {**an_event_parked(now - timedelta(days=30)), "orderId": None, "lastDeliveryAt": now}
    event_id = f"evt_{shop.prefix}_waits"
    kept = {**claim, "event": {**event, "amount": 500, "currency": "eur"}}
    shop.client.document(f"webhookEvents/{event_id}").set(kept)
    console.goto("/#/events")
    row = console.get_by_role("region", name=re.compile("^Parked")).get_by_role("row").filter(has_text=event_id)
    act(console, "Settle now", "partially refunded", within=row)
    expect(row).to_have_count(0)
    assert shop.get(f"orders/{order_id}")["status"] == "partially_refunded"
    entry = shop.get(f"auditLog/{event_id}")
    assert (str(entry["operator"]).split()[0], entry["reason"]) == (OPERATOR, "As agreed")


def test_stock_says_who_holds_it_and_what_moved_it_and_is_corrected_with_a_reason(
    console: Page, shop: RunningShop
) -> None:
    mug, order_id, ends = shop.seed_product("mug", stock=10), shop.id("holding"), datetime.now(UTC) + timedelta(days=1)
    shop.client.document(f"inventory/{mug}").update({"reserved": 3})
    # It has waited longest.
    order = an_order(status="reserved", createdAt=ends - timedelta(days=90), reservationExpiresAt=ends)
    shop.client.document(f"orders/{order_id}").set({**order, "items": [{"productId": mug, "quantity": 3}]})
    console.goto(f"/#/stock/{mug}")
    shelf, held = (console.get_by_role("region", name=name) for name in ("On the shelf", "Held by"))
    expect(shelf).to_contain_text(re.compile(r"On hand\s*10\s*Held\s*3\s*Available\s*7"))
    expect(held.get_by_role("row").filter(has=console.get_by_role("link", name=order_id))).to_contain_text("3")
    act(console, "Adjust", "stock adjusted", Units="12")
    expect(shelf).to_contain_text(re.compile(r"On hand\s*12"))
    console.get_by_role("button", name="Draw").click()
    history = console.get_by_role("region", name="History")
    expect(history.get_by_role("img", name=f"{mug} on hand")).to_be_visible()
    moved = history.get_by_role("row").filter(has_text="As agreed")
    expect(moved).to_contain_text("+2")
    expect(moved).to_contain_text(OPERATOR)
    assert barriers(console) == []
