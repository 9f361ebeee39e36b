"""Every change as documents, each written only if its version is the one read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from audit.chain import Head, chained
from database.documents.recorder import writes_for
from database.ids import is_user_id
from database.store import Create, Increase, Update
from inventory.stock import StockMove
from orders.adjustments import Adjustment, AdjustmentKind
from orders.money import Money
from orders.outcome import Result
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import SetAside
from settlement.snapshot import CancelRequest, KnownDispute
from tests.support.builders import LATER, NOW, TERMS, Fields, a_cancel_request, a_placement
from tests.support.decisions import CANCEL_REQUESTED, HELD, PLACED, RELEASED, a_change, to_customer, to_operators
from tests.support.orders import PAID_NOW, a_counted_order, a_held_order, a_pending_order, a_sold_order, lines_of
from tests.support.payments import a_processing
from tests.support.refunds import a_dispute
from tests.support.snapshots import SET_ASIDE, a_claim, a_known_payment, a_product, a_snapshot
from tests.support.written import (
    AUDIT,
    CHAIN,
    FINALIZED,
    IN_A_WEEK,
    INVENTORY,
    ORDER,
    PAID,
    RESERVED,
    done,
    entry,
    new_claim,
    new_entry,
    notice,
    payment_fields,
    updated_order,
    written,
)

DISPUTE = "disputes/dp_1"

SHIPPING = Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel")
SHIPPING_FIELDS = [{"kind": "shipping", "amount": 490, "label": "Parcel"}]


def test_a_payment_is_settled_in_one_commit() -> None:
    finalized = updated_order(
        status="finalized",
        # Written although unchanged here: the backend may have changed the total.
        pricedBy="catalogue",
        payments={"pi_1": payment_fields()},
        webhookEventId="evt_1",
        paymentIntentId="pi_1",
        chargeId="ch_1",
        amountReceived=3_600,
        currencyReceived="eur",
        amountRefunded=0,
        finalizedAt=NOW,
    )
    assert written(FINALIZED, RESERVED) == {
        **new_entry(),
        INVENTORY: Increase(INVENTORY, {"stock": -3, "reserved": -3}),
        **finalized,
        **new_claim(**done("first_time_finalized")),
        "payments/pi_1": Create("payments/pi_1", {"orderId": "order-1"}),
        "payments/ch_1": Create("payments/ch_1", {"orderId": "order-1"}),
        **notice("alice/messages/evt_1"),
    }


def test_an_event_of_the_shop_needs_no_claim() -> None:
    reserved = a_change("reserved", a_held_order(), "pending", to_customer("reserved"), moved=HELD, **PLACED)
    placed = {"kind": "order_placed", "eventId": "placed_order-1", "eventType": "order.placed", "paymentIntentId": None}
    changed = {"result": "reserved", "statusBefore": "pending", "statusAfter": "reserved", "webhookProcessed": False}
    moved = [{"productId": "shirt", "stock": 0, "reserved": 3}]
    times = {"reservedAt": NOW, "reservationExpiresAt": NOW + timedelta(minutes=30)}
    audit = "auditLog/placed_order-1"
    assert written(reserved, a_snapshot(a_counted_order()), a_placement()) == {
        audit: Create(audit, entry(stock=moved, **placed, **changed)),
        **updated_order(status="reserved", heldFrom=None, **times),
        **notice("alice/messages/placed_order-1", type="reserved"),
    }


def test_a_cancel_request_that_is_settled_and_every_notice_are_kept_as_long_as_the_shops_terms_say() -> None:
    cancelled = a_change(
        "cancelled", a_held_order("cancelled"), "reserved", to_customer("cancelled"), moves=RELEASED, **CANCEL_REQUESTED
    )
    in_a_month = NOW + timedelta(days=30)
    request = a_snapshot(a_held_order(), cancel_request=CancelRequest("alice", "request as read"))
    writes = written(cancelled, request, a_cancel_request(), notice_lifetime=timedelta(days=30))
    path = "cancelRequests/order-1"
    assert writes[path] == Update(path, {"expireAt": in_a_month}, "request as read")
    to_alice = notice("alice/messages/cancel_order-1", type="cancelled", expireAt=in_a_month)
    assert to_alice.items() <= writes.items()


def test_an_entry_and_its_notices_are_kept_under_the_id_that_the_change_says() -> None:
    again = {"entry_id": "placed_order-1_20260314"}
    failed = a_change("reservation_failed", a_pending_order("failed"), "pending", to_customer("failed"), **again)
    writes = written(failed, a_snapshot(a_pending_order()), a_placement())
    assert writes.keys() == {
        "auditLog/placed_order-1_20260314",
        ORDER,
        "notifications/alice/messages/placed_order-1_20260314",
    }
    assert writes["auditLog/placed_order-1_20260314"].fields["eventId"] == "placed_order-1_20260314"  # type: ignore[union-attr]


def test_an_order_that_was_adjusted_is_finalized_with_what_was_asked_which_its_entry_explains() -> None:
    adjusted = a_held_order(adjustments=(SHIPPING,))
    paid = a_sold_order(**PAID_NOW, adjustments=(SHIPPING,), total=Money(4_090, "eur"))
    writes = written(replace(FINALIZED, order=paid), a_snapshot(adjusted))
    assert writes[AUDIT] == new_entry(adjustments=SHIPPING_FIELDS)[AUDIT]
    order = writes[ORDER].fields  # type: ignore[union-attr]
    assert (order["amountTotal"], order["pricedBy"]) == (4_090, "backend")
    assert {"itemsTotal", "currency", "adjustments"}.isdisjoint(order)


def test_a_payment_that_is_under_way_is_on_its_order_and_leads_there_from_now_on() -> None:
    voucher = Payment("pi_1", PaymentState.PROCESSING, NOW, until=IN_A_WEEK)
    extended = a_held_order(payments=Payments.of(voucher), reservation_expires_at=IN_A_WEEK)
    event = a_processing(delivered_at=LATER)
    writes = written(a_change("hold_extended", extended), a_snapshot(a_held_order()), event)
    fields = payment_fields(state="processing", until=IN_A_WEEK, amount=None, currency=None, chargeId=None)
    assert writes[ORDER] == updated_order(payments={"pi_1": fields}, reservationExpiresAt=IN_A_WEEK)[ORDER]
    assert writes["payments/pi_1"] == Create("payments/pi_1", {"orderId": "order-1"})


def test_a_change_that_leaves_its_order_as_it_is_writes_only_when_its_trail_went_on() -> None:
    note = "inventory_gone: 1 of 'mug' could not be counted"
    already = a_change("already_finalized", a_sold_order(), uncounted=lines_of(mug=1), money=None, note=note)
    known = {"pi_1": a_known_payment(), "ch_1": a_known_payment()}
    of_mugs: Fields = {"stock": [], "uncounted": [{"productId": "mug", "quantity": 1}], "note": note}
    assert written(already, a_snapshot(a_sold_order(), payments=known)) == {
        **new_entry(result="already_finalized", statusBefore="finalized", amount=None, currency=None, **of_mugs),
        **updated_order(wentUncounted=True),
        **new_claim(**done("already_finalized")),
    }


def test_one_cause_has_room_for_a_notice_to_each_audience() -> None:
    to_both = to_customer("review", money=None), to_operators("review", "amount_mismatch")
    expected = {
        **notice("alice/messages/evt_1", type="review", amount=None, currency=None),
        **notice("system/messages/evt_1", type="review", audience="operator", reason="amount_mismatch"),
    }
    assert expected.items() <= written(replace(FINALIZED, notices=to_both), RESERVED).items()


def test_operators_are_notified_of_an_order_without_customer_under_an_impossible_user_id() -> None:
    assert not is_user_id("system")
    to_shop = to_operators("review")._replace(user_id=None)
    expected = notice("system/messages/evt_1", type="review", audience="operator", userId=None)
    assert expected.items() <= written(replace(FINALIZED, notices=(to_shop,)), RESERVED).items()


def test_units_that_nobody_holds_are_taken_only_if_the_inventory_is_as_it_was_read() -> None:
    moves = (StockMove("shirt", stock=-3, reserved=-1), StockMove("mug", stock=1, reserved=0))
    taken = a_change("refund_failed", a_sold_order(), moves=moves)
    writes = written(taken, a_snapshot(a_sold_order(), shirts=(10, 2)))
    assert writes[INVENTORY] == Update(INVENTORY, {"stock": 7, "reserved": 1}, "shirt as read")
    assert writes["inventory/mug"] == Increase("inventory/mug", {"stock": 1})
    with pytest.raises(ValueError, match="shirt was not found to have the units that are taken from it"):
        written(taken, a_snapshot(a_sold_order(), shirts=a_product(level=None)))


def test_a_dispute_is_written_as_it_is_now_beside_the_order_which_only_counts_it() -> None:
    event = a_dispute(delivered_at=LATER)
    disputed = a_change("dispute_recorded", a_sold_order(open_disputes=1), dispute=event.dispute)
    fields: Fields = {
        "orderId": "order-1",
        "status": "needs_response",
        "reason": "fraudulent",
        "amount": 3_600,
        "currency": "eur",
        "dueBy": IN_A_WEEK,
        "openedAt": NOW,
        "toldAt": NOW,
    }
    new = written(disputed, a_snapshot(a_sold_order()), event)
    assert new[DISPUTE] == Create(DISPUTE, fields)
    assert new[ORDER] == updated_order(disputed=True, openDisputes=1)[ORDER]
    known = KnownDispute("order-1", None, "dispute as read")
    again = written(disputed, a_snapshot(a_sold_order(open_disputes=1), dispute=known), event)
    assert again[DISPUTE] == Update(DISPUTE, fields, "dispute as read")
    assert again[ORDER] == updated_order()[ORDER]


def test_the_items_of_an_order_that_is_too_large_make_room_for_what_is_written() -> None:
    failed = a_change("reservation_failed", a_pending_order("failed", is_oversized=True), "pending")
    writes = written(failed, a_snapshot(a_pending_order(is_oversized=True)), a_placement())
    assert writes[ORDER] == updated_order(status="failed", items=[])[ORDER]


def test_the_audit_entry_of_an_event_that_was_set_aside_is_replaced() -> None:
    writes = written(FINALIZED, a_snapshot(a_held_order(), claim=a_claim("livemode_mismatch"), set_aside=SET_ASIDE))
    assert writes[AUDIT] == Update(AUDIT, entry(), "entry as read")


def test_an_entry_comes_next_in_the_chain_of_its_order_which_says_so_in_the_same_commit() -> None:
    head = Head(2, "a" * 64)
    next_one = chained(entry(), head)
    writes = {
        write.path: write
        for write in writes_for(FINALIZED, PAID, a_snapshot(a_held_order(), audit_head=head), TERMS, NOW)
    }
    assert writes[AUDIT] == Create(AUDIT, next_one)
    order = writes[ORDER].fields  # type: ignore[union-attr]
    assert (order["auditHead"], order["auditCount"]) == (next_one["hash"], 3)


def test_nothing_is_left_over_of_an_entry_that_is_replaced_because_the_hash_is_over_all_that_is_there() -> None:
    aside = SET_ASIDE._replace(names=frozenset({"result", "account"}))
    snapshot = a_snapshot(a_held_order(), claim=a_claim("other_account"), set_aside=aside)
    (replaced,) = (write for write in writes_for(FINALIZED, PAID, snapshot, TERMS, NOW) if write.path == AUDIT)
    assert replaced == Update(AUDIT, chained(entry(account=None), None), "entry as read")


def test_what_is_set_aside_touches_no_order_and_so_is_in_no_chain() -> None:
    aside = SetAside(Result.LIVEMODE_MISMATCH, "order-1", "livemode_mismatch: an event of test mode")
    for write in writes_for(aside, PAID, a_snapshot(a_held_order()), TERMS, NOW):
        assert CHAIN.isdisjoint(getattr(write, "fields", {}))
