"""What waits for a payment of another shop on the same Stripe account is set aside, and nothing else is."""

from dataclasses import replace

import pytest

from orders.events import Cause
from orders.operator_events import MarkedAsHandled
from orders.outcome import Outcome, Result, StoreContended
from reconciliation.reconciled import AtStripe
from tests.support.reconciling import ShopAtStripe, before_settling
from tests.support.refunds import an_updated_refund
from tests.support.shop import document_at
from webhooks.ownership import Naming

OURS = Naming(shop_id="ours")


def a_refund_of(shop_id: str | None, *, naming: Naming = OURS) -> tuple[ShopAtStripe, list[str]]:
    """An hour ago something was refunded that a shop of this id has sold. Its events are parked here, by these ids."""
    shop = ShopAtStripe(naming=naming)
    payment_id = shop.pay("order-9")
    if shop_id:
        for named in (shop.account.intents[payment_id], *(event["data"]["object"] for event in shop.account.events)):
            named["metadata"] = {**named["metadata"], "shop": shop_id}
    reported = len(shop.account.events)
    shop.refund(payment_id)
    of_refund = [event for event in shop.account.events[reported:] if event["type"].startswith("refund.")]
    shop.deliver(of_refund)
    shop.later(hours=1)
    # Nothing else of it is to be settled here.
    shop.account.events.clear()
    return shop, [str(event["id"]) for event in of_refund]


def waiting_in(shop: ShopAtStripe) -> list[str]:
    claims = ((path, fields) for path, fields in shop.store.dump().items() if path.startswith("webhookEvents/"))
    return [path.removeprefix("webhookEvents/") for path, fields in claims if not fields["processed"]]


def asked_by_a_run_of(shop: ShopAtStripe) -> int:
    """How many payments Stripe is asked for, which the rules do, too."""
    before = len(shop.stripe.asked)
    shop.reconcile()
    return shop.stripe.asked[before:].count("payment_intent")


def test_it_is_handled_and_the_trail_says_why() -> None:
    shop, events = a_refund_of("theirs")
    assert waiting_in(shop) == events
    assert shop.reconcile().at_stripe is AtStripe.ASKED
    assert waiting_in(shop) == []
    (payment_id,) = shop.account.intents
    why = f"{payment_id} is a payment of another shop: theirs"
    for event_id in events:
        for path in f"auditLog/{event_id}", f"auditLog/operator_other_shop_{event_id}":
            entry = document_at(shop.store, path)
            assert (entry["operator"], entry["reason"], entry["result"]) == ("reconciliation", why, "handled")
        assert document_at(shop.store, f"operatorRequests/other_shop_{event_id}")["result"] == "handled"
    lines = [{"severity": "INFO", "message": why, "eventId": event_id, "result": "handled"} for event_id in events]
    assert shop.logged("handled") == lines
    asked = len(shop.stripe.asked)
    shop.reconcile()
    assert "payment_intent" not in shop.stripe.asked[asked:]


@pytest.mark.parametrize("shop_id", [None, "ours"], ids=["no shop named", "our shop"])
def test_what_may_be_ours_waits_for_a_person_and_is_asked_about_for_some_days(shop_id: str | None) -> None:
    shop, events = a_refund_of(shop_id)
    without, _ = a_refund_of(shop_id)
    for event_id in events:
        without.store.delete(f"webhookEvents/{event_id}")
    assert asked_by_a_run_of(shop) - asked_by_a_run_of(without) == len(events)
    assert waiting_in(shop) == events
    shop.later(days=3)
    without.later(days=3)
    assert asked_by_a_run_of(shop) == asked_by_a_run_of(without)
    assert waiting_in(shop) == events


def test_where_the_account_serves_one_shop_nobody_is_asked() -> None:
    shop, events = a_refund_of("theirs", naming=Naming())
    shop.reconcile()
    assert (waiting_in(shop), "payment_intent" in shop.stripe.asked) == (events, False)


def test_what_stripe_does_not_know_or_names_no_intent_waits() -> None:
    shop, events = a_refund_of("theirs")
    shop.account.intents.clear()
    by_charge = replace(an_updated_refund("evt_charge"), payment_intent_id=None)
    shop.settle(replace(by_charge, delivery=replace(by_charge.delivery, delivered_at=shop.now)))
    shop.reconcile()
    assert set(waiting_in(shop)) == {*events, "evt_charge"}


def test_an_event_that_cannot_be_handled_is_named_in_the_log_and_holds_up_no_other() -> None:
    shop, events = a_refund_of("theirs")

    def refuse_the_first(event: Cause) -> None:
        if isinstance(event, MarkedAsHandled) and event.target_id == events[0]:
            raise StoreContended("busy")

    before_settling(shop.job(), refuse_the_first).run()
    assert waiting_in(shop) == events[:1]
    busy = {"severity": "WARNING", "message": "StoreContended: busy", "eventId": events[0], "result": "not_compared"}
    assert shop.logged("not_compared") == [busy]


def test_what_an_earlier_run_has_asked_for_and_nobody_has_answered_is_answered() -> None:
    shop, events = a_refund_of("theirs")
    without_answers = replace(shop.job(), settle=lambda event, _now: Outcome(Result.IGNORED, event.order_id))
    without_answers.run()
    assert waiting_in(shop) == events
    shop.reconcile()
    assert waiting_in(shop) == []
    requests = [path for path in shop.store.dump() if path.startswith("operatorRequests/")]
    assert requests == [f"operatorRequests/other_shop_{event_id}" for event_id in events]
