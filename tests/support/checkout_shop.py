"""A shop whose customer pays in sessions that the service opens: its database, Stripe, and calls to both."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkout.claims import Caller
from checkout.expiring import Expiring
from checkout.refusals import CallRefused
from checkout.request import CheckoutTerms
from checkout.sessions import PAUSE_SECONDS_MAX, CheckoutSessions
from database.documents.effects import effect_from
from database.store import Document, DocumentStore
from orders.outcome import Outcome, Settle
from service.wiring import patience
from stripe_api.api import Session, StripeApi
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.support.builders import TERMS, Fields, a_catalogue_entry, a_request, a_reserved_order
from tests.support.memory_store import MemoryStore
from tests.support.settling import Clock, patience_of, settled
from tools.stripe_events import Json
from tools.stripe_stand_in.control import StandIn
from webhooks.ownership import Naming
from webhooks.translation import order_event_from

ALICE = Caller("alice")
CHECKOUT = CheckoutTerms(
    "https://shop.example/orders/{orderId}?session={CHECKOUT_SESSION_ID}", "https://shop.example/cart"
)


def stripe_at(stand_in: StandIn) -> StripeApi:
    return StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)


def a_shop_awaiting_payment(order_id: str, now: datetime, **fields: object) -> MemoryStore:
    """Three of its ten shirts are held for one order, since now."""
    held = {"reservedAt": now, "reservationExpiresAt": now + TERMS.reservation, "createdAt": now}
    documents: dict[str, Fields] = {
        f"orders/{order_id}": a_reserved_order(**{**held, **fields}),
        f"cancelRequests/{order_id}": a_request(),
        "inventory/shirt": {"stock": 10, "reserved": 3},
        "products/shirt": a_catalogue_entry(),
    }
    return MemoryStore(documents)


@dataclass
class CheckoutShop:
    """One order of alice's, and everything that happens to it."""

    order_id: str
    stand_in: StandIn
    terms: CheckoutTerms = CHECKOUT
    shop_id: str | None = "shop-1"
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    """The real time, since the stand-in for Stripe uses the clock."""
    clock: Clock = field(default_factory=Clock)
    known: dict[str, str] = field(default_factory=dict)
    """What calls have added to the log line."""
    order: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memory = a_shop_awaiting_payment(self.order_id, self.now, **self.order)
        self.store: DocumentStore = self.memory
        self.stripe: StripeApi = stripe_at(self.stand_in)

    # --- What is asked -----------------------------------------------------------------------------------------------

    def sessions(self, *, waits: bool = False) -> CheckoutSessions:
        """Args: waits: whether it really waits between its tries."""
        patient = patience(pause_seconds_max=PAUSE_SECONDS_MAX) if waits else patience_of(self.clock)
        return CheckoutSessions(
            self.store, self._settle, self.stripe, self.terms, TERMS.hold_max, self.shop_id, patient
        )

    def open(self, caller: Caller = ALICE, **waits: bool) -> Mapping[str, object]:
        return self.sessions(**waits).open({"orderId": self.order_id}, caller, self.now, self.known)

    def open_at_once(self, calls: int) -> Sequence[Mapping[str, object]]:
        with ThreadPoolExecutor(calls) as pool:
            answers = [pool.submit(self.open, waits=True) for _ in range(calls)]
            return [answer.result() for answer in answers]

    def settle(self, event: Any) -> Outcome:
        return self._settle(event, self.now)

    @property
    def _settle(self) -> Settle:
        return lambda event, now: settled(event, self.store, now=now)

    def pass_time(self, time: timedelta) -> None:
        """In the shop only: all tests share Stripe's clock."""
        self.now += time

    # --- What follows ------------------------------------------------------------------------------------------------

    def report(self, *event_types: str) -> list[str]:
        """Settle Stripe's events about this order, in the order of these types; all of them if no types are given."""
        events = [event for event in self.stand_in.events() if self._is_of_order(event)]
        chosen = sorted(events, key=lambda e: event_types.index(e["type"])) if event_types else events
        naming = Naming(shop_id=self.shop_id)
        read = [order_event_from(event, delivered_at=self.now, naming=naming) for event in chosen]
        return [str(self.settle(event).result) for event in read if hasattr(event, "delivery")]

    def perform_effects(self) -> None:
        performer = Expiring(self.stripe, self.store, self._settle, lambda: self.now)
        for path, fields in list(self.memory.documents()):
            stored = effect_from(path.removeprefix("effects/"), Document(fields, 0)) if "effects/" in path else None
            if stored:
                performer.perform(stored.effect, performer.prepare(stored.effect, self.now))

    def _is_of_order(self, event: Json) -> bool:
        return bool(event["data"]["object"].get("metadata", {}).get("orderId") == self.order_id)

    # --- What is there -----------------------------------------------------------------------------------------------

    def document(self, collection: str) -> dict[str, Any]:
        return dict(self.memory.get(f"{collection}/{self.order_id}") or {})

    @property
    def shirts(self) -> tuple[object, object]:
        level = self.memory.get("inventory/shirt") or {}
        return level["stock"], level["reserved"]

    @property
    def session_id(self) -> str:
        return str(self.document("checkouts")["sessionId"])

    def made(self) -> list[Json]:
        """The requests to Stripe for this order's sessions."""
        asked = [each for each in self.stand_in.requests() if each["path"] == "/v1/checkout/sessions"]
        return [each for each in asked if self.order_id in str(each["parameters"])]

    def open_sessions(self) -> list[str]:
        """The order's sessions that are open at Stripe."""
        ids = {str(self.stripe_answer(each)) for each in self.made()}
        return sorted(each for each in ids if each and self.stripe.session(each).status == "open")

    def stripe_answer(self, asked: Json) -> str:
        """The id of the session that this request made."""
        return self.stripe.create_session(asked["parameters"], key=asked["key"]).session_id


def adding(**terms: Any) -> CheckoutTerms:
    return replace(CHECKOUT, **terms)


def refusal_of(shop: CheckoutShop, caller: Caller | None = None) -> Mapping[str, object]:
    with pytest.raises(CallRefused) as refused:
        shop.open(*[caller] if caller else [])
    error = refused.value
    return {"code": error.status.value, "severity": error.severity, "note": error.note, **(error.details or {})}


@dataclass
class Disturbed:
    """Stripe, with faults when a session is requested."""

    stripe: StripeApi
    create_session: Callable[..., Session]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stripe, name)
