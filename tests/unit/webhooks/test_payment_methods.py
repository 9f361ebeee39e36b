"""How long units are held for a payment: as long as its method or its customer's next step may take."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from orders.events import PaymentCanceled, PaymentProcessing, PaymentSucceeded
from orders.money import Money
from orders.payments import PaymentState
from tests.support.builders import NOW, Fields
from tests.support.stripe.charges import a_charge
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe.versions import CURRENT, DUE_BY, IN_2020, MADE_AT
from tests.support.stripe_objects import the_event
from tests.support.translating import meaning_of, translated, why_ignored
from webhooks.payment_methods import LASTS_AT_MOST, _business_days

PROCESSING, WAITING = "payment_intent.processing", "payment_intent.requires_action"
FUNDED, CAPTURABLE = "payment_intent.partially_funded", "payment_intent.amount_capturable_updated"
SESSION, PENDING, AUTHORISED = "checkout.session.completed", "charge.pending", "charge.succeeded"
DUE = int(DUE_BY.timestamp())


def end_of(event_type: str, **fields: Any) -> datetime | None:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, PaymentProcessing), event
    return event.until


def days_of(event_type: str, **fields: Any) -> float | None:
    end = end_of(event_type, **fields)
    return None if end is None else (end - NOW) / timedelta(days=1)


# --- By method -------------------------------------------------------------------------------------------------------

# The longest times on Stripe's pages, in calendar days from a Saturday, with a holiday.
LONGEST = {
    "sepa_debit": 21,
    "bacs_debit": 12,
    "us_bank_account": 10,
    "acss_debit": 10,
    "au_becs_debit": 6,
    "nz_bank_account": 5,
    "multibanco": 7,
    "boleto": 4,
    "konbini": 4,
    "oxxo": 4,
}


@pytest.mark.parametrize(("method", "days"), [*LONGEST.items(), ("card", None), ("a_method_of_tomorrow", None)])
def test_the_method_says_how_long_a_payment_may_be_on_its_way(method: str, days: int | None) -> None:
    assert days_of(PENDING, payment_method_details={"type": method}) == days
    assert days_of(PROCESSING, payment_method_types=[method]) == days
    assert days_of(SESSION, payment_status="unpaid", payment_method_types=[method]) == days


@pytest.mark.parametrize(("days", "at_most"), [(2, 5), (4, 7), (5, 10), (14, 21)])
def test_business_days_come_with_all_weekends_and_a_holiday(days: int, at_most: int) -> None:
    assert _business_days(days) == timedelta(days=at_most)


def test_every_method_is_tested() -> None:
    assert set(LASTS_AT_MOST) == set(LONGEST)


def test_where_only_those_on_offer_are_known_the_slowest_of_them_counts() -> None:
    assert days_of(SESSION, payment_status="unpaid", payment_method_types=["card", "boleto", "bacs_debit"]) == 12


def test_the_method_in_use_outweighs_those_on_offer() -> None:
    pending: Fields = a_charge(payment_method_details={"type": "au_becs_debit"})
    offered = ["sepa_debit", "card"]
    assert days_of(PROCESSING, payment_method_types=offered, latest_charge=pending) == 6
    embedded = translated(the_event(PROCESSING, IN_2020, payment_method_types=offered, charges={"data": [pending]}))
    assert isinstance(embedded, PaymentProcessing)
    assert embedded.until == NOW + timedelta(days=6)


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ({"boleto": {"expires_after_days": 10}}, 11),
        ({"boleto": {"expires_after_days": 0}}, 1),
        ({"boleto": {"expires_after_days": 60}}, 61),
        ({"boleto": {}, "oxxo": {"expires_after_days": 7}}, 4),
        *(({"boleto": {"expires_after_days": odd}}, 4) for odd in (-1, 61, 1.5, True, "10", None)),
        (None, 4),
        ({"boleto": None}, 4),
    ],
    ids=str,
)
def test_a_voucher_is_valid_until_the_last_midnight_that_the_shop_allows(options: object, days: int) -> None:
    fields: Fields = {"payment_method_types": ["boleto"], "payment_method_options": options}
    assert days_of(SESSION, payment_status="unpaid", **fields) == days


@pytest.mark.parametrize("offered", [None, "boleto", {}, [], [None, 7, ["boleto"], {}]], ids=str)
def test_methods_that_cannot_be_read_say_nothing(offered: object) -> None:
    assert end_of(SESSION, payment_status="unpaid", payment_method_types=offered) is None


# --- By what the customer has to do ----------------------------------------------------------------------------------


def action(kind: str, **details: object) -> Fields:
    return {"type": kind, kind: details}


@pytest.mark.parametrize(
    "next_action",
    [
        action("oxxo_display_details", expires_after=DUE, number="123456"),
        action("boleto_display_details", expires_at=DUE, number="123456"),
        action("konbini_display_details", expires_at=DUE, stores={}),
        action("multibanco_display_details", expires_at=DUE, entity="12345"),
        action("pix_display_qr_code", expires_at=DUE, data="00020126"),
    ],
    ids=lambda next_action: next_action["type"],
)
def test_a_voucher_is_waited_for_until_it_expires(next_action: Fields) -> None:
    event = meaning_of(WAITING, next_action=next_action)
    assert isinstance(event, PaymentProcessing)
    assert (event.order_id, event.payment_ids, event.until) == ("order-1", ("pi_1",), DUE_BY)
    assert event.state is PaymentState.PROCESSING


@pytest.mark.parametrize("kind", ["display_bank_transfer_instructions", "verify_with_microdeposits"])
def test_what_has_no_end_is_waited_for_as_long_as_the_shop_says(kind: str) -> None:
    assert end_of(WAITING, next_action=action(kind, amount_remaining=3_600)) is None


@pytest.mark.parametrize(
    "next_action",
    [
        # 3-D Secure takes minutes, and a customer who leaves it does not pay.
        action("use_stripe_sdk", type="three_d_secure_redirect"),
        action("redirect_to_url", url="https://hooks.stripe.example", return_url=None),
        action("cashapp_handle_redirect_or_display_qr_code", qr_code={"expires_at": DUE}),
        action("oxxo_display_details"),
        *(action("oxxo_display_details", expires_after=odd) for odd in (None, "soon", 1.5, True, 10**30)),
        {"type": "oxxo_display_details", "oxxo_display_details": None},
        {"oxxo_display_details": {"expires_after": DUE}},
        {"type": ["oxxo_display_details"]},
        {},
        None,
        "oxxo_display_details",
    ],
    ids=str,
)
def test_nothing_else_that_a_customer_has_to_do_holds_units_for_days(next_action: object) -> None:
    assert why_ignored(WAITING, next_action=next_action) == "nothing to wait for"


def test_a_transfer_of_too_little_is_still_on_its_way() -> None:
    event = translated(the_event(FUNDED))
    assert isinstance(event, PaymentProcessing)
    assert (event.payment_ids, event.state, event.until) == (("pi_1",), PaymentState.PROCESSING, None)


@pytest.mark.parametrize(
    ("remaining", "fields", "funded"),
    [
        (1_200, {}, Money(2_400, "eur")),
        (3_600, {}, None),
        (3_700, {}, None),
        (None, {}, None),
        ("1200", {}, None),
        (-1, {}, None),
        (1_200, {"amount": "3600"}, None),
        (1_200, {"currency": "EUR"}, None),
        (1_200, {"next_action": None}, None),
    ],
)
def test_what_has_arrived_of_a_transfer_is_what_does_not_remain(
    remaining: object, fields: dict[str, Any], funded: object
) -> None:
    kind = "display_bank_transfer_instructions"
    action = {"next_action": {"type": kind, kind: {"amount_remaining": remaining}}}
    event = translated(the_event(FUNDED, **{**action, **fields}))
    assert isinstance(event, PaymentProcessing)
    assert event.funded == funded


# --- Authorised ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["card", "card_present", "klarna"])
def test_an_authorisation_ends_when_it_can_be_captured_no_more(method: str) -> None:
    details = {"type": method, method: {"capture_before": DUE}}
    charge = a_charge(CURRENT, captured=False, amount_captured=0, payment_method_details=details)
    assert end_of(AUTHORISED, **charge) == DUE_BY
    assert end_of(CAPTURABLE, latest_charge=charge) == DUE_BY


@pytest.mark.parametrize(("method", "days"), [("affirm", 30), ("afterpay_clearpay", 13), ("klarna", 28)])
def test_an_authorisation_whose_charge_does_not_say_so_lasts_as_long_as_its_method_allows(
    method: str, days: int
) -> None:
    # Authorised three days before the event, as when a part of it has been captured since.
    made_at = MADE_AT - timedelta(days=3)
    details: Fields = {"captured": False, "payment_method_details": {"type": method, method: {}}}
    assert end_of(AUTHORISED, created=int(made_at.timestamp()), **details) == made_at + timedelta(days=days)
    assert end_of(AUTHORISED, created=None, **details) is None


@pytest.mark.parametrize(
    "details",
    [
        *({"type": "card", "card": {"capture_before": odd}} for odd in (None, "soon", True)),
        {"type": "card", "card": None},
        {"card": {"capture_before": DUE}},
        {"type": 7},
        None,
    ],
    ids=str,
)
def test_an_authorisation_that_does_not_say_so_lasts_as_long_as_the_shop_says(details: object) -> None:
    assert end_of(AUTHORISED, captured=False, amount_captured=0, payment_method_details=details) is None
    assert end_of(CAPTURABLE, **a_payment_intent(latest_charge="ch_1")) is None


@pytest.mark.parametrize("event_type", ["charge.captured", "charge.refunded"])
def test_an_authorisation_that_ends_without_any_capture_has_paid_for_nothing(event_type: str) -> None:
    event = meaning_of(event_type, captured=True, amount_captured=0)
    assert isinstance(event, PaymentCanceled)
    assert event.payment_ids == ("pi_1", "ch_1")


def test_a_canceled_payment_has_brought_what_was_captured_before() -> None:
    captured = translated(the_event("payment_intent.canceled", amount_received=1_200))
    assert isinstance(captured, PaymentSucceeded)
    assert (captured.order_id, captured.money) == ("order-1", Money(1_200, "eur"))
