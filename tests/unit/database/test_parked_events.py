"""A parked event: what its claim keeps, and what is read back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from database.documents.parked_events import Parkable, parked_event_fields, parked_event_from
from database.documents.recorder import writes_for
from database.documents.wanted import Wanted
from database.documents.webhook_events import claim_path, parked_claim
from database.store import Create, Document, Fields, Update
from orders.checkout import SessionTotals
from orders.disputes import Dispute
from orders.events import (
    ChargeRefunded,
    DisputeChanged,
    NotUnderstood,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.outcome import OrderNotThereYet, Result
from settlement.decide import decide
from settlement.decisions import Look, Park
from settlement.parking import taken_up
from settlement.snapshot import Snapshot
from tests.support.anything import amounts, currencies, money, refunds, tampered
from tests.support.builders import LATER, NOW, TERMS, a_delivery
from tests.support.one_of_each import ONE_OF_EACH_KIND
from tests.support.payments import a_cancellation, a_failure, a_free_session, a_payment, a_processing, a_subscription
from tests.support.refunds import a_dispute, a_refunded_charge, an_updated_refund
from tests.support.snapshots import a_parked_claim

OF_STRIPE: Mapping[str, Parkable] = {
    kind: event for kind, event in ONE_OF_EACH_KIND.items() if isinstance(event, Parkable)
}


def claim_of(event: StripeEvent | NotUnderstood, result: Result, order_id: str | None) -> Fields:
    (claim,) = parked_claim(Park(result, order_id, "why"), event, Snapshot(), NOW)
    # Only if it has no claim yet.
    assert isinstance(claim, Create)
    return claim.fields


def parked(event: StripeEvent) -> Fields:
    """The claim of an event that waits for its order."""
    return claim_of(event, Result.ORDER_NOT_FOUND, event.order_id)


def unreadable(delivery: StripeDelivery, order_id: str | None) -> Fields:
    """The claim of an event that could not be read."""
    return claim_of(NotUnderstood(delivery, order_id, "amount missing"), Result.ERROR, order_id)


# --- Kept and read back -----------------------------------------------------------------------------------------------

ids = st.text("abcXYZ019_-", min_size=1, max_size=20)
disputes = st.builds(Dispute, dispute_id=ids, amount=amounts, currency=currencies)
totals = st.builds(SessionTotals, *[amounts] * 5, currency=currencies)
envelopes: dict[str, st.SearchStrategy[object]] = {
    # Only a thin event does not name its mode, and none is kept for later.
    "delivery": st.builds(StripeDelivery, livemode=st.booleans(), is_replay=st.just(value=False), asked_by=st.none()),
    "order_id": ids,
    "payment_intent_id": st.none() | ids,
    "charge_id": st.none() | ids,
}
found_by_payment = {**envelopes, "order_id": st.none(), "charge_id": ids}
events: st.SearchStrategy[StripeEvent] = st.one_of(
    st.builds(PaymentSucceeded, money=money, session_id=..., totals=st.none() | totals, attempt=..., **envelopes),
    *(
        st.builds(
            ChargeRefunded,
            paid=money,
            amount_refunded=amounts,
            refunds=refunds,
            restock_defect=...,
            attempt=...,
            **known,
        )
        # A charge always has an id.
        for known in ({**envelopes, "charge_id": ids}, found_by_payment)
    ),
    *(
        st.builds(RefundUpdated, money=money, refunds=refunds, restock_defect=..., **known)
        for known in (envelopes, found_by_payment)
    ),
    *(st.builds(DisputeChanged, dispute=disputes, **known) for known in (envelopes, found_by_payment)),
)


def test_what_says_of_money_that_came_or_went_is_kept_and_nothing_else() -> None:
    kept = {"payment_succeeded", "charge_refunded", "refund_updated", "dispute_changed"}
    assert OF_STRIPE.keys() == kept


MORE_OR_LESS_OF_THEM: Mapping[str, StripeEvent] = {
    "a session that was free": a_free_session(),
    "why the units of a refund cannot be obeyed": an_updated_refund(restock_defect="malformed_restock: refund re_1"),
    "a refunded charge that names no order": a_refunded_charge(order_id=None),
    "a refund that names no order": an_updated_refund(order_id=None),
    "a dispute that names no order": a_dispute(order_id=None),
}


@pytest.mark.parametrize(
    "event", [*OF_STRIPE.values(), *MORE_OR_LESS_OF_THEM.values()], ids=[*OF_STRIPE, *MORE_OR_LESS_OF_THEM]
)
def test_a_parked_event_is_read_back_as_it_was(event: StripeEvent) -> None:
    assert parked_event_from(event.event_id, parked(event)) == taken_up(event)


@given(events)
def test_whatever_an_event_says_is_read_back_as_it_was(event: StripeEvent) -> None:
    assert parked_event_from(event.event_id, parked(event)) == taken_up(event)


@given(events)
def test_an_event_that_is_parked_a_second_time_is_read_back_as_it_was(event: StripeEvent) -> None:
    unread, delivered_at = unreadable(event.delivery, None), event.delivery.delivered_at
    claim = a_parked_claim("error", first_delivery_at=delivered_at, last_delivery_at=delivered_at)
    park = Park(Result.PAYMENT_NOT_FOUND, event.order_id, "no payment")
    (update,) = parked_claim(park, event, Snapshot(claim=claim), NOW)
    assert isinstance(update, Update)
    assert parked_event_from(event.event_id, {**unread, **update.fields}) == taken_up(event)


@pytest.mark.parametrize("event", [a_processing(), a_failure(), a_cancellation(), a_subscription()])
def test_what_nobody_waits_for_any_more_is_kept_without_anything_to_settle(event: StripeEvent) -> None:
    assert parked_event_from("evt_1", parked(event)) is None


def test_an_event_that_only_its_payment_leads_to_its_order_is_kept_under_that_order() -> None:
    event = replace(a_payment(), order_id=None)
    claim = claim_of(event, Result.ORDER_NOT_FOUND, "order-7")
    assert parked_event_from("evt_1", claim) == replace(taken_up(event), order_id="order-7")


def test_a_parked_event_taken_up_again_was_delivered_when_it_was_delivered_last() -> None:
    again = parked_event_from("evt_1", {**parked(a_payment(delivered_at=NOW)), "lastDeliveryAt": LATER})
    assert again is not None
    assert again.delivery.delivered_at == LATER


# --- Tampered with ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        *({"orderId": None}, {"orderId": "a/b"}, {"event": None}, {"event": "pi_1"}, {"account": ["acct_1"]}),
        *({"lastDeliveryAt": None}, {"lastDeliveryAt": "now"}, {"event": {"amount": 1, "currency": "eur"}}),
    ],
    ids=str,
)
def test_a_parked_claim_that_was_tampered_with_or_never_read_holds_nothing_to_settle(broken: dict[str, object]) -> None:
    assert parked_event_from("evt_1", {**parked(a_payment()), **broken}) is None
    assert parked_event_from("evt_1", unreadable(a_delivery(), "order-1")) is None


@pytest.mark.parametrize("kind", ["order_placed", "paid", None, 7, ["payment_succeeded"]], ids=str)
@pytest.mark.parametrize("order_id", ["order-1", None])
def test_a_kind_that_stripe_never_reports_holds_nothing_to_settle(kind: object, order_id: str | None) -> None:
    fields = {**parked_event_fields(a_payment()), "kind": kind}
    assert parked_event_from("evt_1", {**parked(a_payment()), "orderId": order_id, "event": fields}) is None


@pytest.mark.parametrize("broken", [{"amount": -1}, {"amount": 1.5}, {"amount": None}, {"currency": "EUR"}], ids=str)
@pytest.mark.parametrize("event", [a_payment(), a_refunded_charge(), an_updated_refund()], ids=lambda e: str(e.kind))
def test_what_is_about_money_and_names_none_holds_nothing_to_settle(event: Parkable, broken: dict[str, object]) -> None:
    assert parked_event_from("evt_1", {**parked(event), "event": {**parked_event_fields(event), **broken}}) is None


DISPUTE: Any = parked_event_fields(a_dispute())["dispute"]
BROKEN_DISPUTES = [None, "lost", {}, {"id": "dp_1"}, {**DISPUTE, "id": None}, {**DISPUTE, "id": "dp/1"}]


@pytest.mark.parametrize("broken", BROKEN_DISPUTES, ids=str)
def test_a_dispute_that_cannot_be_read_holds_nothing_to_settle(broken: object) -> None:
    event = a_dispute(order_id="order-1")
    claim: Fields = {**parked(event), "event": {**parked_event_fields(event), "dispute": broken}}
    assert parked_event_from("evt_1", claim) is None


@settings(max_examples=80)
@given(st.sampled_from(list(OF_STRIPE.values())).flatmap(lambda event: tampered(parked(event))))
def test_whatever_was_done_to_a_parked_claim_it_is_read_and_decided_without_a_fault(fields: dict[str, object]) -> None:
    read = parked_event_from("evt_1", fields)
    if read is None:
        return
    assert read.delivery.is_replay
    assert read.order_id or read.payment_ids, "it can never be settled"
    wanted = Wanted(read, Look(audit_entry=True))
    snapshot = wanted.snapshot(dict.fromkeys(wanted.paths) | {claim_path("evt_1"): Document(fields, "v")})
    try:
        writes_for(decide(read, snapshot, TERMS, NOW), read, snapshot, TERMS, NOW)
    except OrderNotThereYet:
        assert read.order_id


@pytest.mark.parametrize("event", [a_refunded_charge(), an_updated_refund(), a_dispute()], ids=lambda e: str(e.kind))
def test_what_names_neither_an_order_nor_a_payment_holds_nothing_to_settle(event: Parkable) -> None:
    fields = {**parked_event_fields(event), "paymentIntentId": None, "chargeId": None}
    assert parked_event_from("evt_1", {**parked(event), "orderId": None, "event": fields}) is None
