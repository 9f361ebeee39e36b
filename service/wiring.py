"""The only place where the service is put together, for production, the bench and the tests.

What only some functions need is imported when they need it, so that no other's cold start pays for it.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from checkout.request import CheckoutTerms
from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.grouping import GroupingStore, Lanes
from database.store import DocumentStore, Queries
from effects.effect import EffectKind
from notifications.notices import NoticeType
from orders.outcome import Settle
from service.entry_points import Service
from service.logs import JsonLog, Log, log_attempt, log_taken_up, silent
from service.settings import Settings, settings_from
from settlement.settle import PATIENCE_SECONDS, Patience, settle
from settlement.terms import Terms
from settlement.turns import InTurn, Turns
from stripe_api.keys import StripeKey

if TYPE_CHECKING:
    from audit.anchoring import Anchoring
    from audit.checking import TrailCheck
    from checkout.callable import Identify
    from checkout.sessions import CheckoutSessions
    from effects.outside import Performer
    from effects.performing import Effects
    from reconciliation.job import Reconciliation
    from settlement.folding import Folding
    from settlement.requests import Requests
    from storefront.availability import Storefront
    from stripe_api.api import StripeApi
    from stripe_api.client import StripeClient


def patience(**seconds: float) -> Patience:
    """Patience with the machine's own clock and randomness, and these limits instead of the usual ones."""
    return Patience(time.monotonic, time.sleep, random.random, **seconds)


def settling(store: DocumentStore, terms: Terms, log: Log, patience: Patience) -> Settle:
    """`settle` on one store. Logs each parked event that it settles."""
    return partial(settle, store=store, terms=terms, patience=patience, report=partial(log_taken_up, log))


def answering(store: DocumentStore, settle: Settle, terms: Terms) -> "Requests":
    """Operators' requests on one store."""
    from settlement.requests import Requests

    return Requests(store, settle, lambda on: settling(on, terms, silent, patience()), terms.notice_lifetime)


def performing(
    store: DocumentStore,
    terms: Terms,
    log: Log,
    patience: Patience,
    performers: Mapping[EffectKind, "Performer"],
    now: Callable[[], datetime],
) -> "Effects":
    """The effects on one store. Logs how each attempt ends."""
    from effects.performing import Effects

    return Effects(
        store=store,
        performers=performers,
        # A notice that the shop does not send stays in the inbox here, too.
        operator_channels=() if NoticeType.EFFECT_FAILED in terms.unsent else terms.operator_channels,
        notice_lifetime=terms.notice_lifetime,
        patience=patience,
        now=now,
        report=partial(log_attempt, log),
    )


def service_on(
    connection: Connection, settings: Settings, log: Log, environment: Mapping[str, str] = MappingProxyType({})
) -> Service:
    """The service on one database, with the machine's own clock.

    Args:
        environment: where the message channels find their own settings.
    """
    store, queries = FirestoreStore(connection), cache(partial(_queries_on, connection))
    turns, grouping = Turns(), GroupingStore(store, Lanes(), time.monotonic)
    settle = InTurn(partial(settling, store, settings.terms, log), patience(), turns)
    stripe = (
        cache(partial(_stripe_client, settings.stripe_key, settings.stripe_api_url)) if settings.stripe_key else None
    )
    performers = partial(_performers, environment, settings, store, queries, settle, stripe)
    return Service(
        settle=settle,
        placing=InTurn(partial(settling, grouping, settings.terms, log), patience(), turns),
        queries=queries,
        storefront=cache(partial(_storefront, store, queries, settings.few_left)),
        fold=lambda: _folding(store, queries()).fold(),
        anchor=lambda now: _anchoring(store, queries()).anchor_if_due(now),
        check_trail=lambda now: _trail_check(connection, store).check_next(now),
        effects=cache(lambda: performing(store, settings.terms, log, patience(), performers(), _now)),
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


def _storefront(store: DocumentStore, queries: Callable[[], Queries], few_left: int) -> "Storefront":
    from storefront.availability import Storefront

    return Storefront(store, lambda after, at_most: queries().products_after(after, at_most), few_left, patience())


def _folding(store: DocumentStore, queries: Queries) -> "Folding":
    from settlement.folding import RUN_SECONDS_MAX, Folding

    return Folding(store, queries.takings_after, patience(total_seconds=RUN_SECONDS_MAX), _now)


def _anchoring(store: DocumentStore, queries: Queries) -> "Anchoring":
    from audit.anchoring import Anchoring

    return Anchoring(store, queries.moved_heads, PATIENCE_SECONDS)


def _trail_check(connection: Connection, store: DocumentStore) -> "TrailCheck":
    from audit.checking import TrailCheck
    from database.moments import FirestoreMoments
    from reconciliation.records import entries_of

    return TrailCheck(store, FirestoreMoments(connection).now, entries_of, PATIENCE_SECONDS)


def _stripe_client(key: StripeKey, origin: str | None) -> "StripeClient":
    from stripe_api.client import ORIGIN, StripeClient

    return StripeClient(key, origin or ORIGIN)


def _sessions(
    store: DocumentStore, settle: Settle, stripe: "Callable[[], StripeApi]", settings: Settings, checkout: CheckoutTerms
) -> "CheckoutSessions":
    from checkout.sessions import PAUSE_SECONDS_MAX, CheckoutSessions

    hold_max, shop_id = settings.terms.hold_max, settings.naming.shop_id
    slow = patience(pause_seconds_max=PAUSE_SECONDS_MAX)
    return CheckoutSessions(store, settle, stripe(), checkout, hold_max, shop_id, slow)


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
    """The deployed service, which logs to standard output.

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
