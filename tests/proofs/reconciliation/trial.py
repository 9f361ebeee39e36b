"""A shop with many paid orders, on Firestore and at Stripe, and what it takes to reconcile them."""

import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from google.cloud import firestore

from database.connection import connect
from database.firestore_store import FirestoreStore
from database.moments import FirestoreMoments
from orders.events import Cause
from orders.outcome import Outcome
from reconciliation.job import Reconciled, Reconciliation
from tests.support.builders import NOW, Fields, a_payment, a_placement
from tests.support.emulated_shop import write_all
from tests.support.reconciling import ListedAccount
from tests.support.recording import silent
from tests.support.shop import a_shop_after
from tools.stripe_events import CardPayment, event_around, intent_object
from tools.stripe_stand_in.account import Account
from webhooks.ownership import Naming

ORDERS_AT_ONCE: Final = 60
BETWEEN_ORDERS: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Figures:
    reconciled: Reconciled
    peak_bytes: int
    """The most that another such run held in memory by itself: to watch that takes time."""

    def __str__(self) -> str:
        run = self.reconciled
        return (
            f"{run.orders} orders in {run.seconds:.1f} s: {run.summary()['ordersPerSecond']} a second, "
            f"{self.peak_bytes / 2**20:.1f} MiB at most"
        )


def measured(client: firestore.Client, orders: int, between: timedelta = BETWEEN_ORDERS) -> Figures:
    """Reconcile a shop with so many orders, none of which is wrong. Nothing waits for Stripe's pace.

    Args:
        between: how long after each order the next one is paid, in whole seconds.
    """
    account = _filled(client, orders, between)
    now = NOW + orders * between + timedelta(hours=2)
    connection = connect(client.project)
    job = Reconciliation(
        stripe=lambda: ListedAccount(account),
        store=FirestoreStore(connection),
        moment=FirestoreMoments(connection).now,
        settle=_nothing_is_missing,
        naming=Naming(),
        log=silent,
        now=lambda: now,
        monotonic=time.perf_counter,
        sleep=lambda _: None,
    )
    reconciled = job.run(NOW - timedelta(hours=1))
    tracemalloc.start()
    try:
        job.run(NOW - timedelta(hours=1))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return Figures(reconciled, peak_bytes)


def _nothing_is_missing(event: Cause, _now: datetime) -> Outcome:
    raise AssertionError(f"{event.event_id} was settled long ago")


def _filled(client: firestore.Client, orders: int, between: timedelta) -> Account:
    """All orders are paid, one after the other."""
    one = a_shop_after(a_placement(), a_payment()).dump()
    account = Account("http://stand-in.example", NOW.timestamp)
    write_all(client, {"inventory/shirt": {"stock": 10, "reserved": 0}})
    kept = ("orders/", "auditLog/", "webhookEvents/", "payments/")
    template = {path: fields for path, fields in one.items() if path.startswith(kept)}
    for first in range(0, orders, ORDERS_AT_ONCE):
        documents: dict[str, Fields] = {}
        for number in range(first, min(first + ORDERS_AT_ONCE, orders)):
            documents |= dict(_renamed(template, number, number * between))
            _report(account, number, NOW + number * between)
        write_all(client, documents)
    return account


def _renamed(template: dict[str, Fields], number: int, later: timedelta) -> Iterator[tuple[str, Fields]]:
    for path, fields in template.items():
        yield _of(path, number, later), _of(fields, number, later)


def _of(value: Any, number: int, later: timedelta) -> Any:
    """The same of another order, paid later."""
    match value:
        case str():
            for name in ("order-1", "evt_1", "pi_1", "ch_1"):
                value = value.replace(name, f"{name[:-1]}{number:06}")
            return value
        case datetime():
            return value + later
        case dict():
            return {_of(name, number, later): _of(item, number, later) for name, item in value.items()}
        case list():
            return [_of(item, number, later) for item in value]
        case _:
            return value


def _report(account: Account, number: int, paid_at: datetime) -> None:
    """At Stripe."""
    at = int(paid_at.timestamp())
    payment = CardPayment(f"{number:06}", f"order-{number:06}", 3_600, "eur", at)
    intent = intent_object(payment, "succeeded", amount_received=3_600, latest_charge=payment.charge_id)
    account.intents[intent["id"]] = intent
    account.events.append(event_around(intent, f"evt_{number:06}", "payment_intent.succeeded", at))
