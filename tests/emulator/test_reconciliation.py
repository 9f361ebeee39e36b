"""Reconciliation on Firestore, with Stripe's own library: it settles lost webhooks and finds disagreements."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from google.cloud import firestore

from reconciliation.job import Reconciliation
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.emulator.asking_shop import a_shop_that_asks_stripe
from tests.support.dated_moment import DatedMoment


def at_time(moment: datetime, job: Reconciliation) -> Reconciliation:
    """The same job at this time, also by the database's clock."""
    return replace(job, now=lambda: moment, moment=lambda: DatedMoment(job.moment(), moment), sleep=lambda _: None)


def test_a_day_without_webhooks_is_made_up_for_and_a_wrong_figure_is_found(firestore_client: firestore.Client) -> None:
    with a_shop_that_asks_stripe(firestore_client) as shop:
        shop.call()
        payment_id = shop.stripe.complete(shop.checkout["sessionId"])["payment_intent"]
        stripe = StripeClient(stripe_key_from(EMULATORS_KEY), shop.stripe.origin)
        stripe.create_refund({"payment_intent": payment_id, "amount": 600}, key="refund")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        job = at_time(tomorrow, shop.service.reconciliation())

        settled = job.run()
        assert (shop.order["status"], shop.order["amountRefunded"]) == ("partially_refunded", 600)
        assert (sum(settled.settled.values()), settled.opened) == (5, ())

        inventory = firestore_client.document("inventory/shirt")
        inventory.update({"reserved": firestore.Increment(2)})
        later = at_time(tomorrow + timedelta(hours=1), job)
        (found,) = later.run().opened
        assert found.words == "2 of shirt are reserved, but orders hold 0"
        inventory.update({"reserved": firestore.Increment(-2)})
        assert later.run().closed == ("reserved_not_held_shirt",)
        assert later.run().settled == {}


def test_what_waits_for_a_payment_of_another_shop_is_set_aside(firestore_client: firestore.Client) -> None:
    with a_shop_that_asks_stripe(firestore_client, SHOP_ID="ours") as shop:
        shop.call()
        payment_id = shop.stripe.complete(shop.checkout["sessionId"])["payment_intent"]
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        ours = at_time(tomorrow, shop.service.reconciliation())
        assert ours.run().settled
        kept = {"kind": "refund_updated", "paymentIntentId": payment_id}
        parked = {"processed": False, "parkedAt": tomorrow - timedelta(hours=1), "result": "payment_not_found"}
        claim = firestore_client.document("webhookEvents/evt_refund")
        claim.set({**parked, "eventType": "refund.created", "event": kept})
        ours.run()
        assert claim.get().get("processed") is False

        theirs = replace(ours, naming=ours.naming._replace(shop_id="theirs"))
        theirs.run()
        assert claim.get().get("result") == "handled"
