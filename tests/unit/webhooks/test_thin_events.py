"""Thin events: their objects are fetched from Stripe and settled instead; what cannot be fetched is kept."""

from typing import Any

import pytest

from orders.events import NotUnderstood, PaymentSucceeded, StripeEvent
from stripe_api.api import NoSuchEvent, StripeRefused, StripeUnavailable
from tests.support.stripe_objects import a_thin_event, the_event
from tests.support.watched_endpoint import WatchedEndpoint, delivered_event
from webhooks.stripe_fields import Json

SNAPSHOT = the_event("payment_intent.succeeded", event_id="evt_snapshot")


class Stripe:
    """Returns this event, or raises this refusal."""

    def __init__(self, answer: Json | Exception = SNAPSHOT) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, event_id: str) -> Json:
        self.asked.append(event_id)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def settled(message: dict[str, Any], stripe: Stripe | None) -> tuple[StripeEvent | NotUnderstood, WatchedEndpoint]:
    """The only settled event, and the endpoint."""
    endpoint = WatchedEndpoint(look_up=stripe)
    assert delivered_event(message, endpoint).status_code == 200
    ((event, _),) = endpoint.settlement.settled
    assert isinstance(event, StripeEvent | NotUnderstood)
    return event, endpoint


def test_the_ordinary_event_is_settled_in_its_place_under_its_own_id() -> None:
    stripe = Stripe()
    event, endpoint = settled(a_thin_event(), stripe)
    assert isinstance(event, PaymentSucceeded)
    assert (event.event_id, event.order_id, stripe.asked) == ("evt_snapshot", "order-1", ["evt_snapshot"])
    assert endpoint.line["eventId"] == "evt_snapshot"


def test_without_a_key_it_is_kept_for_a_person() -> None:
    event, _ = settled(a_thin_event(), None)
    assert isinstance(event, NotUnderstood)


@pytest.mark.parametrize(("livemode", "known"), [(True, True), (False, False), (None, None), ("true", None)])
def test_it_need_not_say_of_which_mode_it_is(livemode: object, known: object) -> None:
    event, _ = settled(a_thin_event(livemode=livemode), None)
    assert event.delivery.livemode is known


@pytest.mark.parametrize(
    "message",
    [a_thin_event(context="acct_1"), a_thin_event(snapshot_event=None), a_thin_event(snapshot_event="../refunds")],
    ids=["of another account", "of no other event", "of no id"],
)
def test_what_our_key_does_not_show_is_not_asked_for(message: dict[str, Any]) -> None:
    stripe = Stripe()
    event, _ = settled(message, stripe)
    assert isinstance(event, NotUnderstood)
    assert stripe.asked == []


@pytest.mark.parametrize("message", [a_thin_event("v1.invoice.paid"), the_event("payment_intent.succeeded")])
def test_nothing_else_is_looked_up(message: dict[str, Any]) -> None:
    stripe = Stripe()
    delivered_event(message, WatchedEndpoint(look_up=stripe))
    assert stripe.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        the_event("payment_intent.succeeded", event_id="evt_other"),
        the_event("charge.succeeded", event_id="evt_snapshot"),
    ],
    ids=["another id", "another type"],
)
def test_another_event_than_the_one_that_was_asked_for_is_not_believed(answer: Json) -> None:
    event, _ = settled(a_thin_event(), Stripe(answer))
    assert isinstance(event, NotUnderstood)


def test_what_stripe_does_not_show_is_kept_and_the_log_says_why() -> None:
    for refused in NoSuchEvent("No such event: evt_snapshot", "resource_missing"), StripeRefused("no", "invalid_key"):
        event, endpoint = settled(a_thin_event(), Stripe(refused))
        assert isinstance(event, NotUnderstood)
        assert endpoint.line["lookUp"] == str(refused)


def test_while_stripe_does_not_answer_it_is_to_come_again() -> None:
    endpoint = WatchedEndpoint(look_up=Stripe(StripeUnavailable("Stripe does not answer")))
    assert delivered_event(a_thin_event(), endpoint).status_code == 503
    assert endpoint.settlement.settled == []
