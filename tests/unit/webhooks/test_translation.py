"""Which event types concern us, what is known of their delivery, and what is not an event at all."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.events import Ignored, NotUnderstood, PaymentSucceeded, StripeDelivery
from tests.support.builders import LATER, Fields, a_delivery
from tests.support.stripe.versions import CURRENT
from tests.support.stripe_objects import OBJECT_OF, an_event, the_event
from tests.support.translating import translated
from webhooks.translation import NotAnEvent

INTENT = "payment_intent.succeeded"


# --- What is known of a delivery --------------------------------------------------------------------------------------


def delivery_of(**fields: object) -> StripeDelivery:
    event = translated(the_event(INTENT) | fields)
    assert isinstance(event, PaymentSucceeded), event
    return event.delivery


@pytest.mark.parametrize("api_version", [None, 7, "", "\ud800", "x" * 41], ids=ascii)
def test_an_event_without_a_readable_api_version_is_understood_all_the_same(api_version: object) -> None:
    assert delivery_of(api_version=api_version).api_version is None


def test_a_live_event_is_known_as_live() -> None:
    assert delivery_of(livemode=True).livemode is True
    assert delivery_of(livemode="true").livemode is False


def test_the_time_of_an_event_is_stripes_and_the_time_of_a_delivery_is_ours() -> None:
    delivery = delivery_of(created=1_772_323_200)
    assert (delivery.created_at, delivery.delivered_at) == (datetime(2026, 3, 1, tzinfo=UTC), LATER)


# --- Not ours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event_type", ["payment_intent.created", "charge.updated", "customer.created", "invoice.paid", "", "x.y"]
)
def test_an_event_type_that_is_not_ours_is_ignored_whatever_its_shape(event_type: str) -> None:
    ignored = Ignored("evt_1", event_type, "type not handled")
    assert translated(the_event(INTENT) | {"type": event_type}) == ignored
    assert translated(the_event(INTENT) | {"type": event_type, "data": None}) == ignored


# --- Not an event -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        *({"object": odd} for odd in (None, "charge")),
        *({"id": odd} for odd in (None, 7, "", "a/b", "__evt__", "evt\n1", "x" * 256)),
        *({"type": odd} for odd in (None, ["charge.succeeded"])),
        *({"created": odd} for odd in (None, "1773500966", 1.5, True, 10**30, 10**13)),
    ],
    ids=lambda broken: ascii(broken)[:40],
)
def test_this_is_not_an_event(broken: Fields) -> None:
    with pytest.raises(NotAnEvent, match=r"^the body is not an event$"):
        translated(the_event(INTENT) | broken)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "data must be an object"),
        ([], "data must be an object"),
        ({}, "object must be an object"),
        ({"object": "pi_1"}, "object must be an object"),
    ],
    ids=str,
)
def test_an_event_without_its_object_is_kept_for_a_person(data: object, reason: str) -> None:
    for event_type in OBJECT_OF:
        delivery = a_delivery(event_type=event_type, delivered_at=LATER, api_version=CURRENT)
        assert translated(an_event(event_type, {}, data=data)) == NotUnderstood(delivery, None, reason)


def test_an_object_of_another_kind_is_kept_for_a_person() -> None:
    """Its id would be taken for a payment's, a charge's or a session's."""
    for event_type, of_its_kind in OBJECT_OF.items():
        kept = translated(the_event(event_type, object="invoice"))
        assert isinstance(kept, NotUnderstood)
        assert kept.reason == f"object must be {of_its_kind()['object']}"


def test_an_object_that_does_not_say_its_kind_is_of_the_events() -> None:
    message: Any = the_event(INTENT)
    del message["data"]["object"]["object"]
    assert isinstance(translated(message), PaymentSucceeded)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(["id", "type", "created", "livemode", "object", "data", "api_version"]), anything)
)
def test_no_envelope_raises_anything_but_that_it_is_not_an_event(fields: Fields) -> None:
    try:
        translated(the_event(INTENT) | fields)
    except NotAnEvent as not_an_event:
        assert str(not_an_event) == "the body is not an event"  # noqa: PT017
