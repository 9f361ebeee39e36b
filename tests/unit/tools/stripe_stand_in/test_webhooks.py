"""The stand-in posts its events signed, as configured, until they are answered 200."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.support.scripted_server import Request, ScriptedServer, http_answer, listening
from tests.support.signing import SECRET
from tests.support.stripe_requests import a_session_request
from tests.support.stripe_stand_in import a_stand_in
from tools.stripe_events import Json
from tools.stripe_stand_in import webhooks
from tools.stripe_stand_in.control import NotPossible, StandIn
from webhooks.signature import Rejected, verified_message
from webhooks.signing_secrets import SigningSecret

PAID = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


@dataclass
class Shop:
    """Verifies its deliveries as the service does."""

    received: list[Json] = field(default_factory=list)
    busy: int = 0
    """How many deliveries it answers as too busy."""

    def answer(self, request: Request) -> Iterable[bytes]:
        header = request.headers["Stripe-Signature"]
        try:
            verified = verified_message(request.body, header, [SigningSecret(SECRET)], now=datetime.now(UTC))
        except Rejected:
            yield http_answer(b'{"error": "signature verification failed"}', HTTPStatus.BAD_REQUEST)
            return
        if self.busy:
            self.busy -= 1
            yield http_answer(b'{"error": "try again"}', HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self.received.append(dict(verified.message))
            yield http_answer(b'{"result": "settled"}')

    def types(self) -> list[str]:
        return [message["type"] for message in self.received]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def delivering(shop: Shop) -> Iterator[StandIn]:
    with listening(ScriptedServer(shop.answer)) as server, a_stand_in(webhook=f"{server.origin}/") as stand_in:
        yield stand_in


def paid(stand_in: StandIn, order_id: str = "order-1") -> Json:
    client = StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)
    session = client.create_session(a_session_request(order_id), key=f"{order_id}/session")
    return stand_in.complete(session.session_id)


def test_events_are_sent_signed_and_as_the_api_returns_them(delivering: StandIn, shop: Shop) -> None:
    paid(delivering)
    assert [attempt["status"] for attempt in delivering.deliveries()] == [200, 200, 200]
    assert shop.types() == PAID
    assert shop.received == delivering.events()


def test_an_event_is_sent_again_until_it_is_taken(delivering: StandIn, shop: Shop) -> None:
    shop.busy = 2
    paid(delivering)
    attempts = delivering.deliveries()
    assert sorted(attempt["status"] for attempt in attempts) == [200, 200, 200, 503, 503]
    assert sorted(shop.types()) == sorted(PAID)
    assert {attempt["said"] for attempt in attempts} == {"try again", "settled"}


def test_events_are_sent_in_the_order_the_copies_and_the_forms_that_are_asked_for(
    delivering: StandIn, shop: Shop
) -> None:
    delivering.send_webhooks("order-1", order="reversed", copies=2, lose=["charge.succeeded"])
    paid(delivering)
    delivering.deliveries()
    assert shop.types() == [each for each in PAID[:0:-1] for _ in range(2)]
    paid(delivering, "order-2")
    delivering.deliveries("order-2")
    assert shop.types()[4:] == PAID, "another order's are sent as usual"


def test_shuffled_events_are_shuffled_the_same_for_the_same_seed(delivering: StandIn, shop: Shop) -> None:
    for number in range(2):
        delivering.send_webhooks(order="shuffled", seed=7, forms=["snapshot", "thin"])
        paid(delivering, f"order-{number}")
        delivering.deliveries()
    assert shop.types()[:6] == shop.types()[6:] != [*PAID, *PAID]


def test_a_thin_event_names_the_snapshot_that_can_be_looked_up(delivering: StandIn, shop: Shop) -> None:
    delivering.send_webhooks(forms=["thin"])
    session = paid(delivering)
    delivering.deliveries()
    assert shop.types() == [f"v1.{event_type}" for event_type in PAID]
    thin = shop.received[-1]
    assert thin["related_object"] == {
        "id": session["id"],
        "type": "checkout.session",
        "url": f"/v1/checkout/sessions/{session['id']}",
    }
    client = StripeClient(stripe_key_from(EMULATORS_KEY), delivering.origin)
    assert client.event(thin["snapshot_event"])["data"] == {"object": session}


def test_one_event_can_be_sent_again_in_either_form(delivering: StandIn, shop: Shop) -> None:
    paid(delivering)
    event_id = delivering.events()[0]["id"]
    for form in ("snapshot", "thin"):
        delivering.send_again(event_id, form=form)
    delivering.deliveries()
    assert [message["id"] for message in shop.received[3:]] == [event_id, f"{event_id}_thin"]


def test_a_session_that_runs_out_is_reported_when_its_time_has_come(delivering: StandIn, shop: Shop) -> None:
    client = StripeClient(stripe_key_from(EMULATORS_KEY), delivering.origin)
    session = client.create_session(a_session_request(), key="key-1")
    delivering.go_forward(24 * 60 * 60)
    delivering.deliveries()
    assert shop.types() == ["checkout.session.expired"]
    assert client.session(session.session_id).status == "expired"


def test_a_session_has_run_out_for_whoever_asks_after_its_time() -> None:
    times = [1_800_000_000.0]
    with a_stand_in(clock=lambda: times[-1]) as stand_in:
        client = StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)
        session = client.create_session(a_session_request(), key="key-1")
        times.append(session.expires_at.timestamp())
        assert client.session(session.session_id).status == "expired"


def test_an_event_that_nobody_takes_is_given_up(
    delivering: StandIn, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "RETRY_SECONDS", (0, 0))
    shop.busy = 100
    paid(delivering)
    assert [attempt["status"] for attempt in delivering.deliveries()] == [503] * 9


def test_who_waits_in_vain_is_told_what_is_still_on_its_way(delivering: StandIn, shop: Shop) -> None:
    shop.busy = 100
    paid(delivering)
    with pytest.raises(NotPossible, match=r"^Webhooks are still on their way\."):
        delivering.deliveries(seconds=0)


def test_a_mistake_of_a_test_is_named(stand_in: StandIn) -> None:
    for control in (
        lambda: stand_in.send_webhooks("order-x", order="backwards"),
        lambda: stand_in.send_webhooks("order-x", colour="red"),
        lambda: stand_in.complete("cs_test_unknown"),
        lambda: stand_in.send_again("evt_unknown"),
    ):
        with pytest.raises(NotPossible):
            control()
