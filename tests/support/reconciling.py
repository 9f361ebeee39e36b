"""A shop and its account at Stripe on one clock: events at Stripe, their deliveries to the shop, and the job."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Flask, request
from stripe.params.checkout import SessionCreateParams

from database.documents.orders import order_from
from orders.events import Ignored
from orders.order import Order
from orders.outcome import Outcome
from reconciliation.endpoint import ReconciliationEndpoint
from reconciliation.job import Reconciliation
from reconciliation.reconciled import Reconciled
from settlement.terms import Terms
from stripe_api.lists import PaymentIntent
from tests.support.builders import NOW, TERMS, Fields, a_placement, an_order
from tests.support.listed_account import ListedAccount
from tests.support.memory_store import MemoryStore
from tests.support.payments import a_payment
from tests.support.recording import RecordingLog
from tests.support.settling import Clock, settled
from tests.support.shop import a_shop, a_shop_after, document_at
from tests.support.stripe_requests import a_session_request, as_stripe_reads
from tools.stripe_events import Json
from tools.stripe_stand_in import refunds, sessions
from tools.stripe_stand_in.account import Account
from webhooks.ownership import Naming
from webhooks.translation import order_event_from

FUNCTION_SECONDS_MAX: Final = 540
"""The platform's limit for a run."""


def a_paid_order() -> Order:
    """Three shirts, paid by pi_1."""
    store = a_shop_after(a_placement(), a_payment())
    return order_from("order-1", document_at(store, "orders/order-1"))


def an_intent(payment_id: str = "pi_1", **fields: object) -> PaymentIntent:
    """Succeeded, for the same shirts."""
    paid = PaymentIntent(payment_id, "succeeded", 3_600, "eur", NOW, {"orderId": "order-1"})
    return replace(paid, **fields)  # type: ignore[arg-type]


class ShopAtStripe:
    """Ten shirts at 12.00, and an account. Nothing reaches the shop from there until it is delivered.

    The same acts in the same order give the same ids in every instance.
    """

    def __init__(self, *, stock: int = 10, terms: Terms = TERMS, naming: Naming = Naming()) -> None:
        self.now = NOW
        self.terms = terms
        self.naming = naming
        self.log = RecordingLog()
        self.store = a_shop(stock=stock)
        self.account = Account("http://stand-in.example", self._seconds, _run="acme")
        self.stripe = ListedAccount(self.account)
        self.clock = Clock()

    # --- What happens ------------------------------------------------------------------------------------------------

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def _seconds(self) -> float:
        return self.now.timestamp()

    def order(self, order_id: str, quantity: int = 3) -> None:
        items = [{"productId": "shirt", "quantity": quantity}]
        self.store.put(f"orders/{order_id}", an_order(items=items, createdAt=self.now))
        self.settle(a_placement(order_id))

    def pay(self, order_id: str, quantity: int = 3, **session: Any) -> str:
        """At Stripe. Returns the payment's id."""
        line = a_session_request(order_id)["line_items"][0] | {"quantity": quantity}
        request = as_stripe_reads(a_session_request(order_id, line_items=[line]), SessionCreateParams)
        opened = sessions.create(self.account, request)
        sessions.complete(self.account, opened, **{"shipping": 0, "tax": 0, "discount": 0, "is_slow": False, **session})
        return str(opened["payment_intent"])

    def buy(self, order_id: str, quantity: int = 3, **session: Any) -> str:
        """It is ordered, and paid at Stripe. Returns the payment's id."""
        self.order(order_id, quantity)
        return self.pay(order_id, quantity, **session)

    def refund(self, payment_id: str, amount: int | None = None) -> Json:
        """At Stripe."""
        return refunds.create(self.account, {"payment_intent": payment_id, **({"amount": amount} if amount else {})})

    # --- What the shop learns ----------------------------------------------------------------------------------------

    def settle(self, event: Any, *, terms: Terms | None = None) -> Outcome:
        return settled(event, self.store, now=self.now, terms=terms or self.terms)

    def deliver(self, messages: Iterable[Json] | None = None) -> None:
        """Deliver these events, or all of them."""
        for message in list(messages or self.account.events):
            event = order_event_from(message, delivered_at=self.now, naming=self.naming)
            if not isinstance(event, Ignored):
                self.settle(event)

    def sell(self, order_id: str) -> str:
        """One shirt: ordered, paid and delivered at once. Returns the payment's id."""
        before = len(self.account.events)
        payment_id = self.buy(order_id, quantity=1)
        self.deliver(self.account.events[before:])
        return payment_id

    def reconcile(self, since: datetime | None = None) -> Reconciled:
        return self.job().run(since)

    def job(self) -> Reconciliation:
        return Reconciliation(
            stripe=lambda: self.stripe,
            store=self.store,
            moment=lambda: self.store.as_of(self.now),
            settle=lambda event, now: settled(event, self.store, now=now, terms=self.terms),
            naming=self.naming,
            log=self.log,
            now=lambda: self.now,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )

    # --- What goes wrong ---------------------------------------------------------------------------------------------

    def lose_events(self) -> None:
        """Stripe loses its events, and so much time passes that no delivery can be under way."""
        self.account.events.clear()
        self.later(hours=3)

    def forget_payment(self, order_id: str = "order-1") -> None:
        """Reset the order as if nobody had paid."""
        broken(self.store, f"orders/{order_id}", payments={}, status="reserved", finalizedAt=None, webhookEventId=None)

    # --- What is there -----------------------------------------------------------------------------------------------

    def logged(self, result: str) -> list[Json]:
        """The log lines with this result."""
        return [line for line in self.log.lines if line["result"] == result]

    def open_findings(self) -> list[str]:
        found = ((path, fields) for path, fields in self.store.documents() if path.startswith("findings/"))
        return sorted(path.removeprefix("findings/") for path, fields in found if fields["state"] == "open")

    def documents(self) -> dict[str, Fields]:
        """Every document, without the times and counts of deliveries."""
        return {
            path: _timeless(fields)
            for path, fields in self.store.dump().items()
            if not path.startswith(("reconciliations/", "baselines/", "findings/")) and "/deliveries/" not in path
        }


_app = Flask("reconciliation")
_TIMES = {
    *("createdAt", "updatedAt", "finalizedAt", "receivedAt", "lastDeliveryAt", "processedAt", "expireAt"),
    *("nextAttemptAt", "deliveries", "parkedAt", "reason", "event"),
    # Hashes contain times.
    *("hash", "previousHash", "auditHead"),
}


def _timeless(fields: Mapping[str, object]) -> Fields:
    return {name: value for name, value in fields.items() if name not in _TIMES}


def broken(store: MemoryStore, path: str, **fields: object) -> None:
    """Somebody edits a document by hand."""
    store.put(path, {**document_at(store, path), **fields})


def a_shop_awaiting_slow_money() -> ShopAtStripe:
    """Its order is held for a payment that has been processing for two hours."""
    shop = ShopAtStripe()
    shop.buy("order-1", is_slow=True)
    shop.deliver()
    shop.later(hours=2)
    return shop


def pay_slow_money(shop: ShopAtStripe) -> None:
    """At Stripe; does nothing once paid."""
    (session,) = shop.account.sessions.values()
    if session["payment_status"] != "paid":
        sessions.settle(shop.account, session, is_paid=True)


def before_settling(job: Reconciliation, act: Callable[[Any], object]) -> Reconciliation:
    """The same job, which first calls `act` with each event that it settles."""

    def settle(event: Any, now: datetime) -> Outcome:
        act(event)
        return job.settle(event, now)

    return replace(job, settle=settle)


# --- Many orders, and what runs make of them -------------------------------------------------------------------------


def a_shop_with_paid_orders(number: int = 3) -> ShopAtStripe:
    shop = ShopAtStripe(stock=100)
    for order_id in order_ids(number):
        shop.sell(order_id)
    return shop


def order_ids(number: int) -> Sequence[str]:
    return [f"order-{each}" for each in range(number)]


def payments_of(shop: ShopAtStripe) -> Mapping[str, str]:
    """By order."""
    orders = {path: fields for path, fields in shop.store.dump().items() if path.startswith("orders/")}
    paid = {path: fields["paymentIntentId"] for path, fields in orders.items() if "paymentIntentId" in fields}
    return {path.removeprefix("orders/"): str(payment_id) for path, payment_id in paid.items()}


def progress_of(shop: ShopAtStripe) -> Mapping[str, Any]:
    return document_at(shop.store, "reconciliations/stripe")


def opened_by(reconciled: Reconciled) -> list[str]:
    return sorted(finding.finding_id for finding in reconciled.opened)


def answer_to(job: Reconciliation, method: str = "POST") -> tuple[int, Json]:
    """The endpoint's status and answer."""
    with _app.test_request_context(method=method):
        response = ReconciliationEndpoint(job).respond(request)
    assert response.mimetype == "application/json"
    return response.status_code, json.loads(response.data)


def status_of(job: Reconciliation) -> int:
    return answer_to(job)[0]
