"""What Stripe's payment events mean: PaymentIntents, charges and Checkout sessions."""

from datetime import timedelta

import pytest

from orders.checkout import SessionTotals
from orders.declines import Decline
from orders.events import (
    NotUnderstood,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    SubscriptionStarted,
)
from orders.money import Money
from orders.payments import PaymentState
from tests.support.builders import NOW, Fields
from tests.support.stripe.charges import a_charge
from tests.support.stripe.payment_intents import a_declined_intent, a_payment_intent
from tests.support.stripe.versions import CURRENT, IN_2020
from tests.support.stripe_objects import OBJECT_OF, an_event
from tests.support.translating import meaning_of, translated, why_ignored, why_not_understood

INTENT, CHARGE = "payment_intent.succeeded", "charge.succeeded"
SESSION, SESSION_LATER = "checkout.session.completed", "checkout.session.async_payment_succeeded"
EXPIRED = "checkout.session.expired"
PAYING = [INTENT, CHARGE, SESSION, SESSION_LATER]


def paid(event_type: str, **fields: object) -> PaymentSucceeded:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, PaymentSucceeded), event
    return event


def processing(event_type: str, **fields: object) -> PaymentProcessing:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, PaymentProcessing), event
    return event


# --- What pays for an order -------------------------------------------------------------------------------------------


def test_what_counts_is_what_was_received_or_captured_or_the_total_after_discounts() -> None:
    assert paid(INTENT, amount=9_999, amount_received=3_600).money.amount == 3_600
    assert paid(CHARGE, amount=9_999, amount_captured=3_600).money.amount == 3_600
    assert paid(SESSION, amount_subtotal=9_999, amount_total=3_600).money.amount == 3_600


def test_a_payment_that_does_not_say_what_was_received_has_brought_all_that_was_asked() -> None:
    assert paid(INTENT, amount=3_600, amount_received=None).money.amount == 3_600
    intent = OBJECT_OF[INTENT](CURRENT)
    del intent["amount_received"]
    event = translated(an_event(INTENT, intent))
    assert isinstance(event, PaymentSucceeded) and event.money == Money(3_600, "eur")


@pytest.mark.parametrize("event_type", PAYING)
def test_the_currency_is_the_one_that_was_paid_in(event_type: str) -> None:
    assert paid(event_type, currency="jpy").money == Money(3_600, "jpy")


def test_a_session_that_costs_nothing_pays_for_its_order() -> None:
    """Stripe makes no PaymentIntent for it, so no other event will report the order as complete."""
    free = paid(SESSION, payment_status="no_payment_required", amount_total=0, payment_intent=None)
    assert (free.order_id, free.money, free.payment_ids) == ("order-1", Money(0, "eur"), ())
    assert (free.session_id, free.payment.is_free) == ("cs_1", True)


def test_a_session_says_what_it_cost_and_of_what_that_is_made_up() -> None:
    details = {"amount_discount": 100, "amount_shipping": 490, "amount_tax": 310}
    totals = SessionTotals(3_600, 4_300, discount=100, shipping=490, tax=310, currency="eur")
    assert paid(SESSION, amount_total=4_300, total_details=details).totals == totals
    slow = meaning_of(SESSION, payment_status="unpaid", amount_total=4_300, total_details=details)
    assert isinstance(slow, PaymentProcessing)
    assert (slow.session_id, slow.totals, slow.is_estimate) == ("cs_1", totals, True)


@pytest.mark.parametrize("missing", [{}, {"amount_shipping": None}])
def test_what_a_session_does_not_have_costs_nothing(missing: Fields) -> None:
    totals = paid(SESSION, total_details={"amount_discount": 0, "amount_tax": 0, **missing}).totals
    assert totals and totals.shipping == 0


UNSAID: dict[str, Fields] = {
    "no details": {"total_details": None},
    "no subtotal": {"amount_subtotal": None},
    "a fraction": {"total_details": {"amount_discount": 0.5, "amount_shipping": 0, "amount_tax": 0}},
    "less than nothing": {"total_details": {"amount_discount": -1, "amount_shipping": 0, "amount_tax": 0}},
}


@pytest.mark.parametrize("session", UNSAID.values(), ids=UNSAID)
def test_a_session_that_does_not_say_all_of_it_is_a_payment_all_the_same(session: Fields) -> None:
    event = paid(SESSION, **session)
    assert (event.totals, event.money) == (None, Money(3_600, "eur"))


NO_PAYMENT_YET: dict[str, Fields] = {
    "paid at a later date": {"mode": "payment", "amount_total": 3_600},
    "an unknown total": {"mode": "payment", "amount_total": None},
}


@pytest.mark.parametrize("session", NO_PAYMENT_YET.values(), ids=NO_PAYMENT_YET)
def test_a_session_without_a_payment_that_is_not_free_either_is_not_ours(session: Fields) -> None:
    assert why_ignored(SESSION, payment_status="no_payment_required", **session) == "nothing to pay"


STATUSES_OF_A_SESSION = ["paid", "unpaid", "no_payment_required"]


@pytest.mark.parametrize("payment_status", STATUSES_OF_A_SESSION)
@pytest.mark.parametrize(
    "total", [{"amount_total": None, "currency": None}, {"amount_total": 0}, {"amount_total": 3_600}]
)
def test_a_session_that_stores_a_payment_method_for_later_pays_for_no_order(total: Fields, payment_status: str) -> None:
    fields: Fields = {"mode": "setup", "payment_status": payment_status, "payment_intent": None, **total}
    assert why_ignored(SESSION, **fields) == "not a session for a payment"


@pytest.mark.parametrize("payment_status", STATUSES_OF_A_SESSION)
def test_a_session_that_sells_a_subscription_pays_for_no_order(payment_status: str) -> None:
    """Its invoices are paid, now or after a trial, again and again."""
    fields: Fields = {"mode": "subscription", "payment_status": payment_status, "payment_intent": None}
    event = meaning_of(SESSION, **fields)
    assert isinstance(event, SubscriptionStarted)
    assert (event.order_id, event.payment_ids) == ("order-1", ())
    assert why_ignored(SESSION, metadata={}, **fields) == "no order id"


@pytest.mark.parametrize("mode", ["subscription", "setup"])
@pytest.mark.parametrize("event_type", [SESSION_LATER, "checkout.session.async_payment_failed", EXPIRED])
def test_what_else_happens_to_a_session_that_is_not_for_a_payment_ends_no_order(event_type: str, mode: str) -> None:
    assert why_ignored(event_type, mode=mode) == "not a session for a payment"


@pytest.mark.parametrize("mode", ["payment", None])
def test_a_session_of_old_that_does_not_say_what_it_is_for_is_for_a_payment(mode: str | None) -> None:
    assert paid(SESSION_LATER, mode=mode).session_id == "cs_1"
    assert isinstance(meaning_of(EXPIRED, mode=mode), PaymentCanceled)


# --- Which payment ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("charges", [None, {}, {"data": []}, {"data": None}, {"data": ["ch_1"]}, [], "ch_1"], ids=str)
def test_an_intent_without_any_charge_is_a_payment_all_the_same(charges: object) -> None:
    assert paid(INTENT, latest_charge=None, charges=charges).payment_ids == ("pi_1",)


def test_a_charge_of_2019_has_no_captured_amount_and_was_captured_whole() -> None:
    charge = a_charge(IN_2020)
    del charge["amount_captured"]
    event = translated(an_event(CHARGE, charge, api_version="2019-12-03"))
    assert isinstance(event, PaymentSucceeded)
    assert (event.money, event.delivery.api_version) == (Money(3_600, "eur"), "2019-12-03")


def test_a_charge_made_without_an_intent_names_only_itself_and_a_session_nothing() -> None:
    event = paid(CHARGE, payment_intent=None)
    assert (event.payment_intent_id, event.charge_id, event.payment_ids) == (None, "ch_1", ("ch_1",))
    assert paid(SESSION, payment_intent=None).payment_ids == ()


def test_an_expanded_object_serves_as_its_id() -> None:
    assert paid(INTENT, latest_charge=a_charge(id="ch_7")).charge_id == "ch_7"
    assert paid(CHARGE, payment_intent=a_payment_intent(id="pi_7")).payment_intent_id == "pi_7"
    assert paid(SESSION, payment_intent=a_payment_intent(id="pi_7")).payment_intent_id == "pi_7"


# --- On its way -------------------------------------------------------------------------------------------------------


def test_an_authorised_charge_is_not_yet_a_payment() -> None:
    authorised = processing(CHARGE, captured=False, amount_captured=0)
    assert (authorised.order_id, authorised.payment_ids) == ("order-1", ("pi_1", "ch_1"))
    assert authorised.state is PaymentState.AUTHORISED
    # It settles nothing, so only the order's id has to be right.
    assert processing(CHARGE, captured=False, amount_captured=None, currency=None).order_id == "order-1"


@pytest.mark.parametrize("event_type", [SESSION, SESSION_LATER])
def test_an_unpaid_session_is_not_yet_a_payment(event_type: str) -> None:
    unpaid = processing(event_type, payment_status="unpaid")
    assert (unpaid.order_id, unpaid.payment_ids) == ("order-1", ("pi_1",))
    assert unpaid.state is PaymentState.PROCESSING


# --- Declined ---------------------------------------------------------------------------------------------------------


def declined(event_type: str, **fields: object) -> PaymentFailed:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, PaymentFailed), event
    return event


def test_a_decline_is_known_by_the_attempt_that_failed_and_as_old_as_stripe_says() -> None:
    intent, an_hour_ago = a_declined_intent(charge_id="ch_2", latest_charge="ch_3"), NOW - timedelta(hours=1)
    event = translated(an_event("payment_intent.payment_failed", intent, created=an_hour_ago))
    assert isinstance(event, PaymentFailed)
    assert event.charge_id == "ch_2"
    assert event.decline == Decline("card_declined", "insufficient_funds", an_hour_ago, "pi_1", "ch_2")


def test_a_decline_without_its_charge_is_known_by_the_latest_one() -> None:
    error = {"code": "processing_error"}
    event = declined("payment_intent.payment_failed", latest_charge="ch_3", last_payment_error=error)
    assert event.decline == Decline("processing_error", None, NOW, "pi_1", "ch_3")


@pytest.mark.parametrize("event_type", ["payment_intent.payment_failed", "charge.failed"])
@pytest.mark.parametrize("decline_code", ["lost_card", "stolen_card", "fraudulent", "merchant_blacklist"])
def test_a_thief_does_not_learn_that_the_card_is_known_as_stolen(event_type: str, decline_code: str) -> None:
    decline = declined(event_type, decline_code=decline_code).decline
    assert (decline.code, decline.decline_code) == ("card_declined", "generic_decline")


def test_nobody_learns_how_risky_stripe_finds_them() -> None:
    blocked = {"type": "blocked", "network_status": "not_sent_to_network", "reason": "highest_risk_level"}
    decline = declined("charge.failed", outcome=blocked).decline
    assert (decline.code, decline.decline_code) == ("card_declined", None)


@pytest.mark.parametrize(
    "code", ["Your card was declined.", "", "x" * 101, "caf\xe9", 7, None, {}, ["card_declined"]], ids=ascii
)
def test_what_is_not_a_code_is_not_kept(code: object) -> None:
    error = {"code": code, "decline_code": code}
    decline = declined("payment_intent.payment_failed", last_payment_error=error).decline
    assert (decline.code, decline.decline_code) == (None, None)


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("payment_intent.payment_failed", {"last_payment_error": None}),
        ("charge.failed", {"outcome": None, "failure_code": None}),
    ],
)
def test_a_decline_without_any_error_is_a_decline_all_the_same(event_type: str, fields: Fields) -> None:
    assert declined(event_type, **fields).decline == Decline(None, None, NOW, "pi_1", "ch_0")


# --- Not understood ---------------------------------------------------------------------------------------------------

AMOUNT, CURRENCY = "must be an amount in minor units", "currency must be three lower-case letters"
PAYMENT_STATUS = "payment_status must be a session's payment status"
# a required field, and why an event without it cannot be read
REQUIRED = [
    (INTENT, "id", "id must be an id"),
    (INTENT, "currency", CURRENCY),
    (CHARGE, "id", "id must be an id"),
    (CHARGE, "captured", "captured must be true or false"),
    (CHARGE, "currency", CURRENCY),
    (SESSION, "payment_status", PAYMENT_STATUS),
    (SESSION, "amount_total", f"amount_total {AMOUNT}"),
    (SESSION, "currency", CURRENCY),
    (SESSION_LATER, "amount_total", f"amount_total {AMOUNT}"),
]


@pytest.mark.parametrize(("event_type", "name", "reason"), REQUIRED)
def test_a_required_field_that_is_missing_or_of_another_kind_is_named(event_type: str, name: str, reason: str) -> None:
    stripe_object = OBJECT_OF[event_type](CURRENT)
    del stripe_object[name]
    event = translated(an_event(event_type, stripe_object))
    assert isinstance(event, NotUnderstood)
    assert (event.order_id, event.reason) == ("order-1", reason)
    for value in (None, [], [1], 1.5, -1):
        assert why_not_understood(event_type, **{name: value}) == reason


@pytest.mark.parametrize(
    ("event_type", "fields", "reason"),
    [
        *((CHARGE, {"amount_captured": odd}, f"amount_captured {AMOUNT}") for odd in (None, True)),
        *((CHARGE, {"payment_intent": odd}, "payment_intent must be an id") for odd in (7, "a/b")),
        (CHARGE, {"captured": "true"}, "captured must be true or false"),
        *((INTENT, {"latest_charge": odd}, "latest_charge must be an id") for odd in ("a/b", {"id": 7})),
        (INTENT, {"amount_received": None, "amount": None}, f"amount {AMOUNT}"),
        *((INTENT, {"amount_received": odd}, f"amount_received {AMOUNT}") for odd in ("3600", 36.5, -1, 10**16)),
        (INTENT, {"currency": "EUR"}, CURRENCY),
        (SESSION, {"payment_intent": "__pi__"}, "payment_intent must be an id"),
        *((SESSION, {"payment_status": odd}, PAYMENT_STATUS) for odd in ("refunded", "")),
        *((SESSION_LATER, {"payment_status": odd}, PAYMENT_STATUS) for odd in ("refunded", "")),
    ],
    ids=str,
)
def test_a_shape_that_cannot_be_read_is_kept_for_a_person(event_type: str, fields: Fields, reason: str) -> None:
    assert why_not_understood(event_type, **fields) == reason
