"""Every answer at the front door, and the one line that is logged of it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask, Request, Response, request
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge

from orders.events import NotUnderstood, OrderEvent, PaymentSucceeded
from orders.outcome import (
    OrderNotThereYet,
    Outcome,
    Result,
    StoreContended,
    StoreUnavailable,
    Transient,
)
from service.logs import LOGGED_CHARACTERS_MAX
from tests.support.builders import (
    NOW,
    SECRET,
    Fields,
    a_payment_intent,
    a_stripe_event,
    body_of,
    signature_of,
    the_three_voices,
)
from tests.support.stripe_objects import API_VERSIONS, OBJECT_OF, PRIVATE, the_event
from webhooks.endpoint import BODY_BYTES_MAX, STATUS, NoSecret, NotAPost, WebhookEndpoint
from webhooks.signature import Rejected
from webhooks.translation import NotAnEvent

BODY = body_of(a_stripe_event())
CARD = "4242424242424242"
_app = Flask("shop")


@dataclass
class Settlement:
    """Stands in for settlement: remembers what it was asked to settle, and ends as it was told."""

    ending: Outcome | Exception = field(default_factory=lambda: Outcome(Result.FIRST_TIME_FINALIZED, "order-1"))
    settled: list[tuple[OrderEvent | NotUnderstood, datetime]] = field(default_factory=list)

    def __call__(self, event: OrderEvent | NotUnderstood, now: datetime) -> Outcome:
        self.settled.append((event, now))
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending


@dataclass
class Door:
    """The endpoint, with everything around it in the test's hands."""

    settlement: Settlement = field(default_factory=Settlement)
    secrets: tuple[str, ...] = (SECRET,)
    lines: list[dict[str, Any]] = field(default_factory=list)
    monotonic: Callable[[], float] = lambda: 1.0

    def respond(self, to: Request) -> Response:
        return self.endpoint.respond(to)

    @property
    def endpoint(self) -> WebhookEndpoint:
        return WebhookEndpoint(self.settlement, self.secrets, self._log, lambda: NOW, self.monotonic)

    @property
    def line(self) -> dict[str, Any]:
        """The one line that was logged."""
        (line,) = self.lines
        return line

    def _log(self, severity: str, message: str, **fields: object) -> None:
        self.lines.append({"severity": severity, "message": message, **fields})


def delivered(body: bytes = BODY, door: Door | None = None, *, method: str = "POST", **headers: str) -> Response:
    """The answer to a delivery that is signed unless its headers say otherwise."""
    named = {"Stripe-Signature": signature_of(body), **{name.replace("_", "-"): text for name, text in headers.items()}}
    with _app.test_request_context("/", method=method, data=body, headers=named):
        return (door or Door()).respond(request)


def delivered_event(message: Fields, door: Door | None = None) -> Response:
    return delivered(body_of(message), door)


def a_door_that_ends_in(ending: Outcome | Exception, **fields: Any) -> Door:
    return Door(Settlement(ending), **fields)


def answer_of(response: Response) -> tuple[int, object]:
    assert response.mimetype == "application/json"
    return response.status_code, json.loads(response.data)


# --- Settled, or not ours: 200 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", Result)
def test_whatever_settlement_ends_in_is_answered_200_with_its_word(result: Result) -> None:
    assert answer_of(delivered(door=a_door_that_ends_in(Outcome(result, "order-1")))) == (200, {"result": str(result)})


def test_settlement_is_given_the_event_and_one_present_time() -> None:
    door = Door()
    delivered(door=door)
    ((event, now),) = door.settlement.settled
    assert (event.event_id, event.order_id, now) == ("evt_1", "order-1", NOW)
    assert isinstance(event, PaymentSucceeded)
    assert event.delivery.delivered_at == NOW


NOT_OURS = {
    "no order id": a_stripe_event(a_payment_intent(metadata={})),
    "an impossible order id": a_stripe_event(a_payment_intent(metadata={"orderId": "a/b"})),
    "an unknown type": a_stripe_event(event_type="customer.subscription.trial_will_end"),
    "a session with nothing to pay": the_event("checkout.session.completed", payment_status="no_payment_required"),
    "a refund of no payment": the_event("refund.created", payment_intent=None, charge=None),
    "a thin event": {"object": "v2.core.event", "id": "evt_1", "type": "v1.x"},
}


@pytest.mark.parametrize("message", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_is_never_refused_and_never_reaches_settlement(message: Fields) -> None:
    door = Door()
    assert answer_of(delivered_event(message, door)) == (200, {"result": "ignored"})
    assert door.settlement.settled == []
    assert (door.line["severity"], door.line["result"], door.line["eventId"]) == ("INFO", "ignored", "evt_1")


@pytest.mark.parametrize("event_type", OBJECT_OF)
@pytest.mark.parametrize("api_version", API_VERSIONS)
def test_all_that_happens_to_a_payment_reaches_settlement(event_type: str, api_version: str) -> None:
    door = Door()
    assert delivered_event(the_event(event_type, api_version), door).status_code == 200
    ((event, _),) = door.settlement.settled
    assert (event.event_id, event.event_type) == ("evt_1", event_type)


def test_what_is_not_understood_is_given_to_settlement_to_keep() -> None:
    door = a_door_that_ends_in(Outcome(Result.ERROR, "order-1", "currency must be three lower-case letters"))
    assert delivered_event(a_stripe_event(a_payment_intent(currency=None)), door).status_code == 200
    ((event, _),) = door.settlement.settled
    assert isinstance(event, NotUnderstood)
    assert door.line["severity"] == "ERROR"
    assert door.line["message"] == "error: currency must be three lower-case letters"


# --- Not Stripe's: 400 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "signature", "error"),
    [
        (BODY, "", "no Stripe-Signature header"),
        (BODY, signature_of(BODY, secret="whsec_stranger"), "signature verification failed"),
        (b"", signature_of(BODY), "signature verification failed"),
        (BODY, "t=1,v1=\xe9", "signature verification failed"),
        (BODY, signature_of(BODY, at=datetime.fromtimestamp(NOW.timestamp() - 301, NOW.tzinfo)), "timestamp outside"),
        (BODY, signature_of(BODY, at=datetime.fromtimestamp(NOW.timestamp() + 301, NOW.tzinfo)), "timestamp outside"),
        (b"{", signature_of(b"{"), "the body is not JSON"),
        (b"[]", signature_of(b"[]"), "the body is not a JSON object"),
        (b"{}", signature_of(b"{}"), "the body is not an event"),
        (b"[" * 100_000, signature_of(b"[" * 100_000), "the body is not JSON"),
        (b"\xff", signature_of(b"\xff"), "signature verification failed"),
    ],
    ids=[
        "unsigned",
        "forged",
        "empty",
        "not ascii",
        "stale",
        "future",
        "no json",
        "list",
        "no event",
        "deep",
        "no utf8",
    ],
)
def test_what_stripe_did_not_send_is_refused_in_one_line_and_settles_nothing(
    body: bytes, signature: str, error: str
) -> None:
    door = Door()
    status, answer = answer_of(delivered(body, door, Stripe_Signature=signature))
    assert status == 400
    assert isinstance(answer, dict)
    assert answer["error"].startswith(error)
    assert "\n" not in answer["error"]
    assert door.settlement.settled == []
    assert (door.line["severity"], door.line["result"]) == ("WARNING", "rejected")


def test_a_delivery_without_the_header_at_all_is_refused() -> None:
    with _app.test_request_context("/", method="POST", data=BODY):
        assert Door().respond(request).status_code == 400


def test_a_secret_that_is_being_rolled_is_still_good() -> None:
    door = Door(secrets=("whsec_new", SECRET))
    assert delivered(door=door).status_code == 200


# --- Not a POST, too large --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_a_post_is_served(method: str) -> None:
    door = Door()
    response = delivered(door=door, method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert door.settlement.settled == []
    assert door.line["severity"] == "INFO"


def test_a_health_probe_is_told_405_even_before_a_secret_is_set() -> None:
    with _app.test_request_context("/__/health"):
        assert Door(secrets=()).respond(request).status_code == 405


def a_body_of(size: int) -> bytes:
    """An event that is this many bytes long."""
    padding = size - len(body_of(a_stripe_event(padding="")))
    return body_of(a_stripe_event(padding="x" * padding))


def test_a_body_of_one_mebibyte_is_served() -> None:
    body = a_body_of(BODY_BYTES_MAX)
    assert len(body) == 1_048_576
    assert delivered(body).status_code == 200


TOO_LARGE = {"error": "the body is larger than 1048576 bytes"}


def test_a_body_of_one_byte_more_is_refused() -> None:
    door = Door()
    assert answer_of(delivered(a_body_of(BODY_BYTES_MAX + 1), door)) == (413, TOO_LARGE)
    assert door.settlement.settled == []
    assert (door.line["severity"], door.line["result"]) == ("WARNING", "rejected")


def a_chunked_request(body: bytes) -> dict[str, Any]:
    """A body that comes in chunks: nobody knows its length before its end."""
    return {
        "method": "POST",
        "input_stream": io.BytesIO(body),
        "headers": {"Stripe-Signature": signature_of(body), "Transfer-Encoding": "chunked"},
        "environ_overrides": {"wsgi.input_terminated": True},
    }


def test_a_chunked_body_is_served() -> None:
    with _app.test_request_context("/", **a_chunked_request(BODY)):
        assert Door().respond(request).status_code == 200


def test_a_chunked_body_over_one_mebibyte_is_refused() -> None:
    with _app.test_request_context("/", **a_chunked_request(a_body_of(BODY_BYTES_MAX + 1))):
        assert answer_of(Door().respond(request)) == (413, TOO_LARGE)


def test_no_more_of_a_body_is_read_than_could_be_served() -> None:
    chunked = a_chunked_request(b"x" * 10 * BODY_BYTES_MAX)
    with _app.test_request_context("/", **chunked):
        Door().respond(request)
    assert chunked["input_stream"].tell() <= BODY_BYTES_MAX + 1


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "whole"])
def test_the_framework_can_read_a_refused_body_once_more_after_the_answer(*, chunked: bool) -> None:
    body = a_body_of(BODY_BYTES_MAX + 2)
    with _app.test_request_context("/", **a_chunked_request(body) if chunked else {"method": "POST", "data": body}):
        assert Door().respond(request).status_code == 413
        request.get_data()


@pytest.mark.parametrize(("method", "secrets"), [("GET", (SECRET,)), ("OPTIONS", (SECRET,)), ("POST", ())])
def test_a_body_that_nobody_needs_is_never_read(method: str, secrets: tuple[str, ...]) -> None:
    chunked = {**a_chunked_request(b"x" * 10 * BODY_BYTES_MAX), "method": method}
    with _app.test_request_context("/", **chunked):
        Door(secrets=secrets).respond(request)
        assert request.get_data() == b""
    assert chunked["input_stream"].tell() == 0


def test_a_body_that_breaks_off_is_told_so() -> None:
    with _app.test_request_context(
        "/",
        method="POST",
        input_stream=io.BytesIO(BODY[:10]),
        headers={"Stripe-Signature": signature_of(BODY)},
        environ_overrides={"CONTENT_LENGTH": str(len(BODY))},
    ):
        assert answer_of(Door().respond(request)) == (400, {"error": "the body did not arrive whole"})


# --- Not yet, and never -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OrderNotThereYet("o"), StoreContended("o"), StoreUnavailable("o"), Transient("o")])
def test_what_was_not_settled_is_asked_for_again_and_never_answered_200(error: Transient) -> None:
    door = a_door_that_ends_in(error)
    response = delivered(door=door)
    assert answer_of(response) == (503, {"error": "not settled yet, deliver again"})
    assert int(response.headers["Retry-After"]) > 0
    assert (door.line["severity"], door.line["result"]) == ("WARNING", "not_settled")


@pytest.mark.parametrize("fault", [ValueError(CARD), KeyError(CARD), AssertionError(CARD), RecursionError(CARD)])
def test_a_swallowed_exception_is_never_answered_200(fault: Exception) -> None:
    door = a_door_that_ends_in(fault)
    assert answer_of(delivered(door=door)) == (500, {"error": "internal error"})
    assert (door.line["severity"], door.line["result"]) == ("ERROR", "fault")


def test_a_fault_is_reported_with_its_trace() -> None:
    door = a_door_that_ends_in(ZeroDivisionError("of ours"))
    delivered(door=door)
    assert door.line["message"] == "ZeroDivisionError: of ours"
    assert door.line["stack_trace"].startswith("Traceback (most recent call last):")
    assert door.line["stack_trace"].rstrip().endswith("ZeroDivisionError: of ours")


@pytest.mark.parametrize("ending", [Outcome(Result.RESERVED, "o"), StoreContended("o")], ids=["settled", "transient"])
def test_only_a_fault_has_a_trace(ending: Outcome | Exception) -> None:
    door = a_door_that_ends_in(ending)
    delivered(door=door)
    assert "stack_trace" not in door.line


def test_without_a_secret_it_refuses_to_serve_and_says_so() -> None:
    door = Door(secrets=())
    assert answer_of(delivered(door=door)) == (500, {"error": "this endpoint is not configured"})
    assert door.settlement.settled == []
    assert door.line["severity"] == "CRITICAL"
    assert "STRIPE_WEBHOOK_SECRET is not set" in door.line["message"]


# --- The table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Rejected, 400),
        (NotAnEvent, 400),
        (BadRequest, 400),
        (ClientDisconnected, 400),
        (NotAPost, 405),
        (RequestEntityTooLarge, 413),
        (NoSecret, 500),
        (Exception, 500),
        (OSError, 500),
        (Transient, 503),
        (StoreContended, 503),
        (StoreUnavailable, 503),
        (OrderNotThereYet, 503),
    ],
)
def test_every_ending_has_its_status(kind: type[Exception], status: int) -> None:
    assert delivered(door=a_door_that_ends_in(kind("why"))).status_code == status


def test_nothing_but_work_done_or_not_ours_is_answered_2xx() -> None:
    assert [kind.__name__ for kind, status in STATUS.items() if status < 300] == ["Outcome", "Ignored"]
    assert all(HTTPStatus(status) for status in STATUS.values())


def test_every_exception_there_is_has_a_status() -> None:
    def kinds_under(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(kinds_under(under) for under in kind.__subclasses__()))

    for kind in kinds_under(Exception):
        assert any(above in STATUS for above in kind.__mro__)


# --- The log ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        a_stripe_event(event_type="x" * 100_000),
        {"object": "v2.core.event", "id": "x" * 100_000, "type": "x" * 100_000},
    ],
    ids=["event", "thin event"],
)
def test_a_line_has_bounds(message: Fields) -> None:
    door = Door()
    delivered_event(message, door)
    assert len(json.dumps(door.line)) < 4_000


def test_a_long_note_is_shortened() -> None:
    door = a_door_that_ends_in(Outcome(Result.REFUNDED, "order-1", "x" * 100_000))
    delivered(door=door)
    assert len(door.line["message"]) == LOGGED_CHARACTERS_MAX


def test_one_line_tells_a_delivery_by_ids_and_names() -> None:
    ticks = iter([10.0, 11.23456])
    door = Door(monotonic=lambda: next(ticks))
    delivered(door=door, X_Cloud_Trace_Context="105445aa7843bc8bf206b12000100000/1;o=1")
    assert door.line == {
        "severity": "INFO",
        "message": "first_time_finalized",
        "eventId": "evt_1",
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "result": "first_time_finalized",
        "status": 200,
        "latencyMs": 1234.6,
        "trace": "105445aa7843bc8bf206b12000100000/1;o=1",
    }


def test_the_line_names_the_order_that_a_payment_led_to() -> None:
    door = a_door_that_ends_in(Outcome(Result.REFUNDED, "order-7"))
    delivered_event(the_event("refund.updated"), door)
    assert door.line["orderId"] == "order-7"


def test_a_delivery_that_was_not_settled_is_logged_with_its_ids_too() -> None:
    door = a_door_that_ends_in(StoreUnavailable("ServiceUnavailable"))
    delivered(door=door)
    assert (door.line["eventId"], door.line["orderId"], door.line["status"]) == ("evt_1", "order-1", 503)
    assert door.line["message"] == "StoreUnavailable: ServiceUnavailable"
    assert door.line["trace"] is None


@pytest.mark.parametrize(
    ("result", "note", "severity"),
    [
        (Result.FIRST_TIME_FINALIZED, None, "INFO"),
        (Result.DUPLICATE_DETECTED, None, "INFO"),
        (Result.FIRST_TIME_FINALIZED, "inventory_gone: 3 of 'shirt' could not be counted", "WARNING"),
        (Result.ALREADY_FINALIZED, "second_payment: pi_2 paid an order that pi_1 had paid", "WARNING"),
        (Result.REFUND_DUE, "insufficient_stock: …", "WARNING"),
        (Result.QUARANTINED, "amount_mismatch: …", "WARNING"),
        (Result.ORDER_NOT_FOUND, None, "ERROR"),
        (Result.ERROR, "currency must be three lower-case letters", "ERROR"),
    ],
)
def test_what_a_person_must_see_stands_out(result: Result, note: str | None, severity: str) -> None:
    door = a_door_that_ends_in(Outcome(result, "order-1", note))
    delivered(door=door)
    assert door.line["severity"] == severity
    assert door.line["message"] == (f"{result}: {note}" if note else result)


def a_card_payment() -> Fields:
    """An event that carries more than anybody may see in a log."""
    details = {"card": {"number": CARD, "last4": "4242"}}
    return a_stripe_event(a_payment_intent(payment_method_details=details, receipt_email="alice@example.com"))


ENDINGS: list[Outcome | Exception] = [
    Outcome(Result.FIRST_TIME_FINALIZED, "order-1"),
    Outcome(Result.ERROR, "order-1", "why"),
    StoreContended("evt_1"),
    ZeroDivisionError("of ours"),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
def test_no_secret_no_body_and_no_card_is_in_log_or_answer(ending: Outcome | Exception) -> None:
    door = a_door_that_ends_in(ending)
    body = body_of(a_card_payment())
    for said in (delivered(body, door).get_data(as_text=True), json.dumps(door.lines)):
        assert SECRET not in said
        assert "4242" not in said
        assert "alice@example.com" not in said
        assert signature_of(body).partition("v1=")[2] not in said


@pytest.mark.parametrize("event_type", OBJECT_OF)
def test_no_line_and_no_answer_tells_of_a_customer_or_a_card(event_type: str) -> None:
    door = Door()
    said = delivered_event(the_event(event_type), door).get_data(as_text=True) + json.dumps(door.lines)
    assert not [word for word in PRIVATE if word in said]


@pytest.mark.parametrize(
    "body", [body_of(a_card_payment())[:-1], body_of([CARD]), body_of({"id": CARD})], ids=["torn", "list", "no event"]
)
def test_a_refused_body_is_repeated_nowhere(body: bytes) -> None:
    door = Door()
    said = delivered(body, door).get_data(as_text=True) + json.dumps(door.lines)
    assert "4242" not in said
    assert SECRET not in said


def test_the_endpoint_does_not_show_its_secrets() -> None:
    assert SECRET not in repr(WebhookEndpoint(Settlement(), (SECRET,), print, lambda: NOW, lambda: 1.0))


def test_every_delivery_of_a_payment_leaves_exactly_one_line() -> None:
    door = Door()
    for voice in the_three_voices("order-1"):
        delivered_event(voice, door)
    assert len(door.lines) == 3
