"""What Stripe's events of a payment mean for an order, and what is no event of ours, or none at all."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.declines import Decline
from orders.events import Ignored, NotUnderstood, PaymentFailed, PaymentProcessing, PaymentSucceeded, StripeEvent
from orders.order import Money
from tests.support.builders import (
    LATER,
    NOW,
    Fields,
    a_charge,
    a_checkout_session,
    a_delivery,
    a_payment_intent,
    a_stripe_event,
    the_three_voices,
)
from tests.support.stripe_objects import a_declined_intent, a_failed_charge, an_event, the_event
from webhooks.translation import NotAnEvent, order_event_from

INTENT, CHARGE = "payment_intent.succeeded", "charge.succeeded"
SESSION, SESSION_LATER = "checkout.session.completed", "checkout.session.async_payment_succeeded"

OBJECTS = {INTENT: a_payment_intent, CHARGE: a_charge, SESSION: a_checkout_session, SESSION_LATER: a_checkout_session}


def translated(message: Mapping[str, object]) -> StripeEvent | NotUnderstood | Ignored:
    return order_event_from(message, delivered_at=LATER)


def meaning_of(event_type: str, **fields: object) -> StripeEvent | NotUnderstood | Ignored:
    """What an event of this type means, whose object differs from the usual in these fields."""
    return translated(a_stripe_event(OBJECTS[event_type](**fields), event_type))


def paid(event_type: str, **fields: object) -> PaymentSucceeded:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, PaymentSucceeded), event
    return event


def why_ignored(event_type: str, **fields: object) -> str:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, Ignored), event
    assert (event.event_id, event.event_type) == ("evt_1", event_type)
    return event.reason


def why_not_understood(event_type: str, **fields: object) -> str:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, NotUnderstood), event
    assert (event.event_id, event.event_type) == ("evt_1", event_type)
    return event.reason


# --- What pays for an order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event_type", "payment_intent_id", "charge_id"),
    [(INTENT, "pi_1", "ch_1"), (CHARGE, "pi_1", "ch_1"), (SESSION, "pi_1", None), (SESSION_LATER, "pi_1", None)],
)
def test_this_pays_for_an_order(event_type: str, payment_intent_id: str, charge_id: str | None) -> None:
    assert meaning_of(event_type) == PaymentSucceeded(
        delivery=a_delivery(event_type=event_type, delivered_at=LATER),
        order_id="order-1",
        money=Money(3_600, "eur"),
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
    )


def test_the_three_voices_of_one_payment_agree() -> None:
    events = [translated(voice) for voice in the_three_voices("order-7", 850)]
    assert {(e.order_id, e.money, e.payment_intent_id) for e in events if isinstance(e, PaymentSucceeded)} == {
        ("order-7", Money(850, "eur"), "pi_order-7")
    }
    assert len({event.event_id for event in events}) == 3


def test_what_counts_is_what_was_received() -> None:
    assert paid(INTENT, amount=9_999, amount_received=3_600).money.amount == 3_600


def test_what_counts_is_what_was_captured() -> None:
    assert paid(CHARGE, amount=9_999, amount_captured=3_600).money.amount == 3_600


def test_what_counts_is_the_total_after_discounts() -> None:
    assert paid(SESSION, amount_subtotal=9_999, amount_total=3_600).money.amount == 3_600


@pytest.mark.parametrize("event_type", OBJECTS)
def test_the_currency_is_the_one_that_was_paid_in(event_type: str) -> None:
    assert paid(event_type, currency="jpy").money == Money(3_600, "jpy")


# --- The shapes of other API versions ---------------------------------------------------------------------------------


def test_an_intent_of_2020_carries_its_charges_as_a_list() -> None:
    """As in API version 2020-08-27: https://docs.stripe.com/upgrades#2022-11-15."""
    intent = a_payment_intent(charges={"object": "list", "data": [a_charge()], "has_more": False, "total_count": 1})
    del intent["latest_charge"]
    event = translated(a_stripe_event(intent, INTENT, api_version="2020-08-27"))
    assert isinstance(event, PaymentSucceeded)
    assert (event.charge_id, event.money, event.delivery.api_version) == ("ch_1", Money(3_600, "eur"), "2020-08-27")


@pytest.mark.parametrize("charges", [None, {}, {"data": []}, {"data": None}, {"data": ["ch_1"]}, [], "ch_1"], ids=str)
def test_an_intent_without_any_charge_is_a_payment_all_the_same(charges: object) -> None:
    assert paid(INTENT, latest_charge=None, charges=charges).charge_id is None


def test_a_charge_of_2020_has_no_captured_amount() -> None:
    charge = a_charge()
    del charge["amount_captured"]
    event = translated(a_stripe_event(charge, CHARGE, api_version="2019-12-03"))
    assert isinstance(event, PaymentSucceeded)
    assert event.money == Money(3_600, "eur")


def test_a_charge_made_without_an_intent_names_only_itself() -> None:
    event = paid(CHARGE, payment_intent=None)
    assert (event.payment_intent_id, event.charge_id, event.payment_ids) == (None, "ch_1", ("ch_1",))


def test_an_expanded_object_stands_for_its_id() -> None:
    assert paid(INTENT, latest_charge=a_charge(id="ch_7")).charge_id == "ch_7"
    assert paid(CHARGE, payment_intent=a_payment_intent(id="pi_7")).payment_intent_id == "pi_7"
    assert paid(SESSION, payment_intent=a_payment_intent(id="pi_7")).payment_intent_id == "pi_7"


def test_a_session_without_an_intent_is_a_payment_all_the_same() -> None:
    assert paid(SESSION, payment_intent=None).payment_ids == ()


def test_a_session_that_costs_nothing_pays_for_its_order() -> None:
    """Stripe makes no PaymentIntent for it, so that nothing else will ever tell that the order is complete."""
    free = paid(SESSION, payment_status="no_payment_required", amount_total=0, payment_intent=None)
    assert (free.order_id, free.money, free.payment_ids) == ("order-1", Money(0, "eur"), ())


def test_an_event_without_a_readable_api_version_is_understood_all_the_same() -> None:
    for api_version in (None, 7, "", "\ud800", "x" * 41):
        event = translated(a_stripe_event(api_version=api_version))
        assert isinstance(event, PaymentSucceeded)
        assert event.delivery.api_version is None


def test_a_live_event_is_known_as_live() -> None:
    event = translated(a_stripe_event(livemode=True))
    assert isinstance(event, PaymentSucceeded)
    assert event.delivery.livemode is True


def test_the_time_of_an_event_is_stripes_and_the_time_of_a_delivery_is_ours() -> None:
    event = translated(a_stripe_event(created=datetime(2026, 3, 1, tzinfo=UTC)))
    assert isinstance(event, PaymentSucceeded)
    assert (event.delivery.created_at, event.delivery.delivered_at) == (datetime(2026, 3, 1, tzinfo=UTC), LATER)


# --- Which order ------------------------------------------------------------------------------------------------------


def test_a_session_tells_its_order_in_its_metadata_or_as_reference() -> None:
    assert paid(SESSION, metadata={"orderId": "order-2"}, client_reference_id="basket-9").order_id == "order-2"
    assert paid(SESSION, metadata={"campaign": "spring"}, client_reference_id="order-3").order_id == "order-3"
    assert paid(SESSION, metadata=None, client_reference_id="order-3").order_id == "order-3"


@pytest.mark.parametrize("event_type", OBJECTS)
def test_what_names_no_order_is_not_ours(event_type: str) -> None:
    assert why_ignored(event_type, metadata={}, client_reference_id=None) == "no order id"
    assert why_ignored(event_type, metadata=None, client_reference_id=None) == "no order id"


@pytest.mark.parametrize("order_id", ["", ".", "..", "a/b", "__x__", "\ud800", "x" * 1_401, None, 7, True, [], {}])
def test_an_order_id_that_no_order_can_have_is_not_ours(order_id: object) -> None:
    assert why_ignored(INTENT, metadata={"orderId": order_id}) == "no order id"
    assert why_ignored(SESSION, metadata={}, client_reference_id=order_id) == "no order id"


@pytest.mark.parametrize("metadata", ["orderId", ["orderId"], 7])
def test_metadata_of_another_kind_is_not_ours(metadata: object) -> None:
    assert why_ignored(CHARGE, metadata=metadata) == "no order id"


# --- On its way, declined, or over ------------------------------------------------------------------------------------


def test_an_authorised_charge_is_not_yet_a_payment() -> None:
    assert isinstance(meaning_of(CHARGE, captured=False, amount_captured=0), PaymentProcessing)


@pytest.mark.parametrize("event_type", [SESSION, SESSION_LATER])
def test_an_unpaid_session_is_not_yet_a_payment(event_type: str) -> None:
    unpaid = meaning_of(event_type, payment_status="unpaid")
    assert isinstance(unpaid, PaymentProcessing)
    assert (unpaid.order_id, unpaid.payment_intent_id) == ("order-1", "pi_1")


def test_what_is_on_its_way_needs_no_amount() -> None:
    """Nothing is settled by it, so nothing but the order's id has to be right."""
    assert isinstance(meaning_of(CHARGE, captured=False, amount_captured=None, currency=None), PaymentProcessing)


def test_a_decline_is_known_by_the_attempt_that_failed() -> None:
    intent = a_declined_intent(charge_id="ch_2", latest_charge="ch_3")
    event = translated(an_event("payment_intent.payment_failed", intent))
    assert isinstance(event, PaymentFailed)
    assert (event.charge_id, event.decline) == (
        "ch_2",
        Decline("card_declined", "insufficient_funds", NOW, "pi_1", "ch_2"),
    )


def test_a_decline_without_its_charge_is_known_by_the_latest_one() -> None:
    intent = a_declined_intent(latest_charge="ch_3", last_payment_error={"code": "processing_error"})
    event = translated(an_event("payment_intent.payment_failed", intent))
    assert isinstance(event, PaymentFailed)
    assert event.decline == Decline("processing_error", None, NOW, "pi_1", "ch_3")


@pytest.mark.parametrize("event_type", ["payment_intent.payment_failed", "charge.failed"])
@pytest.mark.parametrize("decline_code", ["lost_card", "stolen_card", "fraudulent", "merchant_blacklist"])
def test_a_thief_is_not_told_that_the_card_is_known_as_stolen(event_type: str, decline_code: str) -> None:
    event = translated(the_event(event_type, decline_code=decline_code))
    assert isinstance(event, PaymentFailed)
    assert (event.decline.code, event.decline.decline_code) == ("card_declined", "generic_decline")


def test_nobody_is_told_how_risky_stripe_finds_them() -> None:
    blocked = {"type": "blocked", "network_status": "not_sent_to_network", "reason": "highest_risk_level"}
    event = translated(the_event("charge.failed", outcome=blocked))
    assert isinstance(event, PaymentFailed)
    assert (event.decline.code, event.decline.decline_code) == ("card_declined", None)


@pytest.mark.parametrize(
    "code", ["Your card was declined.", "", "x" * 101, "caf\xe9", 7, None, {}, ["card_declined"]], ids=ascii
)
def test_a_code_that_is_none_is_not_kept(code: object) -> None:
    error = {"code": code, "decline_code": code}
    event = translated(the_event("payment_intent.payment_failed", last_payment_error=error))
    assert isinstance(event, PaymentFailed)
    assert (event.decline.code, event.decline.decline_code) == (None, None)


def test_a_decline_without_any_error_is_a_decline_all_the_same() -> None:
    for event in (
        the_event("payment_intent.payment_failed", last_payment_error=None),
        the_event("charge.failed", outcome=None, failure_code=None),
    ):
        assert isinstance(translated(event), PaymentFailed)


def test_a_decline_is_as_old_as_stripe_says() -> None:
    event = translated(an_event("charge.failed", a_failed_charge(), created=NOW - timedelta(hours=1)))
    assert isinstance(event, PaymentFailed)
    assert event.decline.declined_at == NOW - timedelta(hours=1)


# --- Not ours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event_type", ["payment_intent.created", "charge.updated", "customer.created", "invoice.paid", "", "x.y"]
)
def test_an_event_type_that_is_not_ours_is_ignored_and_never_refused(event_type: str) -> None:
    assert translated(a_stripe_event(event_type=event_type)) == Ignored("evt_1", event_type, "type not handled")


def test_a_type_that_is_not_ours_may_have_any_shape() -> None:
    event = translated(a_stripe_event(event_type="customer.created", data=None))
    assert event == Ignored("evt_1", "customer.created", "type not handled")


NO_PAYMENT_YET: dict[str, Fields] = {
    "kept for later": {"mode": "setup", "amount_total": None, "currency": None},
    "a trial": {"mode": "subscription", "amount_total": 0},
    "paid at a later date": {"mode": "payment", "amount_total": 3_600},
    "an unknown total": {"mode": "payment", "amount_total": None},
}


@pytest.mark.parametrize("session", NO_PAYMENT_YET.values(), ids=NO_PAYMENT_YET)
def test_a_session_without_a_payment_that_is_not_free_either_is_not_ours(session: Fields) -> None:
    assert why_ignored(SESSION, payment_status="no_payment_required", **session) == "nothing to pay"


def test_a_thin_event_is_not_ours() -> None:
    thin = {"object": "v2.core.event", "id": "evt_2", "type": "v1.billing.meter.error_report_triggered"}
    assert translated(thin) == Ignored("evt_2", "v1.billing.meter.error_report_triggered", "not a snapshot event")
    assert translated({"object": "v2.core.event", "id": 7}) == Ignored(None, None, "not a snapshot event")


# --- Not an event -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"object": None},
        {"object": "charge"},
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"id": "a/b"},
        {"id": "__evt__"},
        {"id": "evt\n1"},
        {"id": "x" * 256},
        {"type": None},
        {"type": ["charge.succeeded"]},
        {"created": None},
        {"created": "1773500966"},
        {"created": 1.5},
        {"created": True},
        {"created": 10**30},
        {"created": 10**13},
    ],
    ids=lambda broken: ascii(broken)[:40],
)
def test_this_is_not_an_event(broken: Fields) -> None:
    with pytest.raises(NotAnEvent, match=r"^the body is not an event$"):
        translated({**a_stripe_event(), **broken})


def test_nothing_at_all_is_not_an_event() -> None:
    with pytest.raises(NotAnEvent):
        translated({})


# --- Not understood ---------------------------------------------------------------------------------------------------

AMOUNT, CURRENCY = "must be an amount in minor units", "currency must be three lower-case letters"
REQUIRED = [
    (INTENT, "id", "id must be an id"),
    (INTENT, "amount_received", f"amount_received {AMOUNT}"),
    (INTENT, "currency", CURRENCY),
    (CHARGE, "id", "id must be an id"),
    (CHARGE, "captured", "captured must be true or false"),
    (CHARGE, "currency", CURRENCY),
    (SESSION, "payment_status", "payment_status must be a session's payment status"),
    (SESSION, "amount_total", f"amount_total {AMOUNT}"),
    (SESSION, "currency", CURRENCY),
    (SESSION_LATER, "amount_total", f"amount_total {AMOUNT}"),
]


@pytest.mark.parametrize("payment_status", ["refunded", ""])
@pytest.mark.parametrize("event_type", [SESSION, SESSION_LATER])
def test_a_session_in_a_state_that_nobody_knows_is_kept_for_a_person(event_type: str, payment_status: str) -> None:
    reason = "payment_status must be a session's payment status"
    assert why_not_understood(event_type, payment_status=payment_status) == reason


@pytest.mark.parametrize(("event_type", "name", "reason"), REQUIRED)
def test_a_required_field_that_is_missing_is_named(event_type: str, name: str, reason: str) -> None:
    stripe_object = OBJECTS[event_type]()
    del stripe_object[name]
    event = translated(a_stripe_event(stripe_object, event_type))
    assert isinstance(event, NotUnderstood)
    assert (event.order_id, event.reason) == ("order-1", reason)


@pytest.mark.parametrize(("event_type", "name", "reason"), REQUIRED)
@pytest.mark.parametrize("value", [None, [], [1], 1.5, -1], ids=str)
def test_a_required_field_of_another_kind_is_named(event_type: str, name: str, reason: str, value: object) -> None:
    assert why_not_understood(event_type, **{name: value}) == reason


@pytest.mark.parametrize(
    ("event_type", "fields", "reason"),
    [
        (CHARGE, {"amount_captured": None}, f"amount_captured {AMOUNT}"),
        (CHARGE, {"amount_captured": True}, f"amount_captured {AMOUNT}"),
        (CHARGE, {"payment_intent": 7}, "payment_intent must be an id"),
        (CHARGE, {"payment_intent": "a/b"}, "payment_intent must be an id"),
        (CHARGE, {"captured": "true"}, "captured must be true or false"),
        (INTENT, {"latest_charge": "a/b"}, "latest_charge must be an id"),
        (INTENT, {"latest_charge": {"id": 7}}, "latest_charge must be an id"),
        (INTENT, {"amount_received": "3600"}, f"amount_received {AMOUNT}"),
        (INTENT, {"amount_received": 10**16}, f"amount_received {AMOUNT}"),
        (INTENT, {"currency": "EUR"}, CURRENCY),
        (SESSION, {"amount_total": None}, f"amount_total {AMOUNT}"),
        (SESSION, {"payment_intent": "__pi__"}, "payment_intent must be an id"),
    ],
    ids=str,
)
def test_a_shape_that_cannot_be_read_is_kept_for_a_person(event_type: str, fields: Fields, reason: str) -> None:
    assert why_not_understood(event_type, **fields) == reason


@pytest.mark.parametrize("event_type", OBJECTS)
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
def test_an_event_without_its_object_is_kept_for_a_person(event_type: str, data: object, reason: str) -> None:
    event = translated(a_stripe_event(event_type=event_type, data=data))
    assert event == NotUnderstood(a_delivery(event_type=event_type, delivered_at=LATER), None, reason)


def test_what_is_kept_for_a_person_repeats_no_value() -> None:
    assert "4242" not in why_not_understood(INTENT, currency="4242424242424242")


# --- Anything at all --------------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = sorted({name for builder in OBJECTS.values() for name in builder()} | {"charges"})


@given(st.sampled_from(list(OBJECTS)), st.dictionaries(st.sampled_from(NAMES), anything))
def test_no_object_makes_it_raise(event_type: str, fields: Fields) -> None:
    event = meaning_of(event_type, **fields)
    if isinstance(event, PaymentSucceeded):
        assert event.money.amount >= 0


@given(
    st.dictionaries(st.sampled_from(["id", "type", "created", "livemode", "object", "data", "api_version"]), anything)
)
def test_no_envelope_makes_it_raise_anything_but_that_it_is_no_event(fields: Fields) -> None:
    try:
        translated({**a_stripe_event(), **fields})
    except NotAnEvent as not_an_event:
        assert str(not_an_event) == "the body is not an event"  # noqa: PT017


def test_the_usual_event_is_the_one_these_tests_change() -> None:
    assert translated(a_stripe_event(created=NOW)) == meaning_of(INTENT)
