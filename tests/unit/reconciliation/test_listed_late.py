"""What Stripe lists only hours or days after it happened is settled all the same."""

from tests.support.reconciling import (
    ShopAtStripe,
    a_shop_awaiting_slow_money,
    a_shop_with_paid_orders,
    order_ids,
    pay_slow_money,
    payments_of,
)
from tests.support.shop import status_in


def test_what_disagrees_because_its_events_are_listed_hours_late_is_settled_once_they_are() -> None:
    shop = a_shop_with_paid_orders(1)
    payment_id = shop.buy("order-9")
    shop.later(hours=4)
    shop.refund(payments_of(shop)["order-0"])
    late, shop.account.events = shop.account.events, []
    shop.later(hours=5)
    found = shop.reconcile()
    assert {finding.rule for finding in found.opened} == {"paid_only_at_stripe", "refunds_differ"}
    shop.later(hours=4)
    shop.account.events = late
    settled = shop.reconcile()
    assert set(settled.closed) == {finding.finding_id for finding in found.opened}
    assert (status_in(shop.store, "order-9"), status_in(shop.store, "order-0")) == ("finalized", "refunded")
    assert payments_of(shop)["order-9"] == payment_id


def test_a_run_reads_the_same_hours_once_for_many_missed_events() -> None:
    shop = ShopAtStripe(stock=100)
    for order_id in order_ids(9):
        shop.sell(order_id)
        shop.later(minutes=1)
        shop.forget_payment(order_id)
    shop.account.events.clear()
    shop.later(hours=5)
    shop.reconcile()
    shop.stripe.asked.clear()
    shop.later(minutes=5)
    assert len(shop.reconcile().opened) == 0
    # New events, events settled some days ago, and those hours: two lists each.
    assert shop.stripe.asked.count("events") == 2 * 3
    # Each payment, the first again after that hour, and one to check the key's account.
    assert shop.stripe.asked.count("payment_intent") == 9 + 1 + 1


def test_an_event_that_is_listed_days_late_is_settled_also_where_nothing_disagrees_by_then() -> None:
    shop = a_shop_awaiting_slow_money()
    shop.reconcile()
    shop.later(hours=20)
    known = list(shop.account.events)
    pay_slow_money(shop)
    late, shop.account.events = shop.account.events, known
    for _ in range(3):
        shop.later(hours=23)
        assert shop.reconcile().settled == {}
    shop.account.events = late
    shop.later(hours=4)
    assert shop.reconcile().settled["first_time_finalized"] == 1
    assert status_in(shop.store) == "finalized"
