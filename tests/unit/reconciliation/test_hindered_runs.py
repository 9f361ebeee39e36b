"""An event, order or payment that cannot be settled, read or compared stops no other, and is retried."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.outcome import StoreContended, StoreUnavailable
from reconciliation import missing
from reconciliation.job import Reconciliation
from reconciliation.reconciled import Reconciled
from stripe_api.api import StripeUnavailable
from stripe_api.lists import Listed, Span, Unreadable
from tests.support.builders import NOW
from tests.support.listed_account import ListedAccount
from tests.support.memory_store import MemoryMoment
from tests.support.reconciling import (
    FUNCTION_SECONDS_MAX,
    ShopAtStripe,
    a_shop_with_paid_orders,
    before_settling,
    opened_by,
    payments_of,
    progress_of,
    status_of,
)


def never_settled(job: Reconciliation, event_id: str) -> Reconciliation:
    """As if others kept changing its order."""

    def lose(event: Any) -> None:
        if event.event_id == event_id:
            raise StoreContended("ABORTED")

    return before_settling(job, lose)


class NeverRead:
    """A database in which one document cannot be read."""

    def __init__(self, whole: Any, path: str) -> None:
        self._whole = whole
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def read(self, paths: Sequence[str], **how: Any) -> Any:
        if self._path in paths:
            raise StoreUnavailable("DEADLINE_EXCEEDED")
        return self._whole.read(paths, **how)


def never_read(job: Reconciliation, event_id: str) -> Reconciliation:
    store: Any = NeverRead(job.store, f"auditLog/{event_id}")
    return replace(job, store=store)


@pytest.mark.parametrize("hinder", [never_settled, never_read])
def test_an_event_that_cannot_be_settled_holds_up_no_other_and_is_settled_once_it_can_be(
    hinder: Callable[[Reconciliation, str], Reconciliation],
) -> None:
    shop = ShopAtStripe()
    for order_id in ("order-1", "order-2", "order-3"):
        shop.buy(order_id)
        shop.later(minutes=1)
    stuck = next(event["id"] for event in shop.account.events if event["type"] == "checkout.session.completed")
    shop.later(hours=3)
    hindered = hinder(shop.job(), stuck)
    reconciled = hindered.run()
    assert sum(reconciled.settled.values()) == reconciled.events - 1
    assert (opened_by(reconciled), reconciled.stuck) == ([f"event_not_settled_{stuck}"], 1)
    assert progress_of(shop)["eventsUntil"] == shop.now - timedelta(minutes=5)
    # Retried however long ago it was; reported once.
    shop.later(days=2)
    again = hindered.run()
    assert (again.opened, again.stuck, status_of(hindered)) == ((), 1, 200)
    settled = shop.reconcile()
    assert (settled.closed, sum(settled.settled.values())) == ((f"event_not_settled_{stuck}",), 1)


def test_many_events_each_of_which_takes_all_patience_hold_up_no_other_for_longer_than_some_runs() -> None:
    shop = ShopAtStripe(stock=100)
    for number in range(9):
        shop.buy(f"order-{number}", quantity=1)
    *stuck, last = shop.account.events

    def lose(event: Any) -> None:
        if event.event_id in {each["id"] for each in stuck}:
            shop.clock.sleep(16)
            raise StoreContended("ABORTED")

    shop.later(hours=3)
    runs = list[Reconciled]()
    while shop.store.get(f"auditLog/{last['id']}") is None:
        started = shop.clock.seconds
        runs.append(before_settling(shop.job(), lose).run())
        assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
        shop.later(hours=1)
        assert len(runs) < 20, "the last event is never reached"
    assert len(runs) > 1
    assert runs[0].stuck == len(runs[0].opened) > 1


def test_an_event_that_stripe_does_not_keep_any_more_is_left_to_the_rules() -> None:
    shop = ShopAtStripe()
    payment_id = shop.buy("order-1")
    stuck = shop.account.events[-1]["id"]
    shop.later(hours=3)
    never_settled(shop.job(), stuck).run()
    shop.later(days=31)
    assert f"event_not_settled_{stuck}" in shop.reconcile().closed
    assert payments_of(shop) == {"order-1": payment_id}
    said = {"severity": "WARNING", "message": "Stripe no longer has it", "result": "event_gone"}
    assert shop.logged("event_gone") == [{**said, "eventId": stuck}]


def test_a_payment_whose_event_could_not_be_settled_is_found_with_that_event_of_so_many_as_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One payment has two ids: its own and its charge's.
    monkeypatch.setattr(missing, "ITEMS_MAX", 2)
    shop = ShopAtStripe()
    shop.order("order-1")
    remembered, forgotten, _ = (shop.pay(order_id) for order_id in ("gone", "gone-too", "order-1"))
    shop.later(hours=3)
    found = {finding.target: finding.remedy for finding in shop.reconcile().opened}
    event_id = shop.account.events[0]["id"]
    assert found == {remembered: f"./shop replay {event_id}", forgotten: f"./shop why {forgotten}"}


def test_without_a_key_an_order_that_cannot_be_read_is_read_once_it_can_be() -> None:
    shop = a_shop_with_paid_orders()
    shop.later(hours=3)
    unread = replace(with_unread_order(shop, "order-0", "order-1"), stripe=None).run()
    assert (opened_by(unread), unread.stuck) == (["not_compared_order-0", "not_compared_order-1"], 2)
    named = [(line["orderId"], line["target"]) for line in shop.logged("not_compared")]
    assert named == [("order-0", "order-0"), ("order-1", "order-1")]
    shop.later(hours=1)
    assert set(replace(shop.job(), stripe=None).run().closed) == {"not_compared_order-0", "not_compared_order-1"}


class UnreadMoment(MemoryMoment):
    unread: set[str]

    def read(self, paths: Sequence[str]) -> Any:
        if not self.unread.isdisjoint(paths):
            raise StoreUnavailable("DEADLINE_EXCEEDED")
        return super().read(paths)


def with_unread_order(shop: ShopAtStripe, *order_ids: str) -> Reconciliation:
    def moment() -> UnreadMoment:
        read = UnreadMoment(shop.store.as_of(shop.now).documents(), shop.now)
        read.unread = {f"orders/{order_id}" for order_id in order_ids or ["order-1"]}
        return read

    return replace(shop.job(), moment=moment)


def with_unanswered_payment(shop: ShopAtStripe) -> Reconciliation:
    """Stripe lists it, but does not answer for its refunds."""
    lists, payment_id = shop.stripe, payments_of(shop)["order-1"]

    class Unanswering:
        def __getattr__(self, name: str) -> Any:
            return getattr(lists, name)

        def refunds_of(self, asked: str, **how: Any) -> Any:
            if asked == payment_id:
                raise StripeUnavailable("Stripe answers 500")
            return lists.refunds_of(asked, **how)

    unanswering: Any = Unanswering()
    return replace(shop.job(), stripe=lambda: unanswering)


@pytest.mark.parametrize("hindered", [with_unread_order, with_unanswered_payment])
def test_an_order_that_cannot_be_compared_holds_up_no_other_and_is_compared_once_it_can_be(
    hindered: Callable[[ShopAtStripe], Reconciliation],
) -> None:
    shop = a_shop_with_paid_orders()
    for payment_id in payments_of(shop).values():
        shop.refund(payment_id, 100)
    shop.deliver()
    wrong = payments_of(shop)["order-2"]
    shop.account.intents[wrong]["amount_received"] -= 1
    shop.later(hours=3)
    reconciled = hindered(shop).run()
    assert {(each.rule, each.order_id) for each in reconciled.opened} == {
        *(("not_compared", "order-1"), ("amounts_differ", "order-2"))
    }
    assert progress_of(shop)["matchedUntil"] >= shop.now - timedelta(minutes=71)
    shop.later(days=1)
    never_found = hindered(shop).run()
    assert (never_found.opened, never_found.closed) == ((), ())
    assert {line["orderId"] for line in shop.logged("not_compared")} == {"order-1"}
    shop.account.intents[payments_of(shop)["order-1"]]["amount_received"] -= 1
    compared = shop.reconcile()
    assert {finding.order_id for finding in compared.opened} == {"order-1"}
    assert {finding_id.partition("_")[0] for finding_id in compared.closed} == {"not"}
    assert [each for each in shop.open_findings() if each.startswith("not_compared")] == []


def test_a_payment_that_cannot_be_read_holds_up_no_other_and_is_compared_once_it_can_be() -> None:
    shop = a_shop_with_paid_orders()
    first, second = (payments_of(shop)[f"order-{number}"] for number in (1, 2))
    shop.account.intents[second]["amount_received"] -= 1
    currency = shop.account.intents[first].pop("currency")
    # Nothing leads from an unnamed payment to an order.
    nobodys = {**shop.account.intents[second], "id": "pi_nobodys", "metadata": {}, "currency": None}
    shop.account.intents["pi_nobodys"] = nobodys
    shop.later(hours=3)
    reconciled = shop.reconcile()
    assert {(each.rule, each.target) for each in reconciled.opened} == {
        *(("not_compared", target) for target in (first, "order-1", "pi_nobodys")),
        ("amounts_differ", second),
    }
    assert progress_of(shop)["matchedUntil"] >= shop.now - timedelta(minutes=71)
    shop.later(hours=1)
    again = shop.reconcile()
    assert (again.opened, again.closed) == ((), ())
    for payment_id in (first, "pi_nobodys"):
        shop.account.intents[payment_id]["currency"] = currency
    # Its refunds are compared as well.
    shop.refund(first, 100)
    shop.account.events.clear()
    compared = shop.reconcile()
    assert set(compared.closed) == {f"not_compared_{target}" for target in (first, "order-1", "pi_nobodys")}
    assert opened_by(compared) == [f"refunds_differ_{first}"]


class Garbled(ListedAccount):
    """No payment in its lists can be read."""

    def payment_intents(self, span: Span, *, after: str | None = None) -> Any:
        read = super().payment_intents(span, after=after)
        items: Any = read.items
        return Listed([Unreadable(each.payment_id, each.payment_id, each.created_at) for each in items], read.has_more)


def test_what_cannot_be_read_in_a_list_is_asked_for_by_itself_whatever_is_left_for_later() -> None:
    shop = a_shop_with_paid_orders()
    paid = {payment_id: order_id for order_id, payment_id in payments_of(shop).items()}
    _, left, _ = paid
    finding = {"rule": "not_compared", "target": left, "orderId": None, "since": NOW, "state": "open"}
    shop.store.put(f"findings/not_compared_{left}", finding)
    for order_id in paid.values():
        shop.forget_payment(order_id)
    shop.lose_events()
    shop.stripe = Garbled(shop.account)
    opened = shop.reconcile().opened
    assert {each.target: each.order_id for each in opened if each.rule == "paid_only_at_stripe"} == paid
    assert "not_compared" not in {each.rule for each in opened}
