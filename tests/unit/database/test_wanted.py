"""Which documents an event reads, and what a snapshot takes from the answer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from database.documents.disputes import dispute_fields
from database.documents.wanted import Wanted, after_hold
from database.ids import OPERATORS
from database.store import Committed, Document
from inventory.stock import Level
from orders.events import StripeEvent
from orders.outcome import Result
from settlement.decisions import Look
from settlement.snapshot import CancelRequest, KnownDispute, KnownPayment, SetAsideEntry, Snapshot
from tests.support.builders import (
    NOW,
    Fields,
    a_cancel_request,
    a_catalogue_entry,
    a_lapse,
    a_placement,
    a_request,
    a_reserved_order,
    an_order,
    something_not_understood,
)
from tests.support.orders import a_counted_order, a_held_order, a_pending_order
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing, a_subscription
from tests.support.refunds import a_dispute, a_refunded_charge, an_updated_refund
from tests.support.snapshots import a_claim, a_product, a_snapshot

ORDER, CLAIM, AUDIT, INTENT, CHARGE = (
    "orders/order-1",
    "webhookEvents/evt_1",
    "auditLog/evt_1",
    "payments/pi_1",
    "payments/ch_1",
)
DISPUTE, REQUEST, PLACED = "disputes/dp_1", "cancelRequests/order-1", "auditLog/placed_order-1"
SHIRT, MUG = ("inventory/shirt", "products/shirt"), ("inventory/mug", "products/mug")
PAYMENT, REFUND = Wanted(a_payment()), Wanted(an_updated_refund())

PATHS = {
    "payment": (PAYMENT, CLAIM, ORDER, INTENT, CHARGE),
    "payment without an intent": (Wanted(a_payment(payment_intent_id=None)), CLAIM, ORDER, CHARGE),
    "parked payment": (Wanted(a_payment(is_replay=True)), AUDIT, CLAIM, ORDER, INTENT, CHARGE),
    "processing": (Wanted(a_processing()), CLAIM, ORDER, INTENT),
    "failure": (Wanted(a_failure(charge_id="ch_1")), CLAIM, ORDER, INTENT, CHARGE),
    "cancellation": (Wanted(a_cancellation()), CLAIM, ORDER, INTENT),
    "subscription": (Wanted(a_subscription()), CLAIM, ORDER),
    "payment that names no order": (Wanted(replace(a_payment(), order_id=None)), CLAIM, INTENT, CHARGE),
    "refunded charge": (Wanted(a_refunded_charge()), CLAIM, ORDER, INTENT, CHARGE),
    "refund": (REFUND, CLAIM, INTENT, CHARGE),
    "refund of an order": (Wanted(an_updated_refund(order_id="order-1")), CLAIM, ORDER, INTENT, CHARGE),
    "dispute": (Wanted(a_dispute()), CLAIM, INTENT, CHARGE, DISPUTE),
    "not understood": (Wanted(something_not_understood()), AUDIT, CLAIM),
    "placement": (Wanted(a_placement()), PLACED, ORDER, *SHIRT),
    "placement without a hint": (Wanted(a_placement(product_ids=())), PLACED, ORDER),
    "lapse": (Wanted(a_lapse()), "auditLog/lapsed_order-1", ORDER),
    "cancel request": (Wanted(a_cancel_request()), "auditLog/cancel_order-1", ORDER, REQUEST),
    "and the entry": (PAYMENT.and_also(Look(audit_entry=True)), AUDIT, CLAIM, ORDER, INTENT, CHARGE),
    "and the order": (REFUND.and_also(Look(order_id="order-1")), CLAIM, ORDER, INTENT, CHARGE),
    "other products": (Wanted(a_placement()).and_also(Look(("mug",))), PLACED, ORDER, *MUG),
    "what a payment holds": (PAYMENT.and_also(Look(("mug",))), CLAIM, ORDER, INTENT, CHARGE, *MUG, PLACED),
}


@pytest.mark.parametrize("wanted_paths", PATHS.values(), ids=PATHS)
def test_no_more_is_read_than_what_the_event_takes_and_its_decision_asks_for(wanted_paths: tuple[Any, ...]) -> None:
    wanted, *paths = wanted_paths
    assert wanted.paths == tuple(paths)


def test_what_decisions_ask_for_one_after_the_other_is_read_together() -> None:
    wanted = REFUND
    for look in (Look(audit_entry=True), Look(order_id="order-1"), Look(("shirt", "mug")), Look(deliveries=True)):
        wanted = wanted.and_also(look)
    assert wanted.paths == (AUDIT, CLAIM, ORDER, INTENT, CHARGE, *SHIRT, *MUG, PLACED)


# --- The answer ------------------------------------------------------------------------------------------------------


def read(wanted: Wanted, documents: Mapping[str, Fields]) -> Snapshot:
    found = {path: Document(documents[path], f"{path} as read") if path in documents else None for path in wanted.paths}
    return wanted.snapshot(found)


def test_where_there_is_nothing_nothing_is_known() -> None:
    assert read(PAYMENT, {}) == Snapshot(order_id="order-1")
    assert read(REFUND, {}) == Snapshot()


def test_an_order_is_read_with_its_claim_and_its_payments() -> None:
    claim: Fields = {"processed": True, "result": "refunded", "deliveries": 1, "receivedAt": NOW, "lastDeliveryAt": NOW}
    payment: Fields = {"orderId": "order-7", "waiting": ["evt_7"]}
    assert read(PAYMENT, {ORDER: a_reserved_order(), CLAIM: claim, INTENT: payment}) == Snapshot(
        claim=a_claim("refunded", processed_at=None, version=f"{CLAIM} as read"),
        order_id="order-1",
        order=a_held_order(),
        order_version=f"{ORDER} as read",
        payments={"pi_1": KnownPayment("order-7", ("evt_7",), f"{INTENT} as read")},
    )


def test_products_are_read_with_the_version_of_their_inventory_where_there_is_one() -> None:
    documents: dict[str, Fields] = {ORDER: an_order(), SHIRT[0]: {"stock": 10}, SHIRT[1]: a_catalogue_entry()}
    snapshot = read(Wanted(a_placement(product_ids=("shirt", "mug"))), documents)
    no_mugs = a_product("mug", None, in_inventory=False, unit_price=None, in_catalogue=False)
    assert (snapshot.order, snapshot.audited) == (a_pending_order(), False)
    assert snapshot.products == {"shirt": a_product(), "mug": no_mugs}
    assert snapshot.inventory_versions == {"shirt": "inventory/shirt as read"}


@pytest.mark.parametrize(
    ("fields", "user_id"),
    [
        (a_request(), "alice"),
        *((a_request(userId=user_id), None) for user_id in ("", "a/b", OPERATORS, 7, None, ["alice"])),
    ],
    ids=str,
)
def test_the_document_of_a_cancel_request_says_who_asked(fields: Fields, user_id: str | None) -> None:
    found = read(Wanted(a_cancel_request()), {ORDER: an_order(), REQUEST: fields})
    assert found.cancel_request == CancelRequest(user_id, f"{REQUEST} as read")
    assert read(Wanted(a_cancel_request()), {ORDER: an_order()}).cancel_request is None


@pytest.mark.parametrize("entry", [{}, {PLACED: {"result": "reserved"}}], ids=["never", "placed"])
@pytest.mark.parametrize("wanted", [PAYMENT.and_also(Look(("shirt",))), Wanted(a_placement(product_ids=()))])
def test_an_order_of_an_id_that_was_placed_before_is_known_to_be_one(wanted: Wanted, entry: dict[str, Fields]) -> None:
    assert read(wanted, entry).was_placed == bool(entry)
    assert not read(PAYMENT, entry).was_placed


WAITED_FOR: Fields = {"orderId": None, "waiting": ["evt_7"]}
LEADS = {
    "by its intent": ({INTENT: {"orderId": "order-1"}}, "order-1"),
    "by its charge": ({INTENT: WAITED_FOR, CHARGE: {"orderId": "order-1"}}, "order-1"),
    "nowhere": ({INTENT: WAITED_FOR}, None),
}


@pytest.mark.parametrize(("payments", "order_id"), LEADS.values(), ids=LEADS)
@pytest.mark.parametrize("event", [an_updated_refund(), a_refunded_charge(order_id=None), a_dispute()])
def test_a_payment_leads_to_its_order_which_is_read_next(
    event: StripeEvent, payments: dict[str, Fields], order_id: str | None
) -> None:
    found = read(Wanted(event), payments)
    assert (found.order_id, found.is_order_unread, found.order) == (order_id, order_id is not None, None)
    found = read(Wanted(event).and_also(Look(order_id="order-1")), payments | {ORDER: a_reserved_order()})
    assert (found.order_id, found.is_order_unread, found.order) == ("order-1", False, a_held_order())


MISMATCH: Fields = {"result": "livemode_mismatch"}
UNDATED = SetAsideEntry(Result.LIVEMODE_MISMATCH, None, f"{AUDIT} as read", frozenset({"result"}))
AS_MISMATCH = SetAsideEntry(Result.LIVEMODE_MISMATCH, NOW, f"{AUDIT} as read", frozenset({"result", "createdAt"}))
OTHER: Fields = {"result": "other_account", "createdAt": NOW}
ENTRIES = {
    "none": ({}, False, None),
    "of what was settled": ({AUDIT: {"result": "refunded", "createdAt": NOW}}, True, None),
    "of what was set aside": ({AUDIT: MISMATCH | {"createdAt": NOW}}, True, AS_MISMATCH),
    "of the same, without a time": ({AUDIT: MISMATCH}, True, UNDATED),
    "of another account": ({AUDIT: OTHER}, True, AS_MISMATCH._replace(result=Result.OTHER_ACCOUNT)),
    "of whatever": ({AUDIT: {"result": ["other_account"]}}, True, None),
}


@pytest.mark.parametrize(("entry", "audited", "set_aside"), ENTRIES.values(), ids=ENTRIES)
def test_an_audit_entry_says_whether_all_that_was_done_was_to_set_the_event_aside(
    entry: dict[str, Fields], set_aside: SetAsideEntry | None, *, audited: bool
) -> None:
    found = read(PAYMENT.and_also(Look(audit_entry=True)), entry)
    assert (found.audited, found.set_aside) == (audited, set_aside)


def test_a_dispute_is_read_with_the_order_that_it_is_about() -> None:
    known: Fields = {"orderId": "order-1", **dispute_fields(a_dispute().dispute)}
    assert read(Wanted(a_dispute()), {DISPUTE: known}) == Snapshot(
        dispute=KnownDispute("order-1", a_dispute().dispute, f"{DISPUTE} as read")
    )


# --- After a commit --------------------------------------------------------------------------------------------------

ONE, BOTH = {ORDER: a_reserved_order()}, {ORDER: a_reserved_order(), CLAIM: {"processed": True}}
LOSSES = {
    "nothing has changed": (BOTH, BOTH, True),
    "there is nothing": ({}, {}, True),
    "the claim is new": (ONE, BOTH, False),
    "the order is gone": (ONE, {}, False),
}


@pytest.mark.parametrize(("before", "after", "is_unexplained"), LOSSES.values(), ids=LOSSES)
def test_after_a_loss_the_audit_entry_is_read_and_whether_claim_and_order_explain_it(
    before: dict[str, Fields], after: dict[str, Fields], *, is_unexplained: bool
) -> None:
    wanted = PAYMENT.after_loss(read(PAYMENT, before))
    assert wanted.paths == (AUDIT, CLAIM, ORDER, INTENT, CHARGE)
    found = read(wanted, after)
    assert (found.is_loss_unexplained, found.audited) == (is_unexplained, False)


def test_a_dispute_that_somebody_else_has_recorded_explains_a_loss() -> None:
    wanted = Wanted(a_dispute()).after_loss(read(Wanted(a_dispute()), {}))
    assert not read(wanted, {DISPUTE: {"orderId": "order-1"}}).is_loss_unexplained


def test_after_a_hold_the_order_and_the_figures_that_the_commit_answered_are_known_and_the_rest_is_as_before() -> None:
    committed = Committed(
        {ORDER: "as counted", "inventory/shirt": "_"}, {"inventory/shirt": {"stock": 6, "reserved": 7}}
    )
    before = a_snapshot(a_pending_order(), shirts=(6, 0), mugs=(5, 0), claim=a_claim())
    after = a_snapshot(a_counted_order(), shirts=(6, 7), mugs=(5, 0), claim=a_claim(), order_version="as counted")
    assert after_hold(before, a_counted_order(), committed) == after
    assert after.products["shirt"].level == Level(6, 7)


@pytest.mark.parametrize(("stock", "level"), [(6.0, Level(6, 7)), (6.5, None), ("six", None)])
def test_figures_that_are_no_whole_numbers_after_a_hold_are_unknown_and_not_as_they_were_before(
    stock: object, level: Level | None
) -> None:
    committed = Committed({ORDER: "as counted"}, {"inventory/shirt": {"stock": stock, "reserved": 7.0}})
    known = after_hold(a_snapshot(a_pending_order(), shirts=(6, 0)), a_counted_order(), committed)
    assert known.products["shirt"].level == level
