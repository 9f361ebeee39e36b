"""Customers who buy at once, the service's instances that serve them, and Firestore's answers to the instances."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import chain, count
from typing import Final
from uuid import uuid4

from bench.billing import BillCounter
from bench.crowd import is_settled
from bench.loadtest.shop import MARK
from bench.payments import payment
from bench.shop import a_pending_order, amount_of
from database.connection import Connection, Transport
from database.documents.orders import order_path
from database.firestore_store import FirestoreStore
from database.http_answers import Answer
from database.store import Create
from orders.events import StripeEvent
from orders.outcome import Settle, Transient
from orders.shop_events import OrderPlaced
from settlement.settle import PATIENCE_SECONDS
from tests.support.counted_rpcs import name_of
from tests.support.emulated_shop import service_over

Wait = Callable[..., object]
"""Waits for futures, like `concurrent.futures.wait`."""


@dataclass(frozen=True, slots=True)
class Load:
    clients: int
    seconds: int
    """The length of each phase."""
    orders_max: int
    """A phase also ends after this many orders."""


INSTANCES: Final = 4
"""As many as hold stock when deployed, by `functions.yaml`: each has one commit under way at a time."""


class CommitCounter(BillCounter):
    """Also counts how Firestore answered each commit."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.commits: Counter[str] = Counter()
        """By status: `OK`, or the error's."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        answer = super().post(path, body, headers, seconds=seconds)
        if name_of(path) == "commit":
            with self.counting:
                self.commits[_status_of(answer)] += 1
        return answer


def _status_of(answer: Answer) -> str:
    if answer.code == HTTPStatus.OK:
        return "OK"
    try:
        return str(json.loads(answer.body)["error"]["status"])
    except (ValueError, LookupError, TypeError):
        # An answer from a server in between.
        return str(answer.code)


class Instance:
    """The service in one process, as far as threads of one process can stand in for several."""

    def __init__(self, connection: Connection) -> None:
        self.counter = CommitCounter(connection.transport)
        service = service_over(replace(connection, transport=self.counter))
        self.hold, self.settle = service.placing, service.settle


class Client:
    """A customer who buys one order after another from an instance, over their own connection."""

    def __init__(self, instance: Instance, connection: Connection, customer: str) -> None:
        """Connects at once, so that no order has to wait for it. Raises Transient, RequestRefused."""
        self._customer = customer
        self._app = FirestoreStore(connection)
        self.instance = instance
        self.orders = 0
        """How many orders this customer has written."""
        self.paid = 0
        self.hold_seconds: list[float] = []
        self.payment_seconds: list[float] = []
        self.given_up = 0
        """Writes, holds and payments that were not done in time and have to be retried."""
        self._app.read([order_path(MARK)], timeout_seconds=PATIENCE_SECONDS)

    def buy(self, product_id: str) -> None:
        """Write an order for one unit, as an app does; hold it, and pay it if held."""
        order_id = f"{MARK}{uuid4().hex}"
        order = {**a_pending_order([product_id]), "userId": self._customer}
        try:
            self._app.commit([Create(order_path(order_id), order)], timeout_seconds=PATIENCE_SECONDS)
        except Transient:
            self.given_up += 1
            return
        self.orders += 1
        if self._is_done(self.instance.hold, OrderPlaced(order_id, (product_id,)), self.hold_seconds):
            paid = payment(order_id, amount_of([product_id]))
            self.paid += self._is_done(self.instance.settle, paid, self.payment_seconds)

    def _is_done(self, settle: Settle, event: OrderPlaced | StripeEvent, seconds: list[float]) -> bool:
        started = time.perf_counter()
        is_done = is_settled(settle, event)
        seconds.append(time.perf_counter() - started)
        self.given_up += not is_done
        return is_done


@dataclass(frozen=True, slots=True)
class Rush:
    """What became of one phase."""

    seconds: float
    orders: int
    """How many were written."""
    paid: int
    given_up: int
    hold_seconds: Sequence[float]
    payment_seconds: Sequence[float]
    """Of each event, done or given up."""
    commits: Counter[str]
    """All attempts to commit for an event, by Firestore's answer."""
    rpcs: int
    """Of the service only: the app's one RPC per order is not counted. The same holds for reads and writes."""
    reads: int
    writes: int

    @property
    def events(self) -> int:
        return len(self.hold_seconds) + len(self.payment_seconds)


def rush(clients: Sequence[Client], product_ids: Sequence[str], load: Load, wait: Wait = wait) -> Rush:
    """Let the clients buy these products in turn, until time is up or all orders are written.

    When it returns or raises, nobody is buying any more. Raises what a client raised.
    """
    numbers, is_over = count(), threading.Event()

    def buy_on(client: Client) -> None:
        while not is_over.is_set() and (number := next(numbers)) < load.orders_max:
            client.buy(product_ids[number % len(product_ids)])

    started = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        buying = [pool.submit(buy_on, client) for client in clients]
        try:
            wait(buying, timeout=load.seconds, return_when=FIRST_EXCEPTION)
        finally:
            is_over.set()
    for bought in buying:
        bought.result()
    return _total(clients, time.perf_counter() - started)


def _total(clients: Sequence[Client], seconds: float) -> Rush:
    counters = {client.instance.counter for client in clients}
    return Rush(
        seconds=seconds,
        orders=sum(client.orders for client in clients),
        paid=sum(client.paid for client in clients),
        given_up=sum(client.given_up for client in clients),
        hold_seconds=list(chain.from_iterable(client.hold_seconds for client in clients)),
        payment_seconds=list(chain.from_iterable(client.payment_seconds for client in clients)),
        commits=sum((counter.commits for counter in counters), Counter()),
        rpcs=sum(len(counter.names) for counter in counters),
        reads=sum(counter.reads for counter in counters),
        writes=sum(counter.writes for counter in counters),
    )
