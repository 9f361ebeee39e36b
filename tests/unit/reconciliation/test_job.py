"""One run settles lost webhooks in the order of events; a second one finds nothing left to do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orders.events import NotUnderstood
from reconciliation import matching, missing, on_record
from service.wiring import answering
from tests.support.builders import NOW, TERMS
from tests.support.operators import an_operators_request
from tests.support.reconciled_day import a_day_at, a_payment_of, lose, nothing, outcome_in
from tests.support.reconciling import (
    ShopAtStripe,
    a_shop_awaiting_slow_money,
    before_settling,
    opened_by,
    pay_slow_money,
)
from tests.support.settling import settling_on
from tests.support.shop import document_at, status_in
from webhooks.ownership import Naming
from webhooks.translation import order_event_from


def half(shop: ShopAtStripe) -> None:
    shop.deliver(shop.account.events[::2])


def backwards(shop: ShopAtStripe) -> None:
    shop.deliver(shop.account.events[-2:])


def parked_by_a_release_that_reads_nothing(shop: ShopAtStripe) -> None:
    for message in shop.account.events:
        event: Any = order_event_from(message, delivered_at=shop.now, naming=Naming())
        shop.settle(NotUnderstood(event.delivery, None, "amount_received must be an amount in minor units"))


def set_aside_by_a_setting(shop: ShopAtStripe) -> None:
    for message in shop.account.events:
        event = order_event_from(message, delivered_at=shop.now, naming=Naming())
        shop.settle(event, terms=replace(TERMS, expected_livemode=True))


@pytest.mark.parametrize("deliver", [nothing, parked_by_a_release_that_reads_nothing, set_aside_by_a_setting])
def test_after_one_run_all_is_as_if_every_webhook_had_come(deliver: Callable[[ShopAtStripe], object]) -> None:
    told, shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver), a_day_at(ShopAtStripe(), deliver)
    assert shop.documents() != told.documents()
    reconciled = shop.reconcile()
    assert without_notes(shop.documents()) == without_notes(told.documents())
    # It reports what it did.
    assert reconciled.settled == {
        "first_time_finalized": 2,
        "already_finalized": 4,
        "hold_extended": 3,
        "refund_recorded": 2,
        "partially_refunded": 1,
        "refunded": 1,
    }
    assert (reconciled.payments, reconciled.refunds, reconciled.orders, reconciled.products) == (3, 2, 1, 1)
    assert (reconciled.opened, reconciled.faults, reconciled.complete, reconciled.why_not) == ((), 0, True, None)
    assert reconciled.summary()["ordersPerSecond"] == round(1 / reconciled.seconds, 1) > 0


@pytest.mark.parametrize("deliver", [half, backwards])
def test_what_is_settled_late_and_out_of_order_ends_the_same(deliver: Callable[[ShopAtStripe], object]) -> None:
    told, shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver), a_day_at(ShopAtStripe(), deliver)
    assert outcome_in(shop) != outcome_in(told)
    shop.reconcile()
    assert outcome_in(shop) == outcome_in(told)


def without_notes(documents: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """A note says that an event was set aside before."""
    return {path: {**fields, "note": None} for path, fields in documents.items()}


def test_a_second_run_finds_nothing_left_to_do_and_writes_nothing_but_how_far_it_has_come() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.reconcile()
    before = shop.documents()
    shop.later(hours=1)
    again = shop.reconcile()
    assert (again.settled, again.opened, again.closed) == ({}, (), ())
    said = [(line["severity"], line["message"]) for line in shop.logged("reconciled")]
    assert said == [("WARNING", "reconciled with Stripe"), ("INFO", "reconciled with Stripe")]
    assert document_at(shop.store, "reconciliations/stripe")["eventsUntil"] == shop.now - timedelta(minutes=5)
    assert shop.documents() == before


def test_what_waits_is_counted_no_more_however_often_it_is_looked_at() -> None:
    shop = ShopAtStripe()
    shop.refund(shop.pay("order-1"))
    shop.store.put("payments/nobody", {"orderId": None, "waiting": []})
    shop.later(minutes=90)
    first = shop.reconcile()
    before = shop.store.dump()
    shop.later(minutes=30)
    again = shop.reconcile()
    assert (first.settled, first.waiting, again.settled) == ({}, first.events, {})
    claims = {path for path in before if path.startswith("webhookEvents/")}
    assert claims
    assert all(shop.store.dump()[path] == before[path] for path in claims)
    # It is not logged again.
    said = [line["eventId"] for line in shop.log.lines if "eventId" in line]
    assert sorted(said) == sorted(path.removeprefix("webhookEvents/") for path in claims)


def test_an_event_that_may_still_be_on_its_way_is_not_missing() -> None:
    shop = ShopAtStripe()
    shop.buy("order-1")
    shop.later(minutes=4)
    assert shop.reconcile().events == 0
    shop.later(minutes=2)
    assert shop.reconcile().settled["first_time_finalized"] == 1


def test_a_payment_that_is_older_than_what_stripe_keeps_is_found_and_no_event_is_asked_for_in_vain() -> None:
    shop = ShopAtStripe()
    payment_id = shop.buy("order-1")
    shop.later(days=31)
    assert shop.reconcile(NOW).opened[0].finding_id == f"paid_only_at_stripe_{payment_id}"


def test_what_is_missing_is_settled_in_the_order_in_which_it_happened() -> None:
    shop = ShopAtStripe()
    for order_id in ("order-1", "order-2"):
        shop.refund(shop.buy(order_id))
        shop.later(minutes=10)
    times = list[datetime]()
    before_settling(shop.job(), lambda event: times.append(event.delivery.created_at)).run()
    assert times == sorted(times)
    assert len(set(times)) == 2


def test_an_event_that_has_waited_for_its_order_is_settled_once_that_is_there() -> None:
    shop = ShopAtStripe()
    shop.pay("order-1")
    shop.later(minutes=30)
    assert (first := shop.reconcile()).waiting == first.events
    shop.order("order-1")
    shop.later(hours=1)
    assert shop.reconcile().settled["first_time_finalized"] == 1


def test_what_is_read_in_many_parts_is_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told, shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver), a_day_at(ShopAtStripe(), nothing)
    for module, at_once in (matching, "_AT_ONCE_MAX"), (on_record, "ORDERS_AT_ONCE_MAX"), (missing, "_AT_ONCE_MAX"):
        monkeypatch.setattr(module, at_once, 1)
    reconciled = shop.reconcile()
    assert shop.documents() == told.documents()
    assert (reconciled.payments, reconciled.refunds, reconciled.faults) == (3, 2, 0)
    shop.later(hours=3)
    kept = {f"payments/{each}": {"orderId": order_id} for order_id, each in payments_in(shop).items()}
    lose(shop, *kept)
    found = set(opened_by(shop.reconcile(NOW)))
    assert found == {f"payment_not_indexed_{order_id}" for order_id in payments_in(shop)}
    for path, fields in kept.items():
        shop.store.put(path, fields)
    mended = shop.reconcile()
    assert (set(mended.closed), mended.orders) == (found, 2)


def payments_in(shop: ShopAtStripe) -> dict[str, str]:
    return {order_id: a_payment_of(order_id, shop) for order_id in ("order-1", "order-2")}


def test_a_parked_event_that_a_person_has_handled_is_not_settled_by_itself() -> None:
    def a_shop_whose_order_came_late() -> ShopAtStripe:
        shop = ShopAtStripe()
        shop.buy("order-1")
        order = document_at(shop.store, "orders/order-1")
        lose(shop, "orders/order-1")
        shop.later(hours=2)
        shop.deliver()
        shop.store.put("orders/order-1", order)
        return shop

    left_alone, seen_to = a_shop_whose_order_came_late(), a_shop_whose_order_came_late()
    parked = [path for path, claim in seen_to.store.documents() if claim.get("processed") is False]
    for number, path in enumerate(parked):
        asked = an_operators_request("handle", target=path.partition("/")[2], of="event")
        seen_to.store.put(f"operatorRequests/{number}", asked)
        answering(seen_to.store, settling_on(seen_to.store), TERMS).answer(str(number), seen_to.now)
    assert parked
    for shop, status in ((left_alone, "finalized"), (seen_to, "reserved")):
        shop.reconcile()
        assert status_in(shop.store) == status
    assert "claim_without_entry" not in {each.partition("_evt")[0] for each in seen_to.open_findings()}


def test_a_run_on_a_computer_whose_clock_is_ahead_hides_nothing_from_the_next_one() -> None:
    shop = ShopAtStripe()
    shop.later(hours=3)
    replace(shop.job(), now=lambda: shop.now + timedelta(days=2)).run()
    shop.later(hours=3)
    shop.buy("order-1")
    shop.later(hours=3)
    reconciled = shop.reconcile()
    assert (reconciled.payments, reconciled.opened, status_in(shop.store)) == (1, (), "finalized")


def test_a_computer_whose_clock_is_behind_finds_nothing_wrong_that_has_just_been_paid() -> None:
    shop = a_shop_awaiting_slow_money()
    pay_slow_money(shop)
    shop.later(minutes=3)
    assert replace(shop.job(), now=lambda: shop.now - timedelta(hours=1)).run().opened == ()
    assert status_in(shop.store) == "finalized"
