"""Log lines of every kind that monitoring/ watches, as the deployed functions write them."""

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from effects.effect import EffectKind
from effects.outside import Failed
from orders.outcome import Outcome, StoreUnavailable
from service.answers import refused_for_settings
from service.environment import SettingsError
from stripe_api.api import StripeRefused, StripeUnavailable
from tests.support.builders import NOW, TERMS, Fields, a_reserved_order, an_order
from tests.support.effects import A_MAIL, World
from tests.support.logged_shop import LoggedShop
from tests.support.logging_query import Entry
from tests.support.operators import an_operators_request
from tests.support.shop import a_shop, a_shop_with_a_hold, document_at
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe_objects import a_stripe_event, the_event

PAID = the_event("payment_intent.succeeded")


def a_refund(event_id: str, status: str = "succeeded", restock: str = "all", refund_id: str = "re_1") -> Fields:
    event_type = "refund.failed" if status == "failed" else "refund.updated"
    return the_event(event_type, event_id=event_id, id=refund_id, status=status, metadata={"restock": restock})


def after(shop: LoggedShop, *messages: Fields) -> LoggedShop:
    for message in messages:
        shop.deliver(message)
    return shop


def paid_shop() -> LoggedShop:
    """With one order, which is paid."""
    return after(LoggedShop(a_shop_with_a_hold()), PAID)


def raising(error: Exception) -> Callable[..., Outcome]:
    def settle(*_event: object) -> Outcome:
        raise error

    return settle


def delivered_and_settled() -> LoggedShop:
    """A usual day: nothing needs attention."""
    shop = LoggedShop(a_shop(an_order()), performers={EffectKind.MAIL: World()})
    shop.place()
    after(
        shop, PAID, PAID, the_event("charge.succeeded", event_id="evt_2"), a_stripe_event(event_type="customer.created")
    )
    # A rehearsal shows an operator that the act would be refused.
    shop.ask_as_operator(an_operators_request("refund", rehearse=True, restock="shirt:99"))
    after(shop, a_refund("evt_3"))
    shop.put_effect(A_MAIL)
    shop.sweep()
    shop.send_canary()
    shop.reconcile()
    return shop


def refused_or_failed() -> list[LoggedShop]:
    broken, contended = raising(ZeroDivisionError()), raising(StoreUnavailable("down"))
    refusing = LoggedShop()
    refusing.deliver(PAID, secret="whsec_of_somebody_else")
    refusing.deliver(PAID, at=NOW - timedelta(hours=1))
    unset = after(LoggedShop(secrets=()), PAID)
    with redirect_stdout(stream := io.StringIO()), unset.logging("stripewebhook", stream):
        refused_for_settings(SettingsError("RESERVATION_MINUTES must be a whole number"))
    faulty = after(LoggedShop(settle=broken, lapsed=["order-1"]), PAID)
    faulty.sweep()
    busy = after(LoggedShop(settle=contended, lapsed=["order-1"]), PAID)
    busy.sweep()
    late = LoggedShop(lapsed=["order-1"], seconds_per_look=500)
    late.sweep()
    return [refusing, unset, faulty, busy, late]


def waiting() -> list[LoggedShop]:
    """Events that are parked, or answered 503 until then."""
    young, old = PAID, a_stripe_event(created=NOW - timedelta(hours=2), event_id="evt_2")
    unreadable = the_event("payment_intent.succeeded", event_id="evt_3", amount_received="a lot")
    return [after(LoggedShop(a_shop()), young, old, unreadable, a_refund("evt_4"))]


def outside() -> list[LoggedShop]:
    """A provider that does not answer for a while, and one that refuses for good."""
    failures = [Failed("is down", retryable=True), Failed("has no such address", retryable=False)]
    shops = [LoggedShop(performers={EffectKind.MAIL: World(answers=[failure])}) for failure in failures]
    for shop in shops:
        shop.put_effect(A_MAIL)
        shop.sweep()
    return shops


def disagreeing() -> list[LoggedShop]:
    """Orders hold less than is reserved."""
    shop = LoggedShop(a_shop_with_a_hold())
    shop.store.put("inventory/shirt", {"stock": 10, "reserved": 5})
    shop.reconcile()
    return [shop]


def not_asking_stripe() -> list[LoggedShop]:
    """The key may not list events; or Stripe is down, which needs no attention."""

    def answer(error: Exception) -> Callable[[str], object]:
        def raised(_what: str) -> object:
            raise error

        return raised

    refusal = StripeRefused("The key may not list events.", "permission_error")
    shops = [LoggedShop(stripe_answers=answer(error)) for error in (refusal, StripeUnavailable("down"))]
    for shop in shops:
        shop.reconcile()
    return shops


def sold_while_hot() -> list[LoggedShop]:
    """Paid just now, and some minutes ago."""
    shops = [LoggedShop(a_shop_with_a_hold(), folded_at=NOW + timedelta(minutes=minutes)) for minutes in (1, 4)]
    for shop in shops:
        hot = document_at(shop.store, "orders/order-1") | {"takenLater": ["shirt"]}
        shop.store.put("orders/order-1", hot)
        shop.deliver(PAID)
        shop.fold()
    return shops


def money_too_late() -> list[LoggedShop]:
    """Money for orders that are over, cannot be held, were cancelled, or whose id another order has by now."""
    cancelled, made_again = LoggedShop(a_shop_with_a_hold()), paid_shop()
    cancelled.ask_to_cancel()
    made_again.store.put("orders/order-1", an_order())
    return [
        after(LoggedShop(a_shop(an_order(status="expired"))), the_event("payment_intent.partially_funded")),
        after(LoggedShop(a_shop(an_order(), stock=1)), the_event("payment_intent.partially_funded")),
        after(cancelled, PAID),
        after(made_again, a_stripe_event(event_id="evt_2")),
    ]


def for_a_person() -> list[LoggedShop]:
    second: dict[str, Any] = {"id": "pi_2", "latest_charge": "ch_2"}
    other_order: dict[str, Any] = {"metadata": {"orderId": "order-2"}}
    sold_out = LoggedShop(a_shop(an_order(status="expired"), stock=0))
    wrong_amount = LoggedShop(a_shop_with_a_hold())
    free: dict[str, Any] = {
        "payment_status": "no_payment_required",
        "payment_intent": None,
        "amount_total": 0,
        "amount_subtotal": 0,
    }
    ours, shipped = LoggedShop(a_shop_with_a_hold()), paid_shop()
    shipped.store.put("orders/order-1", {**document_at(shipped.store, "orders/order-1"), "status": "shipped"})
    asked = paid_shop()
    asked.ask_to_cancel()
    two_orders = paid_shop()
    two_orders.store.put("orders/order-2", a_reserved_order())
    gone = paid_shop()
    gone.store.delete("inventory/shirt")
    live = LoggedShop(a_shop_with_a_hold(), terms=replace(TERMS, expected_livemode=True))
    named_by_its_payer: dict[str, Any] = {"metadata": {}, "client_reference_id": "order-1"}
    return [
        after(sold_out, PAID),
        after(wrong_amount, the_event("payment_intent.succeeded", amount_received=1, amount=1)),
        after(ours, the_event("checkout.session.completed", **free)),
        after(paid_shop(), a_refund("evt_2"), a_refund("evt_3", "failed")),
        after(paid_shop(), the_event("charge.dispute.created", event_id="evt_2")),
        asked,
        after(live, PAID),
        after(LoggedShop(a_shop_with_a_hold()), a_stripe_event(account="acct_9")),
        after(shipped, the_event("payment_intent.canceled", event_id="evt_2")),
        after(paid_shop(), the_event("payment_intent.succeeded", event_id="evt_2", **second)),
        after(
            LoggedShop(a_shop_with_a_hold()),
            the_event("payment_intent.partially_funded"),
            the_event("payment_intent.canceled", event_id="evt_2"),
        ),
        after(two_orders, the_event("payment_intent.succeeded", event_id="evt_2", **other_order)),
        after(paid_shop(), a_refund("evt_2", restock="some"), a_refund("evt_3", restock="shirt:99", refund_id="re_2")),
        after(gone, a_refund("evt_2")),
        after(LoggedShop(), a_stripe_event(a_payment_intent(metadata={}))),
        after(LoggedShop(), the_event("checkout.session.completed", **named_by_its_payer)),
        after(LoggedShop(), a_stripe_event(a_payment_intent(metadata={"orderId": "a/b"}))),
    ]


@pytest.fixture(scope="session")
def usual() -> Sequence[Entry]:
    return delivered_and_settled().entries


@pytest.fixture(scope="session")
def money_waiting() -> Sequence[Entry]:
    """The last line of each scenario in which money waits for a person."""
    return [shop.entries[-1] for shop in (*for_a_person(), *money_too_late())]


@pytest.fixture(scope="session")
def logged(usual: Sequence[Entry]) -> Sequence[Entry]:
    shops = [*refused_or_failed(), *waiting(), *outside(), *disagreeing(), *not_asking_stripe(), *sold_while_hot()]
    shops += [*for_a_person(), *money_too_late()]
    return [*usual, *(entry for shop in shops for entry in shop.entries)]
