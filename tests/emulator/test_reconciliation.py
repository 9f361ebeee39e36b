"""Reconciliation on Firestore: what webhooks have lost is settled there, and what disagrees is found there."""

from dataclasses import replace

from google.cloud import firestore

from tests.support.emulated_shop import order_in, service_in, write_all
from tests.support.reconciling import ShopAtStripe


def test_a_day_without_webhooks_is_made_up_for_and_a_wrong_figure_is_found(firestore_client: firestore.Client) -> None:
    shop = ShopAtStripe()
    shop.order("order-1")
    write_all(firestore_client, shop.store.dump())
    payment_id = shop.pay("order-1")
    shop.refund(payment_id, 600)
    shop.later(days=1)
    here = service_in(firestore_client).reconciliation()
    job = replace(here, stripe=lambda: shop.stripe, now=lambda: shop.now, sleep=lambda _: None)

    settled = job.run()
    order = order_in(firestore_client, "order-1")
    assert (order["status"], order["amountRefunded"]) == ("partially_refunded", 600)
    assert (sum(settled.settled.values()), settled.opened) == (5, ())

    firestore_client.document("inventory/shirt").update({"reserved": firestore.Increment(2)})
    shop.later(hours=1)
    (found,) = job.run().opened
    assert found.words == "2 of shirt are reserved, and orders hold 0"
    firestore_client.document("inventory/shirt").update({"reserved": firestore.Increment(-2)})
    assert job.run().closed == ("reserved_not_held_shirt",)
    assert job.run().settled == {}
