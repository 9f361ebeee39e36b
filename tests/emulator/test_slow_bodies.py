"""The real server process while slow clients keep it waiting for bodies."""

import json
import time

from google.cloud import firestore

from tests.support.emulated_shop import statuses, stock_up, write_orders
from tests.support.production_server import Server
from tests.support.slow_clients import OF_EVERY_KIND, UNSIGNED, slow_clients
from tests.support.stripe_objects import a_payment_event
from tests.support.vitals import vitals_of
from tools.polling import polled

THREADS = 16
"""The server's threads."""
SLOW_CLIENTS = 64
PAYMENTS = 15
"""Settled while all clients wait, and again once the server has dropped the first of them."""
ANSWER_SECONDS_MAX = 6.0
DROPPED_SECONDS_MAX = 15.0


def test_payments_are_settled_in_time_while_slow_clients_come_and_go(
    server: Server, firestore_client: firestore.Client
) -> None:
    order_ids = [f"order-{number}" for number in range(2 * PAYMENTS + 1)]
    stock_up(firestore_client, 1_000)
    write_orders(firestore_client, order_ids)
    assert seconds_to_settle(order_ids.pop(), server) < ANSWER_SECONDS_MAX
    before = vitals_of(server.worker())
    with slow_clients(server.port, OF_EVERY_KIND, SLOW_CLIENTS) as seen:
        for order_id in order_ids[:PAYMENTS]:
            assert seconds_to_settle(order_id, server) < ANSWER_SECONDS_MAX
        polled(
            seen.copy,
            lambda seen: seen["408"] > 0 and seen["connected"] > 2 * SLOW_CLIENTS,
            seconds=DROPPED_SECONDS_MAX,
        )
        for order_id in order_ids[PAYMENTS:]:
            assert seconds_to_settle(order_id, server) < ANSWER_SECONDS_MAX
    assert statuses(firestore_client) == {"finalized": 2 * PAYMENTS + 1}
    # The first delivery's connection may still be open before the attack.
    after = polled(
        lambda: vitals_of(server.worker()),
        lambda vitals: (vitals.descriptors or 0) <= (before.descriptors or 0),
        seconds=10,
    )
    # The server starts threads when needed, and keeps them.
    assert (after.threads or 0) <= (before.threads or 0) + THREADS


def seconds_to_settle(order_id: str, server: Server) -> float:
    """How long Stripe waits for the answer."""
    payment = a_payment_event(order_id)
    began = time.monotonic()
    answer = server.deliver(payment)
    assert (answer.status, answer.outcome) == (200, "first_time_finalized")
    return time.monotonic() - began


def test_a_delivery_without_a_signature_is_refused_although_its_body_never_comes(server: Server) -> None:
    answer, seconds = all_that_is_answered(UNSIGNED, server)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"error": "no Stripe-Signature header"}
    assert seconds < 4.0


def all_that_is_answered(request: bytes, server: Server) -> tuple[bytes, float]:
    """Sends only these bytes. Returns the answer until the server closes the connection, and the seconds until then."""
    with server.connect() as connection:
        began = time.monotonic()
        connection.sendall(request)
        answer = connection.makefile("rb").read()
    return answer, time.monotonic() - began
