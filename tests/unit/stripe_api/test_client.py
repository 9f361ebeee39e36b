"""Stripe is called by its own library over HTTP; the stand-in is as strict as Stripe's documentation."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
import stripe

from checkout import expiring
from effects import refunding
from effects.outside import PERFORM_SECONDS_MAX
from orders.outcome import Transient
from stripe_api import lists
from stripe_api.api import (
    API_VERSION,
    AlreadyRefunded,
    NoSuchEvent,
    Session,
    SessionNotOpen,
    StripeApi,
    StripeRefused,
    StripeUnavailable,
)
from stripe_api.client import ANSWER_SECONDS_MAX, CONNECT_SECONDS_MAX, StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.support.scripted_server import Request, ScriptedServer, http_answer, listening
from tests.support.stripe_requests import a_session_request
from tools.stripe_events import Json
from tools.stripe_stand_in.control import StandIn
from tools.stripe_stand_in.faults import Kind

KEY = stripe_key_from(EMULATORS_KEY)
WRONG_KEY = "rk_test_AnotherKeyThatNobodyKnows"


@pytest.fixture
def client(stand_in: StandIn) -> StripeApi:
    return StripeClient(KEY, stand_in.origin)


def asked_about(order_id: str, stand_in: StandIn) -> list[Json]:
    return [each for each in stand_in.requests() if order_id in str(each)]


def test_a_session_is_opened_read_and_expired(client: StripeApi, order_id: str) -> None:
    session = client.create_session(a_session_request(order_id), key=f"{order_id}/1")
    assert session.status == "open"
    assert session.url
    assert session.client_secret is None
    assert client.session(session.session_id) == session
    assert client.expire_session(session.session_id, key=f"{order_id}/expire").status == "expired"
    with pytest.raises(SessionNotOpen) as refused:
        client.expire_session(session.session_id, key=f"{order_id}/expire/2")
    assert refused.value.session.status == "expired"


def test_the_same_with_the_same_key_is_done_once_and_something_else_refused(
    client: StripeApi, stand_in: StandIn, order_id: str
) -> None:
    sessions = {client.create_session(a_session_request(order_id), key=order_id) for _ in range(3)}
    assert len(sessions) == 1
    assert [each["repeated"] for each in asked_about(order_id, stand_in)] == [False, True, True]
    with pytest.raises(StripeRefused, match=r"^idempotency_error: Keys for idempotent requests can only be used with"):
        client.create_session(a_session_request(order_id, locale="de"), key=order_id)


def test_a_payment_is_refunded_until_nothing_is_left(client: StripeApi, stand_in: StandIn, order_id: str) -> None:
    session = client.create_session(a_session_request(order_id), key=order_id)
    payment = {"payment_intent": stand_in.complete(session.session_id)["payment_intent"]}
    first = client.create_refund({**payment, "amount": 600, "metadata": {"restock": "none"}}, key=f"{order_id}/r1")
    assert (first.amount, first.currency, first.status) == (600, "eur", "succeeded")
    assert client.create_refund(payment, key=f"{order_id}/r2").amount == 3_000
    with pytest.raises(AlreadyRefunded, match=r"^charge_already_refunded: Charge ch_\w+ has already been refunded\.$"):
        client.create_refund(payment, key=f"{order_id}/r3")


def test_the_refund_that_an_effect_has_made_is_found_among_all_of_its_payment(
    client: StripeApi, stand_in: StandIn, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_MAX", 1)
    session = client.create_session(a_session_request(order_id), key=order_id)
    payment_id = stand_in.complete(session.session_id)["payment_intent"]
    asked = {"payment_intent": payment_id, "amount": 100}
    made = [
        client.create_refund({**asked, "metadata": metadata}, key=f"{order_id}/{number}").refund_id
        for number, metadata in enumerate(({"effect": "r1"}, {"effect": "r2"}, {}))
    ]
    assert [client.refund_made_for(payment_id, key) for key in ("r1", "r2", "r3")] == [made[0], made[1], None]


def test_what_stripe_does_not_know_is_refused_with_its_code(client: StripeApi, order_id: str) -> None:
    for ask in (
        lambda: client.create_refund({"payment_intent": f"pi_{order_id}"}, key=order_id),
        lambda: client.session("cs_test_unknown"),
        lambda: client.expire_session("cs_test_unknown", key=f"{order_id}/expire"),
    ):
        with pytest.raises(StripeRefused) as refused:
            ask()
        assert refused.value.code == "resource_missing"


def test_an_event_is_looked_up_as_a_webhook_carries_it(client: StripeApi, stand_in: StandIn, order_id: str) -> None:
    session = client.create_session(a_session_request(order_id), key=order_id)
    stand_in.complete(session.session_id)
    events = [event for event in stand_in.events() if order_id in str(event)]
    assert [client.event(event["id"]) for event in events] == events
    assert len(events) == 3
    with pytest.raises(NoSuchEvent):
        client.event("evt_unknown")


@pytest.mark.parametrize(
    ("session_id", "part"), [("../refunds", "..%2Frefunds"), ("cs_1?x=1", "cs_1%3Fx%3D1"), ("cs 1", "cs%201")]
)
def test_an_id_leads_to_no_other_path(session_id: str, part: str) -> None:
    with listening(ScriptedServer(lambda _: iter([http_answer(b"")]))) as server, pytest.raises(StripeUnavailable):
        StripeClient(KEY, server.origin).expire_session(session_id, key="key-1")
    assert [request.path for request in server.requests] == [f"/v1/checkout/sessions/{part}/expire"]


# --- What goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said", "retry_after"),
    [
        (Kind.RATE_LIMITED, "Stripe answers 429 (rate_limit)", timedelta(seconds=7)),
        (Kind.LOCK_TIMEOUT, "Stripe answers 429 (lock_timeout)", None),
        (Kind.UNAVAILABLE, "Stripe answers 503 (api_error)", None),
        (Kind.LOST, "Stripe does not answer", None),
        (Kind.GARBAGE, "Stripe answers 200 (APIError)", None),
    ],
)
def test_what_may_pass_is_worth_another_try_which_finds_what_was_done(
    kind: Kind, said: str, retry_after: timedelta | None, client: StripeApi, stand_in: StandIn, order_id: str
) -> None:
    stand_in.fail_next(kind, seconds=7, about=order_id)
    with pytest.raises(StripeUnavailable) as unavailable:
        client.create_session(a_session_request(order_id), key=order_id)
    assert (str(unavailable.value), unavailable.value.retry_after) == (said, retry_after)
    assert len(asked_about(order_id, stand_in)) == 1, "the library tries once"
    session = client.create_session(a_session_request(order_id), key=order_id)
    was_done = kind in (Kind.LOST, Kind.GARBAGE)
    assert asked_about(order_id, stand_in)[1]["repeated"] is was_done
    assert client.session(session.session_id).status == "open"


def test_a_fault_that_stripe_has_kept_is_answered_again_though_the_work_is_done(
    client: StripeApi, stand_in: StandIn, order_id: str
) -> None:
    session = client.create_session(a_session_request(order_id), key=order_id)
    payment = {"payment_intent": stand_in.complete(session.session_id)["payment_intent"]}
    stand_in.fail_next(Kind.BROKEN, about=f"{order_id}/refund")
    for _ in range(2):
        with pytest.raises(StripeUnavailable, match=r"^Stripe answers 500 \(api_error\)$"):
            client.create_refund(payment, key=f"{order_id}/refund")
    with pytest.raises(AlreadyRefunded):
        client.create_refund(payment, key=f"{order_id}/another")


def test_an_answer_is_waited_for_no_longer_than_it_may_take(stand_in: StandIn, order_id: str) -> None:
    impatient = StripeClient(KEY, stand_in.origin, answer_seconds=0.1)
    stand_in.fail_next(Kind.HANGS, seconds=10, about=order_id)
    with pytest.raises(StripeUnavailable, match=r"^Stripe does not answer$"):
        impatient.create_session(a_session_request(order_id), key=order_id)
    assert CONNECT_SECONDS_MAX + ANSWER_SECONDS_MAX <= 15


def test_a_key_that_is_in_use_is_worth_another_try(stand_in: StandIn, order_id: str) -> None:
    impatient, patient = (StripeClient(KEY, stand_in.origin, answer_seconds=seconds) for seconds in (0.1, 5))
    stand_in.fail_next(Kind.SLOW, seconds=10, about=order_id)
    with pytest.raises(StripeUnavailable, match=r"^Stripe does not answer$"):
        impatient.create_session(a_session_request(order_id), key=order_id)
    with pytest.raises(StripeUnavailable, match=r"^Stripe answers 409 \(idempotency_key_in_use\)$"):
        patient.create_session(a_session_request(order_id), key=order_id)


def test_nobody_who_listens_is_worth_another_try(order_id: str) -> None:
    with pytest.raises(StripeUnavailable, match=r"^Stripe does not answer$"):
        StripeClient(KEY, "http://127.0.0.1:1").create_session(a_session_request(order_id), key=order_id)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"id": "cs_1"}'),
        (502, b'{"error": "bad gateway"}'),
        (404, b"x"),
    ],
)
def test_what_is_no_answer_of_stripes_is_worth_another_try(status: int, body: bytes) -> None:
    def answer(_: Request) -> Iterable[bytes]:
        yield http_answer(body, status)

    with listening(ScriptedServer(answer)) as server, pytest.raises(StripeUnavailable):
        StripeClient(KEY, server.origin).create_session(a_session_request(), key="key-1")


# --- What nobody may see, and what Stripe need not -------------------------------------------------------------------


def test_no_key_is_in_an_error_a_log_or_the_client(
    stand_in: StandIn, order_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = StripeClient(stripe_key_from(WRONG_KEY), stand_in.origin)
    with pytest.raises(StripeUnavailable) as refused:
        client.create_session(a_session_request(order_id), key=order_id)
    assert str(refused.value) == "Stripe answers 401 (invalid_request_error)"
    assert refused.value.__suppress_context__
    assert WRONG_KEY not in caplog.text
    assert WRONG_KEY not in f"{client!r}{client}"


def test_what_was_asked_with_a_key_that_was_rolled_can_be_asked_with_the_next_one(
    stand_in: StandIn, order_id: str
) -> None:
    """A refund is not given up, and a thin event of a payment is not set aside for a person with a 200."""
    with pytest.raises(Transient):
        StripeClient(stripe_key_from(WRONG_KEY), stand_in.origin).event("evt_1")
    request = a_session_request(order_id)
    with pytest.raises(Transient):
        StripeClient(stripe_key_from(WRONG_KEY), stand_in.origin).create_session(request, key=order_id)
    assert StripeClient(KEY, stand_in.origin).create_session(request, key=order_id).status == "open"


def test_whatever_is_done_outside_leaves_stripe_time_for_two_answers() -> None:
    for read_seconds in expiring.READ_SECONDS_MAX, refunding.READ_SECONDS_MAX:
        assert read_seconds + 2 * (CONNECT_SECONDS_MAX + ANSWER_SECONDS_MAX) <= PERFORM_SECONDS_MAX


def test_a_permission_that_is_missing_is_a_refusal(client: StripeApi, stand_in: StandIn, order_id: str) -> None:
    stand_in.fail_next(Kind.FORBIDDEN, about=order_id)
    with pytest.raises(StripeRefused, match=r"The provided key '\(left out\)' does not have the required permissions"):
        client.create_session(a_session_request(order_id), key=order_id)


def test_stripe_is_asked_in_one_version_and_told_nothing_of_the_machine(
    client: StripeApi, stand_in: StandIn, order_id: str
) -> None:
    for number in range(2):
        client.create_session(a_session_request(order_id), key=f"{order_id}/{number}")
    latest = asked_about(order_id, stand_in)[-1]
    assert latest["version"] == API_VERSION == stripe.api_version
    assert "X-Stripe-Client-Telemetry" not in latest["headers"]
    assert stripe.api_key is None


def test_neither_a_password_file_nor_a_proxy_comes_between(
    stand_in: StandIn, order_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    session = StripeClient(KEY, stand_in.origin).create_session(a_session_request(order_id), key=order_id)
    assert isinstance(session, Session)
