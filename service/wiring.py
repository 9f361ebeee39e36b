"""The one place where the service is put together: main, the bench and the tests all build it here.

An entry point is imported when it is built, so that no function's cold start pays for one that it does not use.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from checkout.request import CheckoutTerms
from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.store import DocumentStore, Queries
from effects.effect import EffectKind
from notifications.notices import NoticeType
from orders.outcome import Settle
from service.logs import JsonLog, Log, log_attempt, log_taken_up
from service.settings import Settings, settings_from
from settlement.decisions import Terms
from settlement.settle import PATIENCE_SECONDS, Patience, settle
from storefront.availability import Storefront
from stripe_api.keys import StripeKey
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

if TYPE_CHECKING:
    from audit.anchoring import Anchoring
    from checkout.callable import CallableFunction, Identify
    from checkout.claims import Caller
    from checkout.sessions import CheckoutSessions
    from effects.outside import Performer
    from effects.performing import Effects
    from reconciliation.job import Reconciliation
    from settlement.requests import Requests
    from stripe_api.api import StripeApi
    from stripe_api.client import StripeClient
    from triggers.cancel_requested import CancelRequestedTrigger
    from triggers.effect_created import EffectCreatedTrigger
    from triggers.inventory_changed import InventoryChangedTrigger
    from triggers.operator_requested import OperatorRequestedTrigger
    from triggers.order_created import OrderCreatedTrigger
    from triggers.sweep import ReservationSweep
    from webhooks.canary import Canary
    from webhooks.endpoint import WebhookEndpoint


def patience(*, total_seconds: float = PATIENCE_SECONDS) -> Patience:
    """Patience by the machine's own clock and chance."""
    return Patience(time.monotonic, time.sleep, random.random, total_seconds)


def settling(store: DocumentStore, terms: Terms, log: Log, patience: Patience) -> Settle:
    """`settle` on one store. Each parked event that it takes up and settles is logged."""
    return partial(settle, store=store, terms=terms, patience=patience, report=partial(log_taken_up, log))


def answering(store: DocumentStore, settle: Settle, terms: Terms) -> "Requests":
    """Operators' requests on one store."""
    from settlement.requests import Requests

    return Requests(store, settle, terms.notice_lifetime)


def performing(
    store: DocumentStore,
    terms: Terms,
    log: Log,
    patience: Patience,
    performers: Mapping[EffectKind, "Performer"],
    now: Callable[[], datetime],
) -> "Effects":
    """The effects on one store. How each attempt ends is logged."""
    from effects.performing import Effects

    return Effects(
        store=store,
        performers=performers,
        # What the shop sends to nobody stays in the inbox here, too.
        operator_channels=() if NoticeType.EFFECT_FAILED in terms.unsent else terms.operator_channels,
        notice_lifetime=terms.notice_lifetime,
        patience=patience,
        now=now,
        report=partial(log_attempt, log),
    )


@dataclass(frozen=True, slots=True)
class Service:
    """What the entry points need, and each of them on top of it."""

    settle: Settle
    queries: Callable[[], Queries]
    """Their client is imported at the first call: nothing else takes so long, and the webhook asks no query."""
    storefront: Storefront
    anchor: Callable[[datetime], Mapping[str, object] | None]
    """Anchors the audit trail, if that is due; what does so is imported at the first call."""
    effects: Callable[[], "Effects"]
    """What performs them is imported at the first call: the webhook performs none."""
    requests: Callable[[], "Requests"]
    webhook_secrets: Sequence[SigningSecret]
    naming: Naming
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    threads: int
    """How many requests one instance serves at a time."""
    canary_url: str | None = None
    """Where the canary delivers; None if it is off."""
    is_emulated: bool = False
    """Whether nobody but developers is answered."""
    stripe: "Callable[[], StripeApi] | None" = None
    """What asks Stripe, imported at the first call, since few functions do; None without a key."""
    sessions: "Callable[[], CheckoutSessions] | None" = None
    """What opens Checkout sessions; None without a key, or if the shop has not said where they lead."""
    identify: "Callable[[], Identify]" = lambda: _nobody
    """Makes what knows callers by their ID tokens."""
    stripe_reconciliation: "Callable[[], Reconciliation] | None" = None
    """Makes what compares the shop with Stripe; None where there is no whole database to compare."""

    def webhook_endpoint(self) -> "WebhookEndpoint":
        from receiving.watchdog import Watchdog
        from webhooks.endpoint import WebhookEndpoint

        stripe = self.stripe
        return WebhookEndpoint(
            settle=self.settle,
            secrets=self.webhook_secrets,
            naming=self.naming,
            log=self.log,
            now=self.now,
            monotonic=self.monotonic,
            # While half of the threads wait for slow clients, the other half stays nearly free for all others.
            watchdog=Watchdog(self.monotonic, patient_max=max(self.threads // 2, 1)),
            look_up=(lambda event_id: stripe().event(event_id)) if stripe else None,
            says_why=self.is_emulated,
        )

    def order_created_trigger(self) -> "OrderCreatedTrigger":
        from triggers.order_created import OrderCreatedTrigger

        return OrderCreatedTrigger(self.settle, self.queries().parked_events, self.log, self.now)

    def cancel_requested_trigger(self) -> "CancelRequestedTrigger":
        from triggers.cancel_requested import CancelRequestedTrigger

        return CancelRequestedTrigger(self.settle, self.log, self.now)

    def operator_requested_trigger(self) -> "OperatorRequestedTrigger":
        from triggers.operator_requested import OperatorRequestedTrigger

        return OperatorRequestedTrigger(self.requests().answer, self.log, self.now)

    def effect_created_trigger(self) -> "EffectCreatedTrigger":
        from triggers.effect_created import EffectCreatedTrigger

        return EffectCreatedTrigger(self.effects().perform, self.log)

    def inventory_changed_trigger(self) -> "InventoryChangedTrigger":
        from triggers.inventory_changed import InventoryChangedTrigger

        return InventoryChangedTrigger(self.storefront.show, self.log)

    def reservation_sweep(self) -> "ReservationSweep":
        from triggers.sweep import ReservationSweep

        queries = self.queries()
        return ReservationSweep(
            settle=self.settle,
            place=self.order_created_trigger().place,
            lapsed_orders=queries.lapsed_orders,
            stranded_orders=queries.stranded_orders,
            parked_events=queries.parked_since,
            unanswered_requests=queries.unanswered_requests,
            due_effects=queries.due_effects,
            perform=lambda effect_id: self.effects().perform(effect_id),
            show_next_products=self.storefront.show_next,
            anchor=self.anchor,
            log=self.log,
            now=self.now,
            monotonic=self.monotonic,
        )

    def create_checkout(self) -> "CallableFunction":
        from checkout.answers import not_configured
        from checkout.callable import CallableFunction
        from receiving.watchdog import Watchdog

        return CallableFunction(
            answer=self.sessions().open if self.sessions else not_configured,
            identify=self.identify(),
            log=self.log,
            now=self.now,
            monotonic=self.monotonic,
            watchdog=Watchdog(self.monotonic, patient_max=max(self.threads // 2, 1)),
        )

    def reconciliation(self) -> "Reconciliation":
        if self.stripe_reconciliation is None:
            raise ValueError("there is no whole database to compare")
        return self.stripe_reconciliation()

    def webhook_canary(self) -> "Canary":
        from webhooks.canary import Canary, posted

        return Canary(self.canary_url, self.webhook_secrets, posted, self.log, self.now, self.monotonic)


def service_on(
    connection: Connection, settings: Settings, log: Log, environment: Mapping[str, str] = MappingProxyType({})
) -> Service:
    """The service on one database, by the machine's own clock.

    Args:
        environment: in which the channels for messages find their own settings.
    """
    store, queries = FirestoreStore(connection), cache(partial(_queries_on, connection))
    settle = settling(store, settings.terms, log, patience())
    stripe = (
        cache(partial(_stripe_client, settings.stripe_key, settings.stripe_api_url)) if settings.stripe_key else None
    )
    return Service(
        settle=settle,
        queries=queries,
        storefront=Storefront(
            store, lambda after, at_most: queries().products_after(after, at_most), settings.few_left, patience()
        ),
        anchor=lambda now: _anchoring(store, queries()).anchor_if_due(now),
        effects=cache(
            lambda: performing(
                store,
                settings.terms,
                log,
                patience(),
                _performers(environment, settings, store, queries, settle, stripe),
                _now,
            )
        ),
        requests=partial(answering, store, settle, settings.terms),
        webhook_secrets=settings.webhook_secrets,
        naming=settings.naming,
        log=log,
        now=_now,
        monotonic=time.monotonic,
        threads=settings.threads,
        canary_url=settings.canary_url,
        is_emulated=settings.is_emulated,
        stripe=stripe,
        sessions=partial(_sessions, store, settle, stripe, settings, settings.checkout)
        if stripe and settings.checkout
        else None,
        identify=partial(_identify, connection.project, is_signed=not settings.is_auth_emulated),
        stripe_reconciliation=partial(_reconciliation, connection, store, settle, settings, log),
    )


def _anchoring(store: DocumentStore, queries: Queries) -> "Anchoring":
    from audit.anchoring import Anchoring

    return Anchoring(store, queries.moved_heads, PATIENCE_SECONDS)


def _stripe_client(key: StripeKey, origin: str | None) -> "StripeClient":
    from stripe_api.client import ORIGIN, StripeClient

    return StripeClient(key, origin or ORIGIN)


def _sessions(
    store: DocumentStore, settle: Settle, stripe: "Callable[[], StripeApi]", settings: Settings, checkout: CheckoutTerms
) -> "CheckoutSessions":
    from checkout.sessions import CheckoutSessions

    hold_max, shop_id = settings.terms.hold_max, settings.naming.shop_id
    return CheckoutSessions(store, settle, stripe(), checkout, hold_max, shop_id, patience())


def _reconciliation(
    connection: Connection, store: DocumentStore, settle: Settle, settings: Settings, log: Log
) -> "Reconciliation":
    from database.moments import FirestoreMoments
    from reconciliation.job import Reconciliation

    key, origin = settings.stripe_key, settings.stripe_api_url
    return Reconciliation(
        stripe=partial(_stripe_client, key, origin) if key else None,
        store=store,
        moment=FirestoreMoments(connection).now,
        settle=settle,
        naming=settings.naming,
        log=log,
        now=_now,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )


def _identify(project: str, *, is_signed: bool) -> "Identify":
    from checkout.certificates import Certificates, published
    from checkout.identity import SignedTokens, UnsignedTokens

    if is_signed:
        return SignedTokens(project, Certificates(published, time.monotonic)).caller
    return UnsignedTokens(project).caller


def _nobody(_token: str, _now: datetime) -> "Caller":
    from checkout.claims import NotSignedIn

    raise NotSignedIn("nobody is known here")


def _performers(
    environment: Mapping[str, str],
    settings: Settings,
    store: DocumentStore,
    queries: Callable[[], Queries],
    settle: Settle,
    stripe: "Callable[[], StripeApi] | None",
) -> Mapping[EffectKind, "Performer"]:
    from service.performers import asking_stripe, sending_messages

    messages = sending_messages(environment, settings, store, queries, _now)
    return {**messages, **asking_stripe(stripe(), settings, store, settle, _now)} if stripe else messages


def _queries_on(connection: Connection) -> Queries:
    from google.cloud.firestore import Client

    from database.queries import FirestoreQueries

    return FirestoreQueries(Client(project=connection.project, database=connection.database))


def service_from(environment: Mapping[str, str]) -> Service:
    """The deployed service. It logs to standard output.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = settings_from(environment)
    return service_on(
        connect(settings.project, settings.database),
        settings,
        JsonLog(sys.stdout, project=settings.project),
        environment,
    )


def _now() -> datetime:
    return datetime.now(UTC)
