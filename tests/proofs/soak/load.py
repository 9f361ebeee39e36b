"""A steady load: whole lives of orders, and what else knocks at a webhook's door, each with the answer it must get."""

import itertools
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException
from typing import Final

from google.cloud import firestore

from orders.events import OrderPlaced
from tests.support.builders import a_catalogue_entry, an_order, signature_of
from tests.support.emulated_shop import settle_in
from tests.support.production_server import Answer, Server
from tests.support.stripe_objects import CURRENT, an_event, the_event
from webhooks.endpoint import BODY_BYTES_MAX

STOCK: Final = 10_000_000
_PRODUCTS: Final = ("shirt", "hat", "cup")


@dataclass(frozen=True, slots=True)
class Request:
    name: str
    send: Callable[[Server], Answer]
    answer: tuple[int, str]
    """Its status, and the result or the error that it names."""


@dataclass
class Tally:
    answered: Counter[str] = field(default_factory=Counter)
    """Requests that were answered as they should be, by name."""
    wrong: Counter[str] = field(default_factory=Counter)
    """What was wrong with the others."""


class Pace:
    """So many turns a second for all clients together; who is late does not hurry."""

    def __init__(self, a_second: float) -> None:
        self._interval = 1 / a_second
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            mine = self._next = max(self._next, now - self._interval) + self._interval
        time.sleep(max(mine - now, 0))


class Shop:
    """Customers and Stripe, at a server's door."""

    def __init__(self, client: firestore.Client, server: Server) -> None:
        self.tally = Tally()
        self._client, self._server = client, server
        self._settle = settle_in(client)
        self._numbers = itertools.count()
        for product_id in _PRODUCTS:
            client.document(f"inventory/{product_id}").set({"stock": STOCK, "reserved": 0})
            client.document(f"products/{product_id}").set(a_catalogue_entry(name=product_id))

    @property
    def initial_stock(self) -> Mapping[str, int]:
        return dict.fromkeys(_PRODUCTS, STOCK)

    @property
    def requests(self) -> int:
        return self.tally.answered.total() + self.tally.wrong.total()

    def lives_until(self, over: threading.Event, pace: Pace) -> None:
        """One life after the other, each to its end."""
        while not over.is_set():
            number = next(self._numbers)
            for request in _life(self, number):
                pace.wait()
                self.ask(request)

    def ask(self, request: Request) -> None:
        try:
            answer = request.send(self._server)
            said = (answer.status, str(next(iter(json.loads(answer.body).values()))))
        except (OSError, HTTPException, ValueError) as error:
            self.tally.wrong[f"{request.name}: {type(error).__name__}: {error}"] += 1
            return
        if said == request.answer:
            self.tally.answered[request.name] += 1
        else:
            self.tally.wrong[f"{request.name}: {said}, and should be {request.answer}"] += 1

    def write_order(self, order_id: str, product_id: str) -> None:
        order = an_order(items=[{"productId": product_id, "quantity": 3}], createdAt=datetime.now(UTC))
        self._client.document(f"orders/{order_id}").create(order)

    def place(self, order_id: str, product_id: str) -> None:
        """What the trigger does; only the webhook is served."""
        self._settle(OrderPlaced(order_id, (product_id,)), datetime.now(UTC))


def _life(shop: Shop, number: int) -> Iterator[Request]:
    """One order from its customer's click to its end. What each request is answered follows from those before it."""
    dice = random.Random(number)  # noqa: S311 - no secret
    order_id, product_id = f"order-{number}", dice.choice(_PRODUCTS)
    told = partial(_told_of, order_id)
    is_late = number % 5 == 0
    shop.write_order(order_id, product_id)
    if not is_late:
        shop.place(order_id, product_id)
    yield from _strangers(number)
    if number % 3 == 0:
        yield _delivery(
            "declined", told("payment_intent.payment_failed", charge_id=f"ch_{order_id}_0"), "payment_failed"
        )
    if number % 6 == 5:
        yield _delivery("given up", told("payment_intent.canceled"), "cancelled")
        return
    first, *others = voices = dice.sample(_voices(told, order_id), 3)
    yield _delivery("paid", first, "first_time_finalized")
    yield from (_delivery("paid, in another voice", voice, "already_finalized") for voice in others)
    yield _delivery("delivered twice", dice.choice(voices), "duplicate_detected")
    if is_late:
        shop.place(order_id, product_id)
    if number % 4 == 0:
        yield _delivery("refunded", told("refund.created"), "refunded")
        yield _delivery("refunded, once more", told("refund.updated"), "already_recorded")


def _voices(told: Callable[..., Mapping[str, object]], order_id: str) -> list[Mapping[str, object]]:
    return [
        told("charge.succeeded"),
        told("payment_intent.succeeded", latest_charge=f"ch_{order_id}"),
        told("checkout.session.completed"),
    ]


def _strangers(number: int) -> Iterator[Request]:
    """What is no good, or none of ours."""
    forged = an_event("payment_intent.succeeded", {}, f"evt_{number}_forged")
    match number % 8:
        case 0:
            yield Request("forged", lambda server: server.deliver(forged, secret="whsec_of_nobody"), _FORGED)
        case 1:
            customer = an_event("customer.created", {"id": "cus_1", "object": "customer"}, f"evt_{number}_customer")
            yield _delivery("not ours", customer, "ignored")
        case 2:
            yield Request("garbage", partial(_post_signed, body=b"{" * 3_000), (400, "the body is not JSON"))
        case 3:
            yield Request("a GET", _get, (405, "only POST is served here"))
        case 4:
            payment = {"payment_intent": f"pi_{number}_stranger", "charge": f"ch_{number}_stranger"}
            refund = the_event("refund.created", event_id=f"evt_{number}_stranger", **payment)
            yield _delivery("refund of a stranger", refund, "payment_not_found")
        case 5 if number % 40 == 5:
            yield Request("too large", partial(_post_signed, body=b" " * (BODY_BYTES_MAX + 1)), _TOO_LARGE)


_FORGED: Final = (400, "signature verification failed")
_TOO_LARGE: Final = (413, f"the body is larger than {BODY_BYTES_MAX} bytes")


def _delivery(name: str, event: Mapping[str, object], result: str) -> Request:
    return Request(name, lambda server: server.deliver(event), (200, result))


def _told_of(order_id: str, event_type: str, **fields: object) -> Mapping[str, object]:
    """One event of the order's payment, whole."""
    intent_id, charge_id, names = f"pi_{order_id}", f"ch_{order_id}", {"metadata": {"orderId": order_id}}
    kind = event_type.partition(".")[0]
    known: Mapping[str, Mapping[str, object]] = {
        "payment_intent": {"id": intent_id, **names},
        "charge": {"id": charge_id, "payment_intent": intent_id, **names},
        "checkout": {"payment_intent": intent_id, "client_reference_id": order_id},
        "refund": {"id": f"re_{order_id}", "payment_intent": intent_id, "charge": charge_id},
    }
    event_id = f"evt_{order_id}_{event_type}".replace(".", "_")
    return the_event(event_type, CURRENT, event_id, **{**known[kind], **fields})


def _post_signed(server: Server, body: bytes) -> Answer:
    return server.post(body, {"Stripe-Signature": signature_of(body, at=datetime.now(UTC))})


def _get(server: Server) -> Answer:
    try:
        with urllib.request.urlopen(server.url, timeout=20) as answer:
            return Answer(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))
