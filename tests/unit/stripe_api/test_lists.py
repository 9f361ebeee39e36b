"""Stripe's lists are requested as Stripe accepts it, and validated on arrival."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from orders.refunds import RefundStatus
from stripe_api.api import StripeUnavailable
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from stripe_api.lists import (
    UNKNOWN_TIME,
    Listed,
    ListedRefund,
    PaymentIntent,
    Span,
    StripeLists,
    Unreadable,
    event_in_list,
    listed_from,
    listed_refund_from,
    page_of,
    payment_intent_from,
    payment_intents_in,
    refunds_in,
)
from tests.support.builders import NOW
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe.refunds import a_refund_object
from tests.support.stripe_requests import a_session_request
from tools.stripe_stand_in.control import StandIn

NO_LISTS: tuple[dict[str, object], ...] = ({}, {"data": [], "has_more": None}, {"data": ["x"], "has_more": False})


def events_in(answer: dict[str, object]) -> object:
    return listed_from(answer, event_in_list)


SPAN = Span(NOW, NOW + timedelta(hours=1))


def test_a_page_is_of_the_largest_size_and_of_a_span_that_ends_before_the_next_begins() -> None:
    seconds = int(NOW.timestamp())
    created = {"gte": seconds, "lt": seconds + 3_600}
    assert page_of(SPAN) == {"created": created, "limit": 100}
    assert page_of(SPAN, "evt_9", types=["a"]) == {
        "created": created,
        "limit": 100,
        "starting_after": "evt_9",
        "types": ["a"],
    }


def test_what_happened_is_listed_and_looked_up_on_both_sides(stand_in: StandIn, order_id: str) -> None:
    client = StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)
    stripe: StripeLists = client
    session = client.create_session(a_session_request(order_id), key=order_id)
    payment_id = stand_in.complete(session.session_id)["payment_intent"]
    refund = client.create_refund({"payment_intent": payment_id, "amount": 600}, key=f"{order_id}/r")
    now = datetime.now(UTC)
    span = Span(now - timedelta(minutes=5), now + timedelta(minutes=5))

    intents = [each for each in stripe.payment_intents(span).items if isinstance(each, PaymentIntent)]
    (intent,) = [each for each in intents if each.metadata.get("orderId") == order_id]
    assert (intent.payment_id, intent.status, intent.amount_received) == (payment_id, "succeeded", 3_600)
    assert stripe.payment_intent(payment_id) == intent
    assert stripe.payment_intent("pi_unknown") is None
    (listed,) = stripe.refunds_of(payment_id).items
    assert listed == ListedRefund(refund.refund_id, RefundStatus.SUCCEEDED, 600, payment_id, listed.created_at)
    assert span.start < listed.created_at < span.end
    assert listed in stripe.refunds(span).items
    events = stripe.events(["charge.succeeded", "payment_intent.succeeded"], span).items
    succeeded, charged = (event for event in events if payment_id in str(event))
    assert [succeeded["type"], charged["type"]] == ["payment_intent.succeeded", "charge.succeeded"]
    assert stripe.refunds_of(cast("Any", charged)["data"]["object"]["id"]).items == [listed]
    yesterday = Span(now - timedelta(days=2), now - timedelta(days=1))
    assert stripe.events(["charge.succeeded"], yesterday) == Listed([], has_more=False)


@pytest.mark.parametrize(
    ("read", "item", "payment_id"),
    [
        (payment_intents_in, {**a_payment_intent(), "currency": None}, a_payment_intent()["id"]),
        (refunds_in, {**a_refund_object(), "amount": None}, a_refund_object()["payment_intent"]),
        (refunds_in, {**a_refund_object(), "amount": None, "payment_intent": {}}, None),
    ],
)
def test_what_cannot_be_read_in_a_list_is_named_beside_the_others(read: Any, item: Any, payment_id: Any) -> None:
    unreadable = Unreadable(item["id"], payment_id, datetime.fromtimestamp(item["created"], UTC))
    assert read({"data": [item], "has_more": True}) == Listed([unreadable], has_more=True)
    with pytest.raises(StripeUnavailable):
        read({"data": [{**item, "id": None}], "has_more": False})


@pytest.mark.parametrize(
    ("metadata", "key"),
    [({"effect": "evt_1"}, "evt_1"), ({"effect": 7}, None), ({}, None), (None, None), ("effect", None)],
)
def test_a_refund_that_we_asked_for_says_under_which_key(metadata: object, key: str | None) -> None:
    assert listed_refund_from({**a_refund_object(), "metadata": metadata}).effect_key == key


@pytest.mark.parametrize("created", [None, "1773500966", 1e30, 10**30, -(10**30), 1773500966.5, True, {}])
@pytest.mark.parametrize(("read", "item"), [(payment_intents_in, a_payment_intent()), (refunds_in, a_refund_object())])
def test_what_says_no_time_that_can_be_is_named_beside_the_others_and_looked_at_first(
    read: Any, item: Any, created: object
) -> None:
    unreadable, other = read({"data": [{**item, "created": created}, item], "has_more": False}).items
    assert (unreadable.object_id, unreadable.created_at) == (item["id"], UNKNOWN_TIME)
    assert other.created_at == datetime.fromtimestamp(item["created"], UTC)


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        *((payment_intent_from, {**a_payment_intent(), name: None}) for name in ("id", "status", "currency")),
        *((payment_intent_from, {**a_payment_intent(), name: "1"}) for name in ("amount_received", "created")),
        *((listed_refund_from, {**a_refund_object(), name: None}) for name in ("id", "amount")),
        (event_in_list, {"object": "event"}),
        (event_in_list, {"id": "evt_1", "object": "charge"}),
        *((events_in, answer) for answer in NO_LISTS),
    ],
)
def test_what_is_no_such_list_or_object_is_no_answer(read: Any, answer: Any) -> None:
    with pytest.raises(StripeUnavailable, match=r"^Stripe's answer is not a (list|event|PaymentIntent|refund)$"):
        read(answer)
