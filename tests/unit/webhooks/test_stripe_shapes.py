"""Every handled event type, whole, in two API versions six years apart: its meaning, and what it never reveals."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import stripe

from orders.checkout import SessionTotals
from orders.declines import Decline
from orders.events import Ignored, NotUnderstood, PaymentCanceled, PaymentProcessing, ReportsPayment, StripeEvent
from orders.money import Money
from orders.payments import PaymentState
from tests.support.builders import LATER, NOW, Fields
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.stripe.charges import a_charge
from tests.support.stripe.checkout_sessions import a_checkout_session
from tests.support.stripe.customer import PRIVATE
from tests.support.stripe.disputes import a_dispute_object
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe.refunds import a_refund_object
from tests.support.stripe.versions import API_VERSIONS, CURRENT, DUE_BY, IN_2020, MADE_AT
from tests.support.stripe_objects import OBJECT_OF, an_event, the_event
from tests.support.translating import meaning_of, translated
from webhooks.translation import _HANDLED

TOTALS = SessionTotals(3_600, 3_600, discount=0, shipping=0, tax=0, currency="eur")
EVERY_TYPE_IN_EVERY_VERSION = list(product(OBJECT_OF, API_VERSIONS))


# --- What each type means --------------------------------------------------------------------------------------------


def expected(event_type: str, api_version: str = CURRENT) -> StripeEvent:
    delivery: dict[str, Any] = {"event_type": event_type, "api_version": api_version, "delivered_at": LATER}
    is_of_2020 = api_version == IN_2020
    session_failure = Decline(None, None, NOW, "pi_1", None)
    paid_session = replace(a_payment(**delivery, charge_id=None), session_id="cs_1", totals=TOTALS)
    # SEPA Direct Debit: 14 business days, three weekends and a holiday.
    slow = replace(a_processing(**delivery, until=NOW + timedelta(days=21)), charge_id="ch_1")
    meanings: dict[str, StripeEvent] = {
        "payment_intent.succeeded": a_payment(**delivery),
        "charge.succeeded": a_payment(**delivery),
        "charge.captured": a_payment(**delivery),
        "checkout.session.completed": paid_session,
        "checkout.session.async_payment_succeeded": paid_session,
        "payment_intent.processing": slow,
        "payment_intent.partially_funded": replace(a_processing(**delivery), funded=Money(2_400, "eur")),
        "payment_intent.requires_action": a_processing(**delivery, until=DUE_BY),
        "payment_intent.amount_capturable_updated": replace(slow, state=PaymentState.AUTHORISED, until=None),
        "charge.pending": slow,
        "payment_intent.payment_failed": a_failure(**delivery, charge_id="ch_0", decline_code="insufficient_funds"),
        "charge.failed": a_failure(**delivery, charge_id="ch_0", decline_code="insufficient_funds"),
        "checkout.session.async_payment_failed": replace(
            a_failure(**delivery, charge_id=None), decline=session_failure, charge_id=None
        ),
        "payment_intent.canceled": a_cancellation(**delivery),
        "checkout.session.expired": replace(
            a_cancellation(**delivery), payment_intent_id="pi_1" if is_of_2020 else None, session_id="cs_1"
        ),
        # A charge lists its refunds only in 2020.
        "charge.refunded": a_refunded_charge("evt_1", *[a_refund(at=MADE_AT)] * is_of_2020, **delivery),
        "refund.created": an_updated_refund(refund=a_refund(at=MADE_AT), **delivery),
        "refund.updated": an_updated_refund(refund=a_refund(at=MADE_AT), **delivery),
        "refund.failed": an_updated_refund(
            refund=replace(a_refund(status="failed", at=MADE_AT), failed_at=NOW), **delivery
        ),
        "charge.refund.updated": an_updated_refund(refund=a_refund(at=MADE_AT), **delivery),
        **{name: a_dispute(**delivery) for name in OBJECT_OF if name.startswith("charge.dispute.")},
    }
    return meanings[event_type]


def test_every_type_that_is_handled_is_tested() -> None:
    assert {event_type: kind for event_type, (_, kind, _) in _HANDLED.items()} == {
        event_type: expected(event_type).kind for event_type in OBJECT_OF
    }


@pytest.mark.parametrize(("event_type", "api_version"), EVERY_TYPE_IN_EVERY_VERSION)
def test_this_is_what_it_means(event_type: str, api_version: str) -> None:
    assert translated(the_event(event_type, api_version)) == expected(event_type, api_version)


@pytest.mark.parametrize("event_type", OBJECT_OF)
def test_without_an_order_id_the_payment_leads_to_the_order(event_type: str) -> None:
    event, named = meaning_of(event_type, metadata={}, client_reference_id=None), expected(event_type)
    assert event == replace(named, order_id=None) if named.payment_ids else Ignored("evt_1", event_type, "no order id")


@pytest.mark.parametrize("event_type", OBJECT_OF)
def test_what_reports_a_payment_says_in_which_session_of_ours_it_was_made(event_type: str) -> None:
    named, event = {"orderId": "order-1", "checkout": "2"}, expected(event_type)
    of_session = replace(event, attempt=2) if isinstance(event, ReportsPayment) else replace(event, order_id="order-1")
    assert meaning_of(event_type, metadata=named) == of_session


@pytest.mark.parametrize("named", ["0", "-1", "1.0", " 1", "", "x", "9" * 10, 1, None, ["1"]])
def test_what_none_of_our_sessions_has_written_names_none(named: object) -> None:
    metadata = {"orderId": "order-1", "checkout": named}
    assert meaning_of("payment_intent.succeeded", metadata=metadata) == expected("payment_intent.succeeded")


# --- What is never revealed ------------------------------------------------------------------------------------------


def test_the_objects_are_full_of_what_must_not_come_through_and_nothing_does() -> None:
    meanings = repr([translated(the_event(*each)) for each in EVERY_TYPE_IN_EVERY_VERSION])
    assert not [word for word in PRIVATE if word in meanings]
    objects = json.dumps([build() for build in OBJECT_OF.values()])
    assert not [word for word in PRIVATE if word not in objects]


# --- Any shape -------------------------------------------------------------------------------------------------------

MISSING = object()
OTHERS: tuple[object, ...] = (
    *(MISSING, None, True, False, 0, -1, 1.5, float("nan"), 10**30, "", "x", "a/b", "\ud800", "9" * 600),
    *([], [[]], [{}], ["ch_1"], {}, {"id": []}, {"id": None}, {"data": [[]]}, {"restock": {}}, {"due_by": "x"}),
)


class Watched(Mapping[str, Any]):
    """Records the path of each field that is read, at any depth."""

    def __init__(self, fields: Fields, read: set[tuple[str | int, ...]], path: tuple[str | int, ...] = ()) -> None:
        self._fields, self._read, self._path = fields, read, path

    def __getitem__(self, name: str) -> Any:
        return self._watched(self._fields[name], (*self._path, name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def _watched(self, value: Any, path: tuple[str | int, ...]) -> Any:
        self._read.add(path)
        if isinstance(value, list):
            return [self._watched(each, (*path, number)) for number, each in enumerate(value)]
        return Watched(value, self._read, path) if isinstance(value, dict) else value


def paths_read(event_type: str, usual: Fields, api_version: str) -> set[tuple[str | int, ...]]:
    """The path of every value that the meaning may depend on: fields that are not read may hold anything."""
    read: set[tuple[str | int, ...]] = set()
    watched = Watched(usual, read)
    assert translated(an_event(event_type, watched, api_version=api_version)) == expected(event_type, api_version)
    return read


def changed(value: Any, path: tuple[str | int, ...], other: object) -> Any:
    """A copy with another value at that path."""
    name, *deeper = path
    content = other if not deeper else changed(value[name], tuple(deeper), other)
    copied = value.copy()
    copied[name] = content
    if content is MISSING:
        del copied[name]
    return copied


WHY_IGNORED = {
    *("no order id", "metadata.orderId cannot be an order's id", "no payment"),
    *("nothing to pay", "nothing to wait for", "not a session for a payment"),
}
NOT_PAID: tuple[type[StripeEvent], ...] = (PaymentProcessing, PaymentCanceled)
MEANS_INSTEAD = dict.fromkeys(("charge.succeeded", "charge.captured", "charge.refunded"), NOT_PAID)
"""The meaning of these event types if the charge is not captured, or nothing of it."""


@pytest.mark.parametrize(("event_type", "api_version"), EVERY_TYPE_IN_EVERY_VERSION)
def test_no_field_that_is_missing_or_of_another_kind_makes_it_raise(event_type: str, api_version: str) -> None:
    usual, kind = OBJECT_OF[event_type](api_version), type(expected(event_type, api_version))
    for path, other in product(paths_read(event_type, usual, api_version), OTHERS):
        event = translated(an_event(event_type, changed(usual, path, other), api_version=api_version))
        match event:
            case NotUnderstood(reason=reason):
                assert " must be " in reason
                assert not any(word in reason for word in PRIVATE)
            case Ignored(reason=reason):
                assert reason in WHY_IGNORED
            case _:
                assert type(event) in {kind, *MEANS_INSTEAD.get(event_type, ())}


# --- The objects are Stripe's ----------------------------------------------------------------------------------------


def test_the_newest_version_is_that_of_stripes_library() -> None:
    assert stripe.api_version == CURRENT


@pytest.mark.parametrize(
    ("stripe_object", "as_stripe_knows_it", "only_where_asked_for"),
    [
        (a_payment_intent(), stripe.PaymentIntent, set()),
        (a_charge(), stripe.Charge, {"refunds"}),
        (a_checkout_session(), stripe.checkout.Session, {"line_items"}),
        (a_refund_object(), stripe.Refund, set()),
        (a_dispute_object(), stripe.Dispute, set()),
        (the_event("charge.succeeded"), stripe.Event, {"account", "context"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_objects_have_every_field_that_stripe_sends(
    stripe_object: Fields, as_stripe_knows_it: type[stripe.StripeObject], only_where_asked_for: set[str]
) -> None:
    assert set(stripe_object) == set(as_stripe_knows_it.__annotations__) - {"OBJECT_NAME"} - only_where_asked_for
