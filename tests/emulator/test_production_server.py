"""The real server process under Stripe's load."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from flask import Flask, request
from google.cloud import firestore

from service.wiring import service_from
from tests.support.builders import a_reserved_order
from tests.support.emulated_shop import inventory_of, notices_to_customers, statuses, stock_up, write_orders
from tests.support.production_server import Server
from tests.support.recording import RecordingLog
from tests.support.signing import SECRET
from tests.support.stripe_objects import the_event, three_events_of_one_payment


def test_three_events_and_a_duplicate_for_each_order_from_eight_clients(
    server: Server, firestore_client: firestore.Client
) -> None:
    order_ids = [f"order-{number}" for number in range(30)]
    stock_up(firestore_client, 1_000)
    write_orders(firestore_client, order_ids)
    payments = [three_events_of_one_payment(order_id) for order_id in order_ids]
    deliveries = [event for events in payments for event in (*events, events[0])]
    with ThreadPoolExecutor(8) as clients:
        answers = Counter((answer.status, answer.outcome) for answer in clients.map(server.deliver, deliveries))
    assert answers == {
        (200, "first_time_finalized"): 30,
        (200, "already_finalized"): 60,
        (200, "duplicate_detected"): 30,
    }
    assert statuses(firestore_client) == {"finalized": 30}
    assert inventory_of(firestore_client) == (970, 0)
    assert notices_to_customers(firestore_client) == {"paid": 30}
    assert server.resident_megabytes() < 120


def test_an_event_that_was_waiting_for_the_payment_logs_a_line_of_its_own(
    server: Server, firestore_client: firestore.Client
) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(a_reserved_order())
    assert server.deliver(the_event("charge.dispute.created", event_id="evt_dispute")).outcome == "payment_not_found"
    assert server.deliver(the_event("payment_intent.succeeded", event_id="evt_paid")).outcome == "first_time_finalized"
    assert [(line["eventId"], line["result"]) for line in server.log_lines()] == [
        ("evt_dispute", "payment_not_found"),
        ("evt_dispute", "dispute_recorded"),
        ("evt_paid", "first_time_finalized"),
    ]


def test_a_body_in_broken_chunks_is_refused_and_none_of_it_is_logged(server: Server) -> None:
    head = b"POST / HTTP/1.1\r\nHost: shop\r\nStripe-Signature: t=1,v1=0\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(head + b"4242424242424242 is no chunk size\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b'{"error": "the body did not arrive whole"}')
    (line,) = server.log_lines()
    assert line["severity"] == "WARNING"
    assert "4242" not in str(line)


def test_the_canary_proves_secret_server_and_database_and_leaves_nothing_behind(
    server: Server, firestore_client: firestore.Client
) -> None:
    for secret, status, result in ((SECRET, 200, "canary"), (f"whsec_{'1' * 32}", 500, "canary_failed")):
        environment = {"CANARY_URL": server.url, "STRIPE_WEBHOOK_SECRET": secret, "FUNCTIONS_EMULATOR": "true"}
        log = RecordingLog()
        canary = replace(service_from(environment), log=log).webhook_canary()
        with Flask("shop").test_request_context("/", method="POST"):
            assert canary.respond(request).status_code == status
        assert [line["result"] for line in log.lines] == [result]
    assert [line["status"] for line in server.log_lines()] == [200, 400]
    assert list(firestore_client.collections()) == []
