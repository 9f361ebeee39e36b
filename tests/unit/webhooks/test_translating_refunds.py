"""What Stripe's refund events mean: they seldom name an order, but always the payment that leads to it."""

from dataclasses import replace
from typing import Any

import pytest

from orders.events import (
    ChargeRefunded,
    NotUnderstood,
    PaymentCanceled,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
)
from orders.money import Money
from orders.refunds import Refund, Refunds, RefundStatus, Restock, RestockRule
from tests.support.builders import LATER, NOW
from tests.support.refunds import a_refund
from tests.support.stripe.charges import a_charge, a_refunded_charge_object, an_authorised_charge
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe.refunds import a_refund_object
from tests.support.stripe.versions import API_VERSIONS, CURRENT, IN_2020, MADE_AT
from tests.support.stripe_objects import an_event, the_event
from tests.support.translating import meaning_of, translated, why_ignored, why_not_understood

REFUNDED, UPDATED = "charge.refunded", "refund.updated"
SINCE_2022 = ("2022-11-15", "2024-06-20", "2024-10-28.acacia", CURRENT)
"""In these, a charge lists no refunds; only since the third does `refund.created` report each.

https://docs.stripe.com/changelog/2022-11-15/deprecates-charges-auto-expand
https://docs.stripe.com/changelog/acacia/2024-10-28/refund-webhook-update
"""
BEFORE_BASIL, SINCE_BASIL = "2025-02-24.acacia", "2025-03-31.basil"


def refunded_charge(api_version: str = IN_2020, **fields: Any) -> ChargeRefunded:
    charge = a_refunded_charge_object(IN_2020, **fields)
    event = translated(an_event(REFUNDED, charge, api_version=api_version))
    assert isinstance(event, ChargeRefunded), event
    return event


def refunded_by(event: ChargeRefunded) -> int:
    return event.refunds.amount_of(event.payment)


def updated_refund(event_type: str = UPDATED, **fields: object) -> RefundUpdated:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, RefundUpdated), event
    return event


def the_refund_in(event: RefundUpdated) -> Refund:
    (refund,) = event.refunds.by_id.values()
    return refund


# --- A charge, and all that was refunded of it -----------------------------------------------------------------------


@pytest.mark.parametrize("api_version", API_VERSIONS)
def test_a_refunded_charge_says_what_was_paid_and_all_that_went_back(api_version: str) -> None:
    event = translated(the_event(REFUNDED, api_version, amount_refunded=1_200))
    assert isinstance(event, ChargeRefunded)
    assert (event.paid, event.money) == (Money(3_600, "eur"), Money(1_200, "eur"))
    assert (event.payment.payment_intent_id, event.payment.charge_id) == ("pi_1", "ch_1")


def test_a_charge_does_not_date_the_failure_of_a_refund_that_it_lists() -> None:
    """It may be reported after a new refund was made, which makes up for the failed one."""
    event = refunded_charge(amount_refunded=1_200, refunds=[a_refund_object(amount=1_200, status="failed")])
    assert [refund.failed_at for refund in event.refunds.undone] == [None]


def test_a_charge_of_2020_names_its_refunds_one_by_one() -> None:
    refunds = [
        a_refund_object(id="re_2", amount=400, status="pending"),
        a_refund_object(id="re_1", amount=1_200, metadata={"restock": "shirt:1"}),
    ]
    event = refunded_charge(amount_refunded=1_600, refunds=refunds)
    pending = a_refund("re_2", 400, "pending", at=MADE_AT)
    assert event.refunds == Refunds.of(pending, a_refund("re_1", 1_200, restock={"shirt": 1}, at=MADE_AT))
    assert (event.amount_refunded, refunded_by(event)) == (1_600, 1_200)


def test_the_refunds_of_a_charge_without_an_intent_are_the_charges() -> None:
    (refund,) = refunded_charge(payment_intent=None).refunds.by_id.values()
    assert refund.payment_id == "ch_1"


@pytest.mark.parametrize("listed", [None, {}, {"data": None}, {"data": []}, [], "re_1"], ids=str)
def test_a_list_of_refunds_that_is_none_says_nothing(listed: object) -> None:
    charge = {**a_refunded_charge_object(IN_2020, amount_refunded=1_200), "refunds": listed}
    event = translated(an_event(REFUNDED, charge, api_version=IN_2020))
    assert isinstance(event, ChargeRefunded)
    assert (event.refunds, event.amount_refunded) == (Refunds(), 1_200)


@pytest.mark.parametrize("api_version", SINCE_2022)
def test_a_charge_that_lists_no_refunds_still_says_their_sum(api_version: str) -> None:
    charge = a_refunded_charge_object(CURRENT, amount_refunded=1_200)
    event = translated(an_event(REFUNDED, charge, api_version=api_version))
    assert isinstance(event, ChargeRefunded)
    assert (event.refunds, event.payment.amount_refunded, refunded_by(event)) == (Refunds(), 1_200, 1_200)


def test_a_charge_that_names_more_refunds_than_a_document_holds_is_kept_for_a_person() -> None:
    refunds = [a_refund_object(id=f"re_{number}", amount=1) for number in range(101)]
    assert len(refunded_charge(refunds=refunds[:100]).refunds.by_id) == 100
    event = translated(an_event(REFUNDED, a_refunded_charge_object(IN_2020, refunds=refunds), api_version=IN_2020))
    assert isinstance(event, NotUnderstood)
    assert event.reason == "refunds must be a list of at most 100 refunds"


def test_a_refund_in_a_charge_that_cannot_be_read_is_kept_for_a_person() -> None:
    for broken, reason in ((7, "refunds must be a list of refunds"), (a_refund_object(id=None), "id must be an id")):
        event = translated(an_event(REFUNDED, a_refunded_charge_object(IN_2020, refunds=[broken]), api_version=IN_2020))  # type: ignore[list-item]
        assert isinstance(event, NotUnderstood)
        assert event.reason == reason


def test_every_malformed_restock_in_a_charge_is_reported_and_the_others_are_obeyed() -> None:
    refunds = [
        a_refund_object(id=f"re_{n}", metadata={"restock": value}) for n, value in enumerate(["?", "shirt:1", "!"])
    ]
    event = refunded_charge(refunds=refunds)
    assert [refund.restock for refund in event.refunds.by_id.values()] == [None, {"shirt": 1}, None]
    assert event.restock_defect == (
        "malformed_restock: refund re_0 names no list of productId:quantity; "
        "malformed_restock: refund re_2 names no list of productId:quantity"
    )


@pytest.mark.parametrize("api_version", API_VERSIONS)
def test_a_refund_of_what_was_only_authorised_is_a_cancellation(api_version: str) -> None:
    for metadata, order_id in (({"orderId": "order-1"}, "order-1"), ({}, None)):
        all_of_it: Any = {"amount_captured": None, "amount_refunded": 3_600, "refunded": True, "metadata": metadata}
        event = translated(an_event(REFUNDED, an_authorised_charge(api_version, **all_of_it), api_version=api_version))
        assert isinstance(event, PaymentCanceled)
        assert (event.order_id, event.payment_ids) == (order_id, ("pi_1", "ch_1"))


def test_a_refund_of_one_of_several_captures_ends_nothing() -> None:
    # https://docs.stripe.com/payments/multicapture
    some: Any = {"amount_captured": 1_000, "amount_refunded": 400}
    details = {"type": "card", "card": {"capture_before": int(LATER.timestamp())}}
    event = translated(an_event(REFUNDED, an_authorised_charge(**some, payment_method_details=details)))
    assert isinstance(event, PaymentProcessing)
    assert (event.state, event.charge_id, event.until) == ("authorised", "ch_1", LATER)


# --- What was authorised, and captured only in part ------------------------------------------------------------------


def test_what_was_released_at_the_capture_was_never_refunded() -> None:
    """Before 2025-03-31 Stripe reported it as a refund: https://docs.stripe.com/changelog/basil."""
    release = a_refund_object(id="re_0", amount=600)
    event = refunded_charge(amount_captured=3_000, amount_refunded=600, refunds=[release])
    assert (event.paid.amount, event.refunds, event.amount_refunded) == (3_000, Refunds(), 0)


def test_a_refund_after_a_capture_in_part_counts_for_itself() -> None:
    release, refund = a_refund_object(id="re_0", amount=600), a_refund_object(id="re_1", amount=600)
    event = refunded_charge(amount_captured=3_000, amount_refunded=1_200, refunds=[refund, release])
    assert (list(event.refunds.by_id), refunded_by(event)) == (["re_1"], 600)


def test_a_refund_that_is_not_the_release_is_never_dropped() -> None:
    event = refunded_charge(amount_captured=3_000, amount_refunded=1_000, refunds=[a_refund_object(amount=400)])
    assert (list(event.refunds.by_id), refunded_by(event)) == (["re_1"], 400)


@pytest.mark.parametrize(
    ("api_version", "refunded"), [(BEFORE_BASIL, 400), (SINCE_BASIL, 1_000), (None, 1_000)], ids=str
)
def test_since_2025_a_charge_counts_only_refunds_as_refunded(api_version: Any, refunded: int) -> None:
    event = refunded_charge(api_version, amount_captured=3_000, amount_refunded=1_000, refunds=[])
    assert event.amount_refunded == refunded


def test_a_capture_in_part_pays_what_was_captured() -> None:
    charge = a_charge(IN_2020, amount_captured=3_000, amount_refunded=600)
    event = translated(an_event("charge.captured", charge, api_version=IN_2020))
    assert isinstance(event, PaymentSucceeded)
    assert event.money == Money(3_000, "eur")


# --- One refund ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
# Old refunds have none.
@pytest.mark.parametrize("status", [*RefundStatus, None])
def test_a_refunds_own_status_counts_and_without_one_what_the_event_says(event_type: str, status: str | None) -> None:
    counts = status or ("failed" if event_type == "refund.failed" else "succeeded")
    refund = the_refund_in(updated_refund(event_type, status=status))
    assert replace(refund, failed_at=None) == a_refund(status=counts, at=MADE_AT)
    # Several events report it, and operators are notified of the first: it has to say when, too.
    assert refund.failed_at == (NOW if counts in ("failed", "canceled") else None)


def test_a_refund_leads_to_its_order_by_payment_or_charge_also_where_these_are_expanded() -> None:
    intent, charge = a_payment_intent(id="pi_7"), a_charge(id="ch_7")
    assert updated_refund(payment_intent=intent, charge=charge).payment_ids == ("pi_7", "ch_7")
    assert refunded_charge(payment_intent=intent).payment_ids == ("pi_7", "ch_1")
    assert updated_refund().order_id is None
    assert updated_refund(metadata={"orderId": "order-7"}).order_id == "order-7"
    assert updated_refund().payment_ids == ("pi_1", "ch_1")
    assert updated_refund(payment_intent=None).payment_ids == ("ch_1",)
    assert updated_refund(charge=None).payment_ids == ("pi_1",)
    assert the_refund_in(updated_refund(payment_intent=None)).payment_id == "ch_1"


def test_a_refund_of_no_payment_is_not_ours() -> None:
    named = {"orderId": "order-1"}
    assert why_ignored(UPDATED, payment_intent=None, charge=None, metadata=named) == "no payment"


@pytest.mark.parametrize("status", ["reversed", "SUCCEEDED", "", True, 7, [], ["succeeded"], {}], ids=str)
def test_a_refund_in_a_state_nobody_knows_is_kept_for_a_person(status: object) -> None:
    assert why_not_understood(UPDATED, status=status) == "status must be a refund's status"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "id must be an id"),
        ({"amount": "3600"}, "amount must be an amount in minor units"),
        ({"amount": -1}, "amount must be an amount in minor units"),
        ({"currency": "EUR"}, "currency must be three lower-case letters"),
        ({"charge": 7}, "charge must be an id"),
        ({"payment_intent": "a/b"}, "payment_intent must be an id"),
    ],
    ids=str,
)
def test_a_refund_that_cannot_be_read_is_kept_for_a_person(fields: dict[str, object], reason: str) -> None:
    assert why_not_understood(UPDATED, **fields) == reason


# --- Which units go back on the shelf --------------------------------------------------------------------------------


def restock_of(named: object) -> tuple[Restock, str | None]:
    event = updated_refund(metadata={"restock": named})
    return the_refund_in(event).restock, event.restock_defect


@pytest.mark.parametrize(
    ("named", "restock"),
    [
        ("all", RestockRule.ALL),
        ("none", RestockRule.NONE),
        (" All ", RestockRule.ALL),
        ("NONE\n", RestockRule.NONE),
        # A product may have this name.
        ("all:1", {"all": 1}),
        ("shirt:1", {"shirt": 1}),
        ("shirt:1,hat:20", {"shirt": 1, "hat": 20}),
        (" shirt:1 , hat:20 ", {"shirt": 1, "hat": 20}),
        ("a:b:2", {"a:b": 2}),
        ("::2", {":": 2}),
        ("shirt:1,hat:1,shirt:2", {"shirt": 3, "hat": 1}),
        ("shirt:1000000", {"shirt": 1_000_000}),
        ("T-Shirt größe M:1", {"T-Shirt größe M": 1}),
        # The longest value that Stripe allows.
        ("x" * 498 + ":1", {"x" * 498: 1}),
        (None, None),
        ("", None),
    ],
)
def test_a_refund_says_which_units_go_back(named: object, restock: Restock) -> None:
    assert restock_of(named) == (restock, None)


@pytest.mark.parametrize("metadata", [None, {}, [], "restock", {"Restock": "shirt:1"}], ids=str)
def test_a_refund_without_such_metadata_leaves_it_to_the_shops_terms(metadata: object) -> None:
    event = updated_refund(metadata=metadata)
    assert (the_refund_in(event).restock, event.restock_defect) == (None, None)


@pytest.mark.parametrize(
    "named",
    [
        *("all,shirt:1", "none,all", "all!", "everything", "no", " "),
        *("shirt", "shirt:", ":2", ":", ",", "shirt:1,", ",shirt:1"),
        *("shirt:-1", "shirt:0", "shirt:0,shirt:1", "shirt:+1", "shirt:1.5", "shirt:1e3", "shirt: 1", "shirt:one"),
        *("shirt:\uff12", "shirt:\u0662", "shirt:\xb2", "shirt:1\n2"),
        *("a/b:1", ".:1", "..:1", "__shirt__:1", "\ud800:1"),
        *("shirt:1000001", "shirt:9999999999", "shirt:1000000,shirt:1", "shirt:" + "9" * 400),
        *(",".join(["shirt:1"] * 63), "x" * 1_500 + ":1"),
        *(7, 1.5, True, False, ["shirt:1"], {"shirt": 1}),
    ],
    ids=lambda named: ascii(named)[:30],
)
def test_a_malformed_restock_is_reported_and_not_obeyed_and_the_refund_counts(named: object) -> None:
    event = updated_refund(metadata={"restock": named})
    assert event.restock_defect == "malformed_restock: refund re_1 names no list of productId:quantity"
    assert the_refund_in(event) == a_refund(at=MADE_AT)
