"""A bad connection to Firestore: answers are late or lost, connections end. Still an order is settled once."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count

import pytest
from google.cloud import firestore

from database import connection
from database.connection import connect
from database.firestore_store import FirestoreStore
from orders.outcome import StoreUnavailable
from service.wiring import patience, settling
from tests.support.auditor import complaints
from tests.support.builders import NOW, TERMS, a_placement, an_order
from tests.support.emulated_shop import documents_in, inventory_of, order_in, stock_up, write_all
from tests.support.payments import a_payment
from tests.support.recording import silent
from tests.support.scripted_server import Hangup, Request, ScriptedServer, http_answer, listening


@dataclass(frozen=True)
class Way:
    """The connection from the service to the emulator."""

    server: ScriptedServer
    host: str

    def forward(self, request: Request) -> bytes:
        with closing(HTTPConnection(self.host, timeout=10)) as emulator:
            headers = {name: request.headers[name] for name in ("Authorization", "Content-Type")}
            emulator.request("POST", request.path, request.body, headers)
            response = emulator.getresponse()
            return http_answer(response.read(), response.status)


Trouble = Callable[[Way, Request, int], Iterator[bytes]]
"""How the n-th request is answered, counted from 1."""


def hangs_every_second_time(way: Way, request: Request, number: int) -> Iterator[bytes]:
    """Hangs after doing the request."""
    answer = way.forward(request)
    if number % 2 == 0:
        yield from way.server.hang()
    yield answer


def refuses_every_second_time(way: Way, request: Request, number: int) -> Iterator[bytes]:
    yield way.forward(request) if number % 2 == 0 else http_answer(b"upstream connect error", 503)


def ends_every_connection(way: Way, request: Request, number: int) -> Iterator[bytes]:
    yield way.forward(request)
    raise Hangup


def ends_every_connection_that_was_kept(way: Way, request: Request, number: int) -> Iterator[bytes]:
    """Closes the connection before doing the request."""
    if number % 2 == 0:
        raise Hangup
    yield way.forward(request)


def breaks_off_every_second_time(way: Way, request: Request, number: int) -> Iterator[bytes]:
    answer = way.forward(request)
    yield answer if number % 2 else answer[:-5]
    raise Hangup


TROUBLES = (
    hangs_every_second_time,
    refuses_every_second_time,
    ends_every_connection,
    ends_every_connection_that_was_kept,
    breaks_off_every_second_time,
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """`connect` takes it for the emulator. Each try has a fifth of a second."""
    monkeypatch.setattr(connection, "TRY_SECONDS_MAX", 0.2)
    with listening(ScriptedServer(lambda _: ())) as server:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", server.origin.removeprefix("http://"))
        yield server


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_payment_is_settled_once_though_the_server(
    firestore_host: str, firestore_client: firestore.Client, server: ScriptedServer, trouble: Trouble
) -> None:
    stock_up(firestore_client, 10)
    write_all(firestore_client, {"orders/order-1": an_order()})
    way, numbers = Way(server, firestore_host), count(1)
    server.answer = lambda request: trouble(way, request, next(numbers))
    settle = settling(FirestoreStore(connect(firestore_client.project)), TERMS, silent, patience())
    settle(a_placement(), NOW)
    settle(a_payment(), NOW)
    assert order_in(firestore_client, "order-1")["status"] == "finalized"
    assert inventory_of(firestore_client) == (7, 0)
    assert complaints(documents_in(firestore_client), {"shirt": 10}) == []


def test_a_server_that_hangs_is_asked_again_and_given_up_in_time(server: ScriptedServer) -> None:
    server.answer = lambda _: server.hang()
    settle = settling(FirestoreStore(connect("demo-hanging")), TERMS, silent, patience(total_seconds=0.5))
    began_at = time.monotonic()
    with pytest.raises(StoreUnavailable, match="timed out"):
        settle(a_payment(), NOW)
    assert time.monotonic() - began_at < 2
    assert len(server.requests) == server.connections > 1
