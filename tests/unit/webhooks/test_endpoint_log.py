"""The one log line about a delivery, and what neither the line nor the answer reveals."""

import json

import pytest

from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from receiving.watchdog import Watchdog
from tests.support.builders import NOW, Fields
from tests.support.recording import RecordingLog, RecordingSettlement
from tests.support.signing import SECRET, body_of, signature_of
from tests.support.stripe.customer import PRIVATE
from tests.support.stripe_objects import OBJECT_OF, a_stripe_event, the_event
from tests.support.watched_endpoint import WatchedEndpoint, an_endpoint_that_ends_in, delivered, delivered_event
from webhooks.endpoint import WebhookEndpoint
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

CARD = "4242424242424242"


@pytest.mark.parametrize(
    "message",
    [a_stripe_event(event_type="x" * 100_000), {"object": "v2.core.event", "id": "x" * 100_000, "type": "x" * 100_000}],
    ids=["event", "thin event"],
)
def test_a_line_has_bounds(message: Fields) -> None:
    endpoint = WatchedEndpoint()
    delivered_event(message, endpoint)
    assert len(json.dumps(endpoint.line)) < 4_000


def test_one_line_identifies_a_delivery_by_ids_and_names() -> None:
    ticks = iter([10.0, 11.23456])
    endpoint = WatchedEndpoint(monotonic=lambda: next(ticks))
    delivered(endpoint=endpoint, X_Cloud_Trace_Context="105445aa7843bc8bf206b12000100000/1;o=1")
    assert endpoint.line == {
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
    endpoint = an_endpoint_that_ends_in(Outcome(Result.REFUNDED, "order-7"))
    delivered_event(the_event("refund.updated"), endpoint)
    assert endpoint.line["orderId"] == "order-7"


def test_a_delivery_that_was_not_settled_is_logged_with_its_ids_too() -> None:
    endpoint = an_endpoint_that_ends_in(StoreUnavailable("ServiceUnavailable"))
    delivered(endpoint=endpoint)
    line = endpoint.line
    assert (line["message"], line["result"]) == ("StoreUnavailable: ServiceUnavailable", "not_settled")
    assert (line["eventId"], line["orderId"], line["status"], line["trace"]) == ("evt_1", "order-1", 503, None)


def a_card_payment() -> Fields:
    """An event that contains more than any log may."""
    details = {"card": {"number": CARD, "last4": "4242"}}
    return the_event("payment_intent.succeeded", payment_method_details=details, receipt_email="alice@example.com")


ENDINGS: list[Outcome | Exception] = [
    Outcome(Result.FIRST_TIME_FINALIZED, "order-1"),
    Outcome(Result.ERROR, "order-1", "why"),
    StoreContended("evt_1"),
    ZeroDivisionError("of ours"),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
def test_no_secret_no_body_and_no_card_is_in_log_or_answer(ending: Outcome | Exception) -> None:
    endpoint = an_endpoint_that_ends_in(ending)
    body = body_of(a_card_payment())
    for text in (delivered(body, endpoint).get_data(as_text=True), json.dumps(endpoint.lines)):
        assert SECRET not in text
        assert "4242" not in text
        assert "alice@example.com" not in text
        assert signature_of(body).partition("v1=")[2] not in text


def test_no_line_and_no_answer_reveals_a_customer_or_a_card() -> None:
    endpoint = WatchedEndpoint()
    answers = [delivered_event(the_event(event_type), endpoint).get_data(as_text=True) for event_type in OBJECT_OF]
    assert not [word for word in PRIVATE if word in json.dumps([answers, endpoint.lines])]


@pytest.mark.parametrize(
    "body", [body_of(a_card_payment())[:-1], body_of([CARD]), body_of({"id": CARD})], ids=["torn", "list", "no event"]
)
def test_a_refused_body_is_repeated_nowhere(body: bytes) -> None:
    endpoint = WatchedEndpoint()
    answer = delivered(body, endpoint)
    text = answer.get_data(as_text=True) + json.dumps(endpoint.lines)
    assert answer.status_code == 400
    assert "4242" not in text
    assert SECRET not in text


def test_the_endpoint_does_not_show_its_secrets() -> None:
    watchdog = Watchdog(lambda: 1.0, patient_max=1)
    secrets, log = (SigningSecret(SECRET),), RecordingLog()
    endpoint = WebhookEndpoint(RecordingSettlement(), secrets, Naming(), log, lambda: NOW, lambda: 1.0, watchdog)
    assert SECRET not in repr(endpoint)
