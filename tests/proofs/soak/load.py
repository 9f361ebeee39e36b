"""A steady load: whole lives of orders and other requests to a webhook, each with its expected answer."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from typing import Final

from google.cloud import firestore

from orders.shop_events import OrderPlaced
from receiving.body import BODY_BYTES_MAX
from tests.support import http_client
from tests.support.builders import Fields
from tests.support.emulated_shop import list_in_catalogue, now, settle_in, stock_up, write_orders
from tests.support.http_client import Answer, signed_now
from tests.support.production_server import Server
from tests.support.stripe_objects import an_event, an_event_for, the_event, three_events_of_one_payment

STOCK: Final = 10_000_000
_PRODUCTS: Final = ("shirt", "hat", "cup")


@dataclass(frozen=True, slots=True)
class Request:
    name: str
    send: Callable[[Server], Answer]
    answer: tuple[int, str]
    """The expected status, and the expected result or error."""


@dataclass
class Tally:
    answered: Counter[str] = field(default_factory=Counter)
    """Requests that were answered as expected, by name."""
    wrong: Counter[str] = field(default_factory=Counter)
    """What was wrong with the others."""


class Pace:
    """A fixed number of turns a second for all clients together; missed turns are not made up for."""

    def __init__(self, turns_per_second: float) -> None:
        self._interval = 1 / turns_per_second
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            mine = self._next = max(self._next, now - self._interval) + self._interval
        time.sleep(max(mine - now, 0))


class Shop:
    """Customers and Stripe, as clients of one server."""

    def __init__(self, client: firestore.Client, server: Server) -> None:
        self.tally = Tally()
        self._client, self._server = client, server
        self._settle = settle_in(client)
        self._numbers = itertools.count()
        stock_up(client, STOCK, _PRODUCTS)
        list_in_catalogue(client, _PRODUCTS)

    @property
    def initial_stock(self) -> Mapping[str, int]:
        return dict.fromkeys(_PRODUCTS, STOCK)

    @property
    def requests(self) -> int:
        return self.tally.answered.total() + self.tally.wrong.total()

    def lives_until(self, over: threading.Event, pace: Pace) -> None:
        """One order's life after the other, each to its end."""
        while not over.is_set():
            number = next(self._numbers)
            for request in _life(self, number):
                pace.wait()
                self.send(request)

    def send(self, request: Request) -> None:
        try:
            answer = request.send(self._server)
            actual = (answer.status, answer.outcome)
        except (OSError, HTTPException, ValueError) as error:
            self.tally.wrong[f"{request.name}: {type(error).__name__}: {error}"] += 1
            return
        if actual == request.answer:
            self.tally.answered[request.name] += 1
        else:
            self.tally.wrong[f"{request.name}: {actual}, and should be {request.answer}"] += 1

    def write_order(self, order_id: str, product_id: str) -> None:
        items = [{"productId": product_id, "quantity": 3}]
        write_orders(self._client, [order_id], items=items, createdAt=now())

    def place(self, order_id: str, product_id: str) -> None:
        """Does what the trigger does, since only the webhook is served."""
        self._settle(OrderPlaced(order_id, (product_id,)), now())


def _life(shop: Shop, number: int) -> Iterator[Request]:
    """One order from creation to end. The answer to each request follows from those before it."""
    dice = random.Random(number)  # noqa: S311 - no secret
    order_id, product_id = f"order-{number}", dice.choice(_PRODUCTS)
    event = partial(an_event_for, order_id)
    is_late = number % 5 == 0
    shop.write_order(order_id, product_id)
    if not is_late:
        shop.place(order_id, product_id)
    yield from _unrelated(number)
    if number % 3 == 0:
        declined = event("payment_intent.payment_failed", charge_id=f"ch_{order_id}_0")
        yield _delivery("declined", declined, "payment_failed")
    if number % 6 == 5:
        yield _delivery("canceled", event("payment_intent.canceled"), "cancelled")
        return
    first, *others = events = dice.sample(three_events_of_one_payment(order_id), 3)
    yield _delivery("paid", first, "first_time_finalized")
    yield from (_delivery("paid, by another event", other, "already_finalized") for other in others)
    yield _delivery("delivered twice", dice.choice(events), "duplicate_detected")
    if is_late:
        shop.place(order_id, product_id)
    if number % 4 == 0:
        yield _delivery("refunded", event("refund.created"), "refunded")
        yield _delivery("refunded, reported again", event("refund.updated"), "already_recorded")


def _unrelated(number: int) -> Iterator[Request]:
    """Requests that are invalid, or concern no order of the shop."""
    match number % 8:
        case 0:
            forged = an_event("payment_intent.succeeded", {}, f"evt_{number}_forged")
            yield Request("forged", lambda server: server.deliver(forged, secret="whsec_of_nobody"), _FORGED)
        case 1:
            customer = an_event("customer.created", {"id": "cus_1", "object": "customer"}, f"evt_{number}_customer")
            yield _delivery("not ours", customer, "ignored")
        case 2:
            yield Request("garbage", partial(_post_signed, body=b"{" * 3_000), (400, "the body is not JSON"))
        case 3:
            yield Request("a GET", lambda server: http_client.request(server.url), (405, "only POST is served here"))
        case 4:
            payment = {"payment_intent": f"pi_{number}_elsewhere", "charge": f"ch_{number}_elsewhere"}
            refund = the_event("refund.created", event_id=f"evt_{number}_elsewhere", **payment)
            yield _delivery("refund of another shop", refund, "payment_not_found")
        case 5 if number % 40 == 5:
            yield Request("too large", partial(_post_signed, body=b" " * (BODY_BYTES_MAX + 1)), _TOO_LARGE)


_FORGED: Final = (400, "signature verification failed")
_TOO_LARGE: Final = (413, f"the body is larger than {BODY_BYTES_MAX} bytes")


def _delivery(name: str, event: Fields, result: str) -> Request:
    return Request(name, lambda server: server.deliver(event), (200, result))


def _post_signed(server: Server, body: bytes) -> Answer:
    return server.post(body, signed_now(body))
