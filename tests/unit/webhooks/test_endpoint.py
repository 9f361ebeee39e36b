"""Every answer of the webhook endpoint."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge, RequestTimeout

from orders.events import NotUnderstood, PaymentSucceeded
from orders.outcome import OrderNotThereYet, Outcome, Result, StoreContended, StoreUnavailable, Transient
from tests.support.builders import NOW, Fields
from tests.support.signing import SECRET, signature_of
from tests.support.stripe_objects import the_event
from tests.support.watched_endpoint import (
    BODY,
    WatchedEndpoint,
    an_endpoint_that_ends_in,
    answer_of,
    delivered,
    delivered_event,
)
from webhooks.endpoint import STATUS, NoSecret, NotAPost
from webhooks.ownership import Naming
from webhooks.signature import Rejected
from webhooks.signing_secrets import SigningSecret
from webhooks.translation import NotAnEvent

CARD = "4242424242424242"


# --- Settled, or not ours: 200 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", Result)
def test_whatever_settlement_ends_in_is_answered_200_with_its_word(result: Result) -> None:
    endpoint = an_endpoint_that_ends_in(Outcome(result, "order-1"))
    assert answer_of(delivered(endpoint=endpoint)) == (200, {"result": result.value})


def test_settlement_is_given_the_event_and_one_present_time() -> None:
    endpoint = WatchedEndpoint()
    delivered(endpoint=endpoint)
    ((event, now),) = endpoint.settlement.settled
    assert (event.event_id, event.order_id, now) == ("evt_1", "order-1", NOW)
    assert isinstance(event, PaymentSucceeded)
    assert event.delivery.delivered_at == NOW


NOT_OURS = {
    "neither order nor payment": the_event("checkout.session.expired", metadata={}),
    "an impossible order id": the_event("payment_intent.succeeded", metadata={"orderId": "a/b"}),
    "an order of another shop": the_event("charge.succeeded", metadata={"orderId": "order-1", "shop": "staging"}),
    "a payer's word": the_event("checkout.session.completed", metadata={}, client_reference_id="order-1"),
    "an unknown type": the_event("charge.succeeded") | {"type": "customer.subscription.trial_will_end"},
    "a session with nothing to pay": the_event("checkout.session.completed", payment_status="no_payment_required"),
    "a refund of no payment": the_event("refund.created", payment_intent=None, charge=None),
    "a thin event": {"object": "v2.core.event", "id": "evt_1", "type": "v1.x"},
}


@pytest.mark.parametrize("message", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_is_never_refused_and_never_reaches_settlement(message: Fields) -> None:
    endpoint = WatchedEndpoint(naming=Naming(shop_id="production"))
    assert answer_of(delivered_event(message, endpoint)) == (200, {"result": "ignored"})
    assert endpoint.settlement.settled == []
    line = endpoint.line
    assert (line["severity"], line["result"], line["eventId"]) == ("INFO", "ignored", "evt_1")


def test_what_is_not_understood_is_given_to_settlement_to_keep() -> None:
    endpoint = an_endpoint_that_ends_in(Outcome(Result.ERROR, "order-1", "currency must be three lower-case letters"))
    assert delivered_event(the_event("payment_intent.succeeded", currency=None), endpoint).status_code == 200
    ((event, _),) = endpoint.settlement.settled
    assert isinstance(event, NotUnderstood)
    assert endpoint.line["severity"] == "ERROR"
    assert endpoint.line["message"] == "error: currency must be three lower-case letters"


# --- Not Stripe's: 400 ------------------------------------------------------------------------------------------------

FOR_LIVE = SigningSecret(SECRET, livemode=True)
FORGED, STALE = "signature verification failed", "timestamp outside the tolerance"
REFUSED = {
    "unsigned": (BODY, "", "no Stripe-Signature header"),
    "forged": (BODY, signature_of(BODY, secret="whsec_of_nobody"), FORGED),
    "stale": (BODY, signature_of(BODY, at=NOW - timedelta(seconds=301)), STALE),
    "no json": (b"{", signature_of(b"{"), "the body is not JSON"),
    "no event": (b"{}", signature_of(b"{}"), "the body is not an event"),
}


@pytest.mark.parametrize("secret", [SigningSecret(SECRET), FOR_LIVE], ids=["any mode", "live mode"])
@pytest.mark.parametrize(("body", "signature", "error"), REFUSED.values(), ids=REFUSED)
def test_what_stripe_did_not_send_is_refused_and_settles_nothing(
    body: bytes, signature: str, error: str, secret: SigningSecret
) -> None:
    endpoint = WatchedEndpoint(secrets=(secret,))
    assert answer_of(delivered(body, endpoint, Stripe_Signature=signature)) == (400, {"error": error})
    assert endpoint.settlement.settled == []
    assert (endpoint.line["severity"], endpoint.line["result"]) == ("WARNING", "rejected")


@pytest.mark.parametrize("fields", [{}, {"currency": None}], ids=["understood", "not understood"])
def test_a_test_event_that_is_signed_with_a_secret_for_live_mode_is_not_ours(fields: dict[str, Any]) -> None:
    endpoint = WatchedEndpoint(secrets=(FOR_LIVE,))
    answer = delivered_event(the_event("payment_intent.succeeded", **fields), endpoint)
    assert answer_of(answer) == (200, {"result": "ignored"})
    assert endpoint.settlement.settled == []
    line = endpoint.line
    assert (line["eventId"], line["eventType"]) == ("evt_1", "payment_intent.succeeded")
    assert line["message"] == "ignored: an event of test mode, signed with a secret for live mode"


# --- Not a POST: 405 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_a_post_is_served_and_a_health_probe_is_answered_even_before_a_secret_is_set(method: str) -> None:
    endpoint = WatchedEndpoint(secrets=())
    response = delivered(endpoint=endpoint, method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert endpoint.settlement.settled == []
    assert endpoint.line["severity"] == "INFO"


# --- Not settled: 503 and 500 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OrderNotThereYet("o"), StoreContended("o"), StoreUnavailable("o"), Transient("o")])
def test_what_was_not_settled_is_asked_for_again_and_never_answered_200(error: Transient) -> None:
    endpoint = an_endpoint_that_ends_in(error)
    response = delivered(endpoint=endpoint)
    assert answer_of(response) == (503, {"error": "not settled yet, deliver again"})
    assert response.headers["Retry-After"] == "30"
    assert (endpoint.line["severity"], endpoint.line["result"]) == ("WARNING", "not_settled")


@pytest.mark.parametrize("fault", [ValueError(CARD), KeyError(CARD), AssertionError(CARD), RecursionError(CARD)])
def test_a_swallowed_exception_is_never_answered_200_and_reported_with_its_trace(fault: Exception) -> None:
    endpoint = an_endpoint_that_ends_in(fault)
    assert answer_of(delivered(endpoint=endpoint)) == (500, {"error": "internal error"})
    line, what = endpoint.line, f"{type(fault).__name__}: {fault}"
    assert (line["severity"], line["result"], line["message"]) == ("ERROR", "fault", what)
    assert line["stack_trace"].startswith("Traceback (most recent call last):\n  File ")
    assert line["stack_trace"].rstrip().endswith(what)


def test_without_a_secret_it_refuses_to_serve_and_says_so() -> None:
    endpoint = WatchedEndpoint(secrets=())
    assert answer_of(delivered(endpoint=endpoint)) == (500, {"error": "this endpoint is not configured"})
    assert endpoint.settlement.settled == []
    assert endpoint.line["severity"] == "CRITICAL"
    assert "STRIPE_WEBHOOK_SECRET is not set" in endpoint.line["message"]


# --- Why: in the emulators alone --------------------------------------------------------------------------------------

EXPLAINED = {
    "quarantined": (Outcome(Result.QUARANTINED, "order-1", "100 EUR were paid"), "result", "100 EUR were paid"),
    "as usual": (Outcome(Result.FIRST_TIME_FINALIZED, "order-1"), "result", None),
    "not settled": (OrderNotThereYet("order order-1 does not exist yet"), "error", "order order-1 does not exist yet"),
    "a fault": (ValueError(CARD), "error", None),
}


@pytest.mark.parametrize("says_why", [True, False], ids=["emulators", "production"])
@pytest.mark.parametrize(("ending", "word", "reason"), EXPLAINED.values(), ids=EXPLAINED)
def test_an_answer_says_why_in_the_emulators_and_never_in_production(
    ending: Outcome | Exception, word: str, reason: str | None, *, says_why: bool
) -> None:
    endpoint = an_endpoint_that_ends_in(ending)
    endpoint.says_why = says_why
    _, answer = answer_of(delivered(endpoint=endpoint))
    assert isinstance(answer, dict)
    assert answer.keys() == ({word, "reason"} if says_why and reason else {word})
    assert answer.get("reason") == (reason if says_why else None)


def test_in_the_emulators_what_is_not_ours_says_why_it_is_not() -> None:
    answer = delivered_event(the_event("charge.succeeded") | {"type": "charge.updated"}, WatchedEndpoint(says_why=True))
    assert answer_of(answer) == (200, {"result": "ignored", "reason": "type not handled"})


# --- The table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *((kind, 400) for kind in (Rejected, NotAnEvent, BadRequest, ClientDisconnected)),
        *((NotAPost, 405), (RequestTimeout, 408), (RequestEntityTooLarge, 413)),
        *((kind, 500) for kind in (NoSecret, Exception, OSError)),
    ],
)
def test_every_error_has_its_status(kind: type[Exception], status: int) -> None:
    assert delivered(endpoint=an_endpoint_that_ends_in(kind("why"))).status_code == status


def test_nothing_but_work_done_or_not_ours_is_answered_2xx() -> None:
    assert [kind.__name__ for kind, status in STATUS.items() if status < 300] == ["Outcome", "Ignored"]
