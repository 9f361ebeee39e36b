"""The stand-in's answers over HTTP, beyond those of its modules: keys, forms, headers, the page."""

import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.support.http_client import Answer, request
from tests.support.stripe_requests import a_session_request
from tools.stripe_events import Json
from tools.stripe_stand_in.control import StandIn
from tools.stripe_stand_in.process import DidNotStart, running

REFUNDS = "/v1/refunds"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BEARER = {"Authorization": f"Bearer {EMULATORS_KEY}"}


def posted(stand_in: StandIn, path: str, form: Json, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(f"{stand_in.origin}{path}", urlencode(form).encode(), {**FORM, **BEARER, **named})


def error_in(answer: Answer) -> Json:
    error: Json = json.loads(answer.body)["error"]
    return error


def opened(stand_in: StandIn, order_id: str) -> str:
    client = StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)
    # The customer then sees the same page.
    after = f"{stand_in.origin}/pay/{{CHECKOUT_SESSION_ID}}"
    session = client.create_session(a_session_request(order_id, success_url=after), key=order_id)
    assert session.url == f"{stand_in.origin}/pay/{session.session_id}"
    return session.url


def test_the_key_is_taken_as_a_user_name_too(stand_in: StandIn) -> None:
    basic = b64encode(f"{EMULATORS_KEY}:".encode()).decode()
    assert request(f"{stand_in.origin}/v1/events", headers={"Authorization": f"Basic {basic}"}).status == 200


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "You did not provide an API key."),
        ({"Authorization": "Bearer sk_test_12345678abcd"}, "Invalid API Key provided: sk_test_********abcd"),
    ],
)
def test_without_the_key_nothing_is_answered(stand_in: StandIn, headers: dict[str, str], said: str) -> None:
    answer = request(f"{stand_in.origin}/v1/events", headers=headers)
    assert (answer.status, error_in(answer)["message"]) == (401, said)


@pytest.mark.parametrize(("method", "path"), [("PUT", REFUNDS), ("POST", "/v1/customers"), ("DELETE", "/v1/events")])
def test_what_it_does_not_know_is_not_there(stand_in: StandIn, method: str, path: str) -> None:
    answer = request(f"{stand_in.origin}{path}", headers=BEARER, method=method)
    assert (answer.status, error_in(answer)["message"]) == (404, f"Unrecognized request URL ({method}: {path}).")


def test_a_request_that_is_no_form_is_refused(stand_in: StandIn) -> None:
    answer = request(f"{stand_in.origin}{REFUNDS}", b"{}", {**BEARER, "Content-Type": "application/json"})
    assert (answer.status, error_in(answer)["type"]) == (400, "invalid_request_error")


def test_an_answer_names_its_request_its_version_and_its_key(stand_in: StandIn, order_id: str) -> None:
    form = {"payment_intent": f"pi_{order_id}"}
    first, again = (posted(stand_in, REFUNDS, form, Idempotency_Key=order_id, Stripe_Version="v") for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body)
    assert first.headers["Stripe-Version"] == "v"
    assert first.headers["Idempotency-Key"] == order_id
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]


def test_what_is_refused_before_it_is_begun_leaves_its_key_unused(stand_in: StandIn, order_id: str) -> None:
    for form in ({"colour": "red"}, {"payment_intent": f"pi_{order_id}", "amount": "much"}):
        assert posted(stand_in, REFUNDS, form, Idempotency_Key=order_id).status == 400
    answer = posted(stand_in, REFUNDS, {"payment_intent": f"pi_{order_id}"}, Idempotency_Key=order_id)
    assert error_in(answer)["code"] == "resource_missing"


def test_nothing_is_expanded(stand_in: StandIn) -> None:
    answer = request(f"{stand_in.origin}/v1/events?expand[]=data", headers=BEARER)
    assert error_in(answer)["param"] == "expand"


def test_a_customer_pays_on_the_page_that_the_session_leads_to(stand_in: StandIn, order_id: str) -> None:
    url = opened(stand_in, order_id)
    assert b"3 of Shirt" in request(url).body
    assert b"The bank has declined the card." in request(url, b"decline=", FORM).body
    assert b"complete" in request(url, b"pay=", FORM).body
    ends = [event["type"] for event in stand_in.events() if order_id in str(event)]
    assert ends[-1] == "checkout.session.completed"


def test_a_session_that_is_unknown_has_no_page(stand_in: StandIn) -> None:
    assert request(f"{stand_in.origin}/pay/cs_test_unknown").status == 404


def test_it_runs_as_a_process_that_ends_with_its_parent() -> None:
    with running() as origin:
        assert request(f"{origin}/v1/events", headers=BEARER).status == 200
        port = int(origin.rpartition(":")[2])
        with pytest.raises(DidNotStart), running(port=port):
            pytest.fail("two on one port")
    with pytest.raises(OSError, match="refused"):
        request(f"{origin}/v1/events")
