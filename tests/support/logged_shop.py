"""A shop in memory whose functions log as deployed, and what Cloud Logging makes of their lines."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any, Final

from flask import Flask, Request, Response, request

from audit.anchoring import Anchoring
from audit.checking import TrailCheck
from database.documents.effects import effect_path, effect_write
from effects.effect import Effect, EffectKind
from effects.outside import Performer
from orders.outcome import Settle
from reconciliation.job import Reconciliation
from reconciliation.records import entries_of
from service.entry_points import Service
from service.logs import JsonLog, Log
from service.wiring import answering, performing, settling
from settlement.folding import Folding
from settlement.terms import Terms
from storefront.availability import Storefront
from tests.support.builders import NOW, TERMS, Fields
from tests.support.firestore_events import a_created_event, created
from tests.support.listed_account import ListedAccount
from tests.support.logging_query import Entry
from tests.support.memory_store import MemoryStore
from tests.support.settling import Clock, patience_of
from tests.support.signing import SECRET, body_of, signature_of
from tools.stripe_stand_in.account import Account
from webhooks.canary import Canary
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

_app: Final = Flask("shop")


def entry_of(line: str, function: str) -> Entry:
    """https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields."""
    fields = json.loads(line)
    resource = {"type": "cloud_run_revision", "labels": {"service_name": function}}
    return {"resource": resource, "severity": fields.pop("severity"), "jsonPayload": fields}


def _found_in(store: MemoryStore, lapsed: Sequence[str]) -> Any:
    """What the sweep finds: what is parked or due in the store, and the lapsed orders that the test names."""
    nothing = ("stranded_orders", "unanswered_requests", "unanswered_operator_requests")
    return SimpleNamespace(
        **{name: lambda *_: iter(()) for name in nothing},
        lapsed_orders=lambda _now: iter([lapsed]),
        parked_events=store.parked_events,
        parked_since=lambda moment: iter([store.parked_since(moment)]),
        due_effects=lambda now: iter([store.due_effects(now)]),
        moved_heads=store.moved_heads,
        fcm_tokens=store.fcm_tokens,
        takings_after=store.takings_after,
        products_after=lambda *_: (),
    )


@dataclass
class LoggedShop:
    """Its functions are the real ones, wired as in production."""

    store: MemoryStore = field(default_factory=MemoryStore)
    terms: Terms = TERMS
    secrets: tuple[SigningSecret, ...] = (SigningSecret(SECRET),)
    settle: Settle | None = None
    """Replaces settlement, if given."""
    lapsed: Sequence[str] = ()
    performers: Mapping[EffectKind, Performer] = field(default_factory=dict)
    stripe_answers: Callable[[str], object] = lambda _: None
    """Called before each of Stripe's answers; may raise instead of the answer."""
    folded_at: datetime = NOW
    seconds_per_look: float = 0.0
    """How far the clock moves whenever it is read."""
    entries: list[Entry] = field(default_factory=list)
    _seconds: Iterator[int] = field(default_factory=count)

    def deliver(self, message: Fields, *, secret: str = SECRET, at: datetime = NOW) -> Response:
        """Stripe delivers an event that it has signed at this time."""
        body = body_of(message)
        return self._posted(body, {"Stripe-Signature": signature_of(body, secret=secret, at=at)})

    def place(self, order_id: str = "order-1") -> None:
        with self.logging("reserveinventoryonordercreate") as log:
            event = a_created_event(f"orders/{order_id}", created(f"orders/{order_id}"))
            self._service(log).order_created_trigger().receive(event)

    def ask_to_cancel(self) -> None:
        with self.logging("cancelorderonrequest") as log:
            event = a_created_event("cancelRequests/order-1", created("cancelRequests/order-1"))
            self._service(log).cancel_requested_trigger().receive(event)

    def ask_as_operator(self, request: Fields) -> None:
        """An operator writes this request."""
        self.store.put("operatorRequests/asked-1", request)
        with self.logging("answeroperatorrequest") as log:
            event = a_created_event("operatorRequests/asked-1", created("operatorRequests/asked-1"))
            self._service(log).operator_requested_trigger().receive(event)

    def put_effect(self, effect: Effect) -> None:
        """Write an effect, which the sweep performs."""
        self.store.put(effect_path(effect.effect_id), effect_write(effect, NOW).fields)

    def sweep(self) -> None:
        with self.logging("releaseexpiredreservations") as log:
            _answered(self._service(log).reservation_sweep().respond)

    def fold(self) -> None:
        with self.logging("foldtakings") as log:
            _answered(self._service(log).takings_due().respond)

    def send_canary(self) -> None:
        def post(_url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
            answer = self._posted(body, headers)
            return answer.status_code, answer.data

        with self.logging("sendcanary") as log:
            _answered(Canary("https://shop.example", self.secrets, post, log, lambda: NOW, lambda: 1.0).respond)

    def reconcile(self) -> None:
        """Against an account at which nothing has happened."""
        with self.logging("reconcilewithstripe") as log:
            _answered(self._service(log).reconciliation_endpoint().respond)

    @contextmanager
    def logging(self, function: str, stream: io.StringIO | None = None) -> Iterator[Log]:
        """In this block, log lines come from this function."""
        written = stream or io.StringIO()
        yield JsonLog(written, project=None)
        self.entries += [entry_of(line, function) for line in written.getvalue().splitlines()]

    def _posted(self, body: bytes, headers: Mapping[str, str]) -> Response:
        with self.logging("stripewebhook") as log:
            return _answered(self._service(log).webhook_endpoint().respond, data=body, headers=dict(headers))

    def _settling(self, log: Log) -> Settle:
        return self.settle or settling(self.store, self.terms, log, patience_of(Clock(per_look=self.seconds_per_look)))

    def _service(self, log: Log) -> Service:
        clock = Clock(per_look=self.seconds_per_look)
        found = _found_in(self.store, self.lapsed)
        return Service(
            settle=self._settling(log),
            placing=self._settling(log),
            queries=lambda: found,
            storefront=lambda: Storefront(self.store, found.products_after, 5, patience_of(clock)),
            fold=Folding(self.store, found.takings_after, patience_of(clock), lambda: self.folded_at).fold,
            anchor=Anchoring(self.store, found.moved_heads, 8).anchor_if_due,
            check_trail=TrailCheck(self.store, lambda: self.store.as_of(NOW), entries_of, 8).check_next,
            effects=lambda: performing(self.store, self.terms, log, patience_of(clock), self.performers, lambda: NOW),
            requests=lambda: answering(self.store, self._settling(log), self.terms),
            webhook_secrets=self.secrets,
            naming=Naming(),
            log=log,
            # Two deliveries at the same time could count as one whose answer was lost.
            now=lambda: NOW + timedelta(seconds=next(self._seconds)),
            monotonic=clock.monotonic,
            threads=1,
            stripe_reconciliation=partial(self._reconciliation, log, clock),
        )

    def _reconciliation(self, log: Log, clock: Clock) -> Reconciliation:
        account = Account("http://stand-in.example", NOW.timestamp)
        return Reconciliation(
            stripe=lambda: ListedAccount(account, before_answering=self.stripe_answers),
            store=self.store,
            moment=lambda: self.store.as_of(NOW),
            settle=self.settle or settling(self.store, self.terms, log, patience_of(clock)),
            naming=Naming(),
            log=log,
            now=lambda: NOW,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )


def _answered(respond: Callable[[Request], Response], **sent: Any) -> Response:
    with _app.test_request_context("/", method="POST", **sent):
        return respond(request)
