"""The operators' commands on Firestore: they do what they show, and find all orders of a status."""

import re
from dataclasses import replace
from datetime import timedelta

from click.testing import Result

from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, SOLD, Shop, operated
from tests.support.builders import NOW
from tests.support.operating import YES


def ran(shop: Shop, *words: str) -> Result:
    return operated(shop.client, *words, clock=lambda _: NOW)


def test_all_orders_of_a_status_are_released_and_then_accepted_after_all(shop: Shop) -> None:
    for words, status, stock in (
        (("release", "--all", "--status", "reserved"), "expired", ON_THE_SHELF),
        (("accept", "--all", "--status", "expired"), "finalized", SOLD),
    ):
        before = (shop.order, shop.stock)
        shown = ran(shop, *words)
        assert ((shop.order, shop.stock), shown.exit_code, "1 order, 3600 eur" in shown.stdout) == (before, 0, True)
        found = re.search(r"--count \d+ --set \w+", shown.stdout)
        assert found
        done = ran(shop, *words, *YES, *found[0].split())
        assert (done.exit_code, shop.order["status"], shop.stock) == (0, status, stock), done.output


def a_shop_with_parked(shop: Shop) -> Shop:
    """The payment arrived before its order, which exists by now."""
    order = shop.order
    shop.client.document("orders/order-1").delete()
    waits_for_none = replace(shop, terms=replace(shop.terms, order_wait=timedelta(0)))
    assert waits_for_none.report(PAID) == "order_not_found"
    shop.write("orders/order-1", order)
    return shop


def test_a_parked_event_is_settled_by_a_request_once_and_both_are_one_commit(shop: Shop) -> None:
    a_shop_with_parked(shop)
    assert shop.ask("replay", target="evt_1", rehearse=True) == "first_time_finalized"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.ask("replay", target="evt_1") == "first_time_finalized"
    assert (shop.order["status"], shop.stock) == ("finalized", SOLD)
    entry = shop.client.document("auditLog/evt_1").get()
    request = shop.client.document("operatorRequests/replay-1").get()
    assert entry.update_time == request.update_time
    assert shop.read("auditLog/evt_1")["operator"] == shop.read("operatorRequests/replay-1")["operator"]
    assert shop.ask("replay", target="evt_1") == "not_replayed"


def test_what_is_marked_as_handled_is_in_no_list_and_can_be_replayed_all_the_same(shop: Shop) -> None:
    a_shop_with_parked(shop)
    assert "./shop why evt_1" in ran(shop, "status").stdout
    assert ran(shop, "handle", "evt_1", *YES).exit_code == 0
    assert "./shop why evt_1" not in ran(shop, "status").stdout
    assert "handled" in ran(shop, "why", "evt_1").stdout
    assert (shop.report(PAID), shop.order["status"], shop.stock) == ("duplicate_detected", "reserved", HELD)
    assert ran(shop, "replay", "evt_1", *YES).exit_code == 0
    assert (shop.order["status"], shop.stock) == ("finalized", SOLD)
