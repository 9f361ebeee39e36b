"""If Stripe or a part of the database fails, a run does all the rest, reports it, and skips nothing later."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.store import Listing
from orders.outcome import StoreUnavailable
from reconciliation.reconciled import AtStripe
from stripe_api.api import StripeRefused, StripeUnavailable
from tests.support.memory_store import MemoryMoment
from tests.support.reconciling import (
    FUNCTION_SECONDS_MAX,
    ShopAtStripe,
    a_shop_with_paid_orders,
    broken,
    opened_by,
    payments_of,
    progress_of,
    status_of,
)


def unavailable(_what: str) -> None:
    raise StripeUnavailable("Stripe does not answer")


def refusing(_what: str) -> None:
    raise StripeRefused("The key may not list events.", "permission_error")


def test_stripe_that_stops_to_answer_makes_no_finding_of_each_payment() -> None:
    shop = a_shop_with_paid_orders()
    for payment_id in payments_of(shop).values():
        shop.refund(payment_id, 100)
    shop.deliver()
    shop.later(hours=3)

    def stop(what: str) -> None:
        if shop.stripe.asked.count("refunds_of") > 2:
            raise StripeUnavailable(what)

    shop.stripe.before_answering = stop
    reconciled = shop.reconcile()
    assert (reconciled.at_stripe, reconciled.opened, reconciled.stuck) == (AtStripe.UNAVAILABLE, (), 0)
    assert progress_of(shop)["matchedUntil"] < progress_of(shop)["recordsUntil"] == shop.now - timedelta(minutes=70)
    shop.stripe.before_answering = lambda _: None
    assert (shop.reconcile().orders > 2, shop.open_findings()) == (True, [])


@pytest.mark.parametrize(
    ("answer", "at_stripe", "status", "said"),
    [
        (unavailable, AtStripe.UNAVAILABLE, 503, "WARNING StripeUnavailable: Stripe does not answer"),
        (refusing, AtStripe.REFUSED, 500, "ERROR StripeRefused: permission_error: The key may not list events."),
        (None, AtStripe.NO_KEY, 200, "INFO there is no key for asking Stripe"),
    ],
)
def test_what_the_database_alone_shows_is_judged_also_where_stripe_cannot_be_asked(
    answer: Callable[[str], None] | None, at_stripe: AtStripe, status: int, said: str
) -> None:
    shop = a_shop_with_paid_orders()
    payment_id = payments_of(shop)["order-1"]
    shop.store.delete(f"payments/{payment_id}")
    broken(shop.store, "inventory/shirt", reserved=9)
    shop.account.intents[payment_id]["amount_received"] -= 1
    shop.later(hours=3)
    shop.stripe.before_answering = answer or shop.stripe.before_answering
    job = shop.job() if answer else replace(shop.job(), stripe=None)
    reconciled = job.run()
    assert (reconciled.at_stripe, reconciled.complete) == (at_stripe, True)
    severity, why, result = said_in(shop)[0]
    assert (f"{severity} {why}", result) == (said, "not_reconciled" if answer else "not_configured")
    assert reconciled.why_not == why
    assert opened_by(reconciled) == ["payment_not_indexed_order-1", "reserved_not_held_shirt"]
    assert (progress_of(shop)["matchedUntil"], job.run().opened) == (None, ())
    assert status_of(job) == status
    # Once it answers, nothing is skipped.
    shop.stripe.before_answering = lambda _: None
    assert opened_by(shop.reconcile()) == [f"amounts_differ_{payment_id}"]


def said_in(shop: ShopAtStripe) -> list[tuple[str, str, str]]:
    """The log, without findings, and the run's report."""
    lines = (line for line in shop.log.lines if not line["result"].startswith(("finding_", "reconciled")))
    return [(line["severity"], line["message"], line["result"]) for line in lines]


class UnlistedMoment(MemoryMoment):
    unlisted: str

    def find(self, listing: Listing) -> Any:
        if listing.collection == self.unlisted:
            raise StoreUnavailable("DEADLINE_EXCEEDED")
        return super().find(listing)


@pytest.mark.parametrize(("unlisted", "result"), [("auditLog", "not_reconciled"), ("inventory", "not_compared")])
def test_a_part_that_the_database_does_not_answer_is_said_and_the_run_is_not_complete(
    unlisted: str, result: str
) -> None:
    shop = a_shop_with_paid_orders()

    def moment() -> MemoryMoment:
        read = UnlistedMoment(shop.store.as_of(shop.now).documents(), shop.now)
        read.unlisted = unlisted
        return read

    reconciled = replace(shop.job(), moment=moment).run()
    assert (reconciled.complete, reconciled.faults) == (False, 0)
    assert said_in(shop)[0] == ("WARNING", "StoreUnavailable: DEADLINE_EXCEEDED", result)


def test_a_run_without_a_key_from_later_on_than_the_last_one_has_ended_notes_nothing() -> None:
    shop = a_shop_with_paid_orders()
    keyless = replace(shop.job(), stripe=None)
    shop.later(hours=3)
    keyless.run()
    reached = progress_of(shop)["recordsUntil"]
    assert reached == shop.now - timedelta(minutes=70)
    shop.later(hours=3)
    for since, until in ((reached + timedelta(seconds=1), reached), (reached, shop.now - timedelta(minutes=70))):
        keyless.run(since)
        assert progress_of(shop)["recordsUntil"] == until


def slow(shop: ShopAtStripe) -> None:
    shop.clock.sleep(100)


def broken_by_a_bug(_shop: ShopAtStripe) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(("answer", "status"), [(slow, 200), (broken_by_a_bug, 500)])
def test_whatever_goes_wrong_with_stripe_the_database_has_its_turn(
    answer: Callable[[ShopAtStripe], None], status: int
) -> None:
    shop = a_shop_with_paid_orders()
    broken(shop.store, "inventory/shirt", reserved=9)
    shop.account.intents.clear()
    shop.later(hours=3)
    shop.stripe.before_answering = lambda _: answer(shop)
    started = shop.clock.seconds
    assert status_of(shop.job()) == status
    assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
    assert shop.open_findings() == ["reserved_not_held_shirt"]
    assert (shop.log.lines[-1]["complete"], shop.log.lines[-1]["result"]) == (False, "reconciled")
    assert progress_of(shop)["eventsUntil"] is None
