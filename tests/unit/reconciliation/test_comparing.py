"""Which payments and refunds are compared, by how few requests, and what changes meanwhile."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.store import Listing
from reconciliation.job import Reconciliation
from stripe_api.lists import Listed, Span
from tests.support.builders import NOW, TERMS
from tests.support.listed_account import ListedAccount
from tests.support.memory_store import MemoryMoment
from tests.support.reconciled_day import a_day_at, a_payment_of, a_reconciled_shop, lose, refund_more
from tests.support.reconciling import ShopAtStripe, a_shop_awaiting_slow_money, broken, opened_by, pay_slow_money
from tests.support.shop import document_at, status_in
from webhooks.ownership import Naming


@pytest.mark.parametrize("known_by", ["both", "its event", "the charge's"])
def test_a_refund_is_missed_on_either_side(known_by: str) -> None:
    shop = a_reconciled_shop()
    if known_by == "its event":
        payments: Any = document_at(shop.store, "orders/order-1")["payments"]
        without = {payment_id: {**payment, "amountRefunded": 0} for payment_id, payment in payments.items()}
        broken(shop.store, "orders/order-1", payments=without)
    elif known_by == "the charge's":
        broken(shop.store, "orders/order-1", refunds={})
    unheard = shop.buy("order-5", quantity=1)
    shop.deliver()
    shop.refund(unheard)
    shop.account.events.clear()
    forgotten = a_payment_of("order-1", shop)
    made = shop.account.refunds
    shop.account.refunds = {key: each for key, each in made.items() if each["payment_intent"] != forgotten}
    shop.later(hours=3)
    assert opened_by(shop.reconcile(NOW)) == sorted(f"refunds_differ_{each}" for each in (unheard, forgotten))


def test_a_payment_of_another_shop_is_none_of_ours() -> None:
    shop = ShopAtStripe()
    payment_id = shop.pay("theirs")
    shop.account.intents[payment_id]["metadata"]["shop"] = "theirs"
    shop.lose_events()
    assert replace(shop.job(), naming=Naming(shop_id="ours")).run().opened == ()
    assert [finding.rule for finding in shop.reconcile(NOW).opened] == ["paid_only_at_stripe"]


def test_refunds_of_a_payment_for_no_order_keep_no_others_from_being_compared() -> None:
    shop = ShopAtStripe()
    shop.refund(shop.pay("nobodys"), 100)
    for order_id in ("order-1", "order-2"):
        shop.refund(shop.sell(order_id), 100)
    shop.later(hours=3)
    assert shop.reconcile().refunds == 2


def test_a_payment_to_a_connected_account_is_not_asked_of_our_own() -> None:
    shop = ShopAtStripe(terms=replace(TERMS, accounts=frozenset({"acct_9"})))
    for order_id, account in (("order-1", {"account": "acct_9"}), ("order-2", {})):
        shop.refund(shop.buy(order_id), 500)
        shop.deliver([{**message, **account} for message in shop.account.events])
        # As if all belonged to another account.
        for known in (shop.account.intents, shop.account.refunds, shop.account.events):
            known.clear()
    shop.later(hours=3)
    (found,) = shop.reconcile().opened
    assert (found.rule, found.order_id) == ("paid_only_here", "order-2")
    # Stripe refuses to list refunds of an unknown payment.
    assert "refunds_of" not in shop.stripe.asked


def test_a_payment_that_is_settled_while_it_is_compared_is_not_found_wrong() -> None:
    shop = a_shop_awaiting_slow_money()
    shop.stripe.before_answering = lambda what: pay_slow_money(shop) if what == "payment_intents" else None
    reconciled = shop.reconcile()
    assert (reconciled.opened, shop.open_findings()) == ((), [])
    assert status_in(shop.store) == "finalized"


def test_a_payment_that_has_come_just_before_and_whose_event_may_be_on_its_way_is_not_found_wrong() -> None:
    shop = a_shop_awaiting_slow_money()
    pay_slow_money(shop)
    shop.later(minutes=3)
    assert (shop.reconcile().opened, status_in(shop.store)) == ((), "finalized")


def test_a_payment_that_comes_while_a_finding_is_looked_at_again_is_settled_first() -> None:
    shop = a_shop_awaiting_slow_money()
    (payment_id,) = shop.account.intents
    known = {"rule": "paid_only_here", "target": payment_id, "orderId": "order-1", "since": NOW, "state": "open"}
    shop.store.put(f"findings/paid_only_here_{payment_id}", known)
    shop.stripe.before_answering = lambda what: pay_slow_money(shop) if what == "payment_intent" else None
    assert shop.reconcile(shop.now).opened == ()
    assert (shop.open_findings(), status_in(shop.store)) == ([], "finalized")


def test_what_has_happened_since_a_run_began_is_looked_for_from_where_it_was_looked_for_last() -> None:
    spans, minute = list[Span](), timedelta(minutes=1)

    class Watched(ListedAccount):
        def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Listed[Mapping[str, object]]:
            spans.append(span)
            return super().events(types, span, after=after)

    shop = ShopAtStripe()
    for order_id in ("order-1", "order-2"):
        shop.sell(order_id)
        shop.forget_payment(order_id)
    shop.lose_events()
    shop.stripe, begun = Watched(shop.account), shop.now
    shop.stripe.before_answering = lambda what: shop.later(minutes=10) if what == "payment_intent" else None
    shop.reconcile()
    looked = [((span.start - begun) / minute, (span.end - begun) // minute) for span in spans[::2] if span.end > begun]
    assert looked == [(-5, 10), (9, 20), (19, 20), (19, 30)]


def test_an_order_whose_refunds_change_while_they_are_compared_is_left_alone() -> None:
    shop = a_reconciled_shop()
    refund_more(shop)
    kept = document_at(shop.store, "orders/order-1")["refunds"]

    def change(what: str) -> None:
        if what == "refunds_of":
            broken(shop.store, "orders/order-1", refunds=kept if shop.stripe.asked.count(what) % 2 else {})

    broken(shop.store, "orders/order-1", refunds={})
    shop.stripe.before_answering = change
    shop.later(hours=3)
    assert shop.reconcile(NOW).opened == ()


def test_an_order_that_has_just_changed_is_left_for_the_next_run() -> None:
    shop = a_reconciled_shop()
    lose(shop, f"payments/{a_payment_of('order-1', shop)}")
    broken(shop.store, "orders/order-1", updatedAt=shop.now - timedelta(minutes=9))
    assert shop.reconcile(NOW).opened == ()
    shop.later(minutes=1)
    assert opened_by(shop.reconcile(NOW)) == ["payment_not_indexed_order-1"]


def read_at_once(shop: ShopAtStripe) -> Reconciliation:
    """The job, with a database that answers in few large parts."""
    whole = MemoryMoment(shop.store.as_of(shop.now).documents(), shop.now, 200)
    return replace(shop.job(), moment=lambda: whole)


def test_where_all_agrees_stripe_is_asked_for_lists_and_for_the_refunds_of_refunded_orders_once_each() -> None:
    shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    assert read_at_once(shop).run(NOW).opened == ()
    asked = Counter(shop.stripe.asked)
    # One payment shows which account the key belongs to.
    assert (asked["payment_intent"], asked["refunds_of"], asked["event"]) == (1, 2, 0)


def test_refunds_that_are_known_to_differ_are_asked_for_by_their_finding_alone() -> None:
    shop = a_reconciled_shop()
    refund_more(shop)
    assert [finding.rule for finding in shop.reconcile(NOW).opened] == ["refunds_differ"]
    shop.stripe.asked.clear()
    assert read_at_once(shop).run(NOW).opened == ()
    # For the other refunded order, and for the finding before and after its events were fetched.
    assert shop.stripe.asked.count("refunds_of") == 1 + 2


def test_each_payment_of_an_order_is_compared_whatever_there_is_about_those_before_it() -> None:
    shop = ShopAtStripe(terms=replace(TERMS, accounts=frozenset({"acct_9"})))
    shop.order("order-1")
    paid = []
    for change in ({"payment_intent": None}, {}, {}, {}):
        before = len(shop.account.events)
        paid.append(shop.pay("order-1"))
        told = [{**event, "data": {"object": {**event["data"]["object"], **change}}} for event in shop.account.events]
        account = {"account": "acct_9"} if len(paid) == 2 else {}
        shop.deliver([{**each, **account} for each in told[before:] if each["type"] == "charge.succeeded"])
        shop.later(minutes=1)
    _, elsewhere, unknown, differing = paid
    for payment_id in (paid[0], elsewhere):
        del shop.account.intents[payment_id]
    shop.lose_events()
    assert shop.reconcile().opened == ()
    shop.later(days=1)
    del shop.account.intents[unknown]
    shop.account.intents[differing]["amount_received"] -= 1
    shop.refund(differing, 100)
    shop.deliver()
    shop.later(hours=3)
    expected = {f"paid_only_here_{unknown}", f"amounts_differ_{differing}"}
    assert set(opened_by(shop.reconcile())) == expected


class WatchedMoment(MemoryMoment):
    asked: list[Listing]

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Mapping[str, object]]]]:
        self.asked.append(listing)
        return super().find(listing)


@pytest.mark.parametrize(("at_once", "times_asked"), [(200, 0), (9, 2), (2, 11)])
def test_entries_of_an_order_are_asked_for_only_if_not_all_were_read_just_before(
    at_once: int, times_asked: int
) -> None:
    shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    moment = WatchedMoment(shop.store.as_of(shop.now).documents(), shop.now, at_once)
    moment.asked = []
    assert replace(shop.job(), moment=lambda: moment).run(NOW).opened == ()
    asked = [order_id for listing in moment.asked for order_id in listing.one_of.get("orderId", ())]
    assert len(asked) == times_asked
