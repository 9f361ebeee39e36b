"""Every decision as the documents that it writes, each under the condition that it is as it was read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from database.documents.recorder import writes_for
from database.ids import is_user_id
from database.store import Create, Increase, Update, Write
from inventory.stock import Level, StockMove
from orders.adjustments import Adjustment, AdjustmentKind
from orders.events import NotUnderstood, OrderEvent
from orders.money import Money
from orders.order import OrderStatus
from orders.outcome import Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Decision, GiveBack, Hold, Look, Park, SetAside, Unchanged
from settlement.snapshot import CancelRequest, KnownDispute, Snapshot
from tests.support.builders import (
    LATER,
    NOW,
    TERMS,
    Fields,
    a_cancel_request,
    a_dispute,
    a_payment,
    a_placement,
    a_processing,
    a_refund,
    an_updated_refund,
    something_not_understood,
)
from tests.support.deciding import (
    CANCEL_REQUESTED,
    HELD,
    PAID_NOW,
    PLACED,
    RELEASED,
    SET_ASIDE,
    TAKEN,
    UNPRICED,
    a_change,
    a_claim,
    a_count,
    a_counted_order,
    a_held_order,
    a_known_payment,
    a_parked_claim,
    a_pending_order,
    a_product,
    a_snapshot,
    a_sold_order,
    lines_of,
    to_customer,
    to_operators,
)

ORDER, INVENTORY, CLAIM, AUDIT = "orders/order-1", "inventory/shirt", "webhookEvents/evt_1", "auditLog/evt_1"
DISPUTE = "disputes/dp_1"
PAID, UNREADABLE = a_payment(delivered_at=LATER), something_not_understood(delivered_at=LATER)
IN_A_WEEK = NOW + timedelta(days=7)
ITEMS = [{"productId": "shirt", "quantity": 3}]

Writes = dict[str, Write]


def written(
    decision: Decision, snapshot: Snapshot | None = None, event: OrderEvent | NotUnderstood = PAID, **terms: Any
) -> Writes:
    """What is written, by document: no commit writes one twice, and the database knows no enumerations."""
    writes = writes_for(decision, event, snapshot or a_snapshot(), replace(TERMS, **terms), NOW)
    assert len({write.path for write in writes}) == len(writes)
    assert all(is_plain(getattr(write, "fields", {})) for write in writes)
    return {write.path: write for write in writes}


def is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(is_plain, value.values()))
    return (
        all(map(is_plain, value)) if isinstance(value, list) else type(value) in (str, int, bool, datetime, type(None))
    )


def updated_order(**fields: object) -> Writes:
    return {ORDER: Update(ORDER, {**fields, "updatedAt": NOW}, "order as read")}


def updated_claim(**fields: object) -> Writes:
    return {CLAIM: Update(CLAIM, fields, "claim as read")}


def new_claim(**fields: object) -> Writes:
    received: Fields = {
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "livemode": False,
        "apiVersion": "2026-02-25.clover",
        "receivedAt": LATER,
        "lastDeliveryAt": LATER,
        "deliveries": 1,
    }
    return {CLAIM: Create(CLAIM, {**received, **fields})}


def done(result: str) -> Fields:
    return {"processed": True, "processedAt": NOW, "result": result, "expireAt": IN_A_WEEK}


def entry(**fields: object) -> Fields:
    payment: Fields = {
        "kind": "payment_succeeded",
        "eventId": "evt_1",
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "webhookProcessed": True,
        "result": "first_time_finalized",
        "statusBefore": "reserved",
        "statusAfter": "finalized",
        "stock": [{"productId": "shirt", "stock": -3, "reserved": -3}],
        "uncounted": [],
        "amount": 3_600,
        "currency": "eur",
        "adjustments": [],
        "paymentIntentId": "pi_1",
        "note": None,
        "createdAt": NOW,
    }
    return {**payment, **fields}


def new_entry(**fields: object) -> Writes:
    return {AUDIT: Create(AUDIT, entry(**fields))}


def delivery_record(number: int, result: str) -> Writes:
    record: Fields = {
        "eventId": "evt_1",
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "webhookProcessed": False,
        "result": result,
        "createdAt": LATER,
    }
    path = f"{AUDIT}/deliveries/{number}"
    return {path: Create(path, record)}


def notice(path: str, **fields: object) -> Writes:
    paid: Fields = {
        "type": "paid",
        "audience": "customer",
        "userId": "alice",
        "orderId": "order-1",
        "amount": 3_600,
        "currency": "eur",
        "reason": None,
        "createdAt": NOW,
        "readAt": None,
        "deliveredAt": None,
        "expireAt": NOW + timedelta(days=90),
    }
    path = f"notifications/{path}"
    return {path: Create(path, {**paid, **fields})}


# --- Nothing is written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", [Look(audit_entry=True), Unchanged(Outcome(Result.NOT_EXPIRED, "order-1"))])
def test_what_changes_nothing_writes_nothing(decision: Decision) -> None:
    assert written(decision, a_snapshot(a_held_order())) == {}


def test_what_nobody_can_read_of_another_account_is_on_record_without_its_kind() -> None:
    foreign = SetAside(Result.OTHER_ACCOUNT, "order-1", "other_account: an event of acct_9")
    entry = written(foreign, a_snapshot(), something_not_understood(account="acct_9"))[AUDIT]
    assert isinstance(entry, Create)
    assert [entry.fields[name] for name in ("kind", "result", "account", "paymentIntentId")] == [
        "not_understood",
        "other_account",
        "acct_9",
        None,
    ]


OF_ANOTHER_MODE = SetAside(Result.LIVEMODE_MISMATCH, "order-1", "livemode_mismatch: an event of test mode")
KEPT = Park(Result.ERROR, "order-1", "amount_received must be an amount")
IMPOSSIBLE = [
    (a_change("refunded", a_sold_order()), UNREADABLE, "a NotUnderstood cannot lead to a Change"),
    (KEPT, a_placement(), "a OrderPlaced cannot lead to a Park"),
    (a_count(), a_placement(), "a OrderPlaced cannot lead to a CountDelivery"),
]


@pytest.mark.parametrize(("decision", "event", "said"), IMPOSSIBLE)
def test_no_event_leads_to_what_only_others_lead_to(decision: Decision, event: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        written(decision, event=event)


# --- Hold and give back ----------------------------------------------------------------------------------------------


SHIPPING = Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel")
SHIPPING_FIELDS = [{"kind": "shipping", "amount": 490, "label": "Parcel"}]
PRICE: Fields = {
    "adjustments": None,
    "itemsTotal": 3_600,
    "amountTotal": 3_600,
    "currency": "eur",
    "pricedBy": "catalogue",
}


def test_a_hold_counts_and_prices_in_one_commit_and_asks_for_all_figures() -> None:
    assert written(Hold(a_counted_order(), HELD), a_snapshot(a_pending_order())) == {
        **updated_order(status="reserving", heldFrom="pending", items=ITEMS, **PRICE),
        INVENTORY: Increase(INVENTORY, {"stock": 0, "reserved": 3}),
    }


def test_a_hold_asks_how_many_may_be_backordered_too_where_any_could_be() -> None:
    before = a_snapshot(a_pending_order(), shirts=a_product(level=Level(1, 0, 2)))
    figures = {"stock": 0, "reserved": 3, "backorder": 0}
    assert written(Hold(a_counted_order(), HELD), before)[INVENTORY] == Increase(INVENTORY, figures)


def test_a_hold_writes_its_price_even_where_it_is_unknown() -> None:
    writes = written(Hold(a_counted_order(**UNPRICED), HELD), a_snapshot(a_pending_order()))
    unpriced = updated_order(status="reserving", heldFrom="pending", items=ITEMS, **dict.fromkeys(PRICE))
    assert writes[ORDER] == unpriced[ORDER]


def test_a_hold_leaves_nothing_in_the_items_but_which_products_and_how_many() -> None:
    lines = lines_of(shirt=3, mug=1)
    writes = written(Hold(a_counted_order(lines=lines), HELD), a_snapshot(a_pending_order(lines=lines)))
    assert writes[ORDER].fields["items"] == [*ITEMS, {"productId": "mug", "quantity": 1}]  # type: ignore[union-attr]


def test_adjustments_that_nobody_can_read_do_not_outlive_a_hold() -> None:
    unreadable = a_snapshot(a_pending_order(price_defect="what?"))
    assert (
        written(Hold(a_counted_order(), HELD), unreadable)[ORDER]
        == updated_order(status="reserving", heldFrom="pending", items=ITEMS, **PRICE)[ORDER]
    )


def test_a_hold_for_late_money_leaves_the_adjustments_that_its_order_had() -> None:
    expired = a_held_order("expired", adjustments=(SHIPPING,))
    writes = written(Hold(replace(expired, status=OrderStatus.RESERVING), HELD), a_snapshot(expired))
    price = PRICE | {"adjustments": SHIPPING_FIELDS}
    assert writes[ORDER] == updated_order(status="reserving", items=ITEMS, **price)[ORDER]


def test_a_hold_for_late_money_leaves_what_nobody_can_read_of_its_price_for_the_backend_to_correct() -> None:
    expired = a_held_order("expired", price_defect="what?", total=None)
    writes = written(Hold(replace(expired, status=OrderStatus.RESERVING), HELD), a_snapshot(expired))
    assert writes[ORDER] == updated_order(status="reserving", items=ITEMS)[ORDER]


def test_a_hold_given_back_is_as_if_it_had_never_been() -> None:
    given_back = GiveBack(a_counted_order("expired", held_from=None), RELEASED)
    assert written(given_back, a_snapshot(a_counted_order(held_from="expired"))) == {
        **updated_order(status="expired", heldFrom=None),
        INVENTORY: Increase(INVENTORY, {"reserved": -3}),
    }


def test_no_order_is_written_that_was_not_read() -> None:
    with pytest.raises(ValueError, match=r"^no order was read that could be changed$"):
        written(Hold(a_counted_order(), HELD))


# --- A change --------------------------------------------------------------------------------------------------------

RESERVED = a_snapshot(a_held_order())
FINALIZED = a_change("first_time_finalized", a_sold_order(**PAID_NOW), "reserved", to_customer("paid"), moves=TAKEN)


PAYMENT: Fields = {
    "state": "succeeded",
    "at": NOW,
    "amount": 3_600,
    "currency": "eur",
    "chargeId": "ch_1",
    "until": None,
    "untilEstimated": False,
    "amountRefunded": 0,
    "doubtful": False,
}


def test_a_payment_is_settled_in_one_commit() -> None:
    finalized = updated_order(
        status="finalized",
        # Written although nobody has changed it here: the backend may have, in the total alone.
        pricedBy="catalogue",
        payments={"pi_1": PAYMENT},
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
        "cancelled",
        a_held_order("cancelled"),
        "reserved",
        to_customer("cancelled"),
        moves=RELEASED,
        **CANCEL_REQUESTED,
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
    unknown = {"amount": None, "currency": None, "chargeId": None}
    fields = {**PAYMENT, **unknown, "state": "processing", "until": IN_A_WEEK}
    assert writes[ORDER] == updated_order(payments={"pi_1": fields}, reservationExpiresAt=IN_A_WEEK)[ORDER]
    assert writes["payments/pi_1"] == Create("payments/pi_1", {"orderId": "order-1"})


def test_a_change_that_leaves_its_order_as_it_is_writes_no_order() -> None:
    note = "inventory_gone: 1 of 'mug' could not be counted"
    already = a_change("already_finalized", a_sold_order(), uncounted=lines_of(mug=1), money=None, note=note)
    known = {"pi_1": a_known_payment(), "ch_1": a_known_payment()}
    of_mugs: Fields = {"stock": [], "uncounted": [{"productId": "mug", "quantity": 1}], "note": note}
    assert written(already, a_snapshot(a_sold_order(), payments=known)) == {
        **new_entry(result="already_finalized", statusBefore="finalized", amount=None, currency=None, **of_mugs),
        **new_claim(**done("already_finalized")),
    }


def test_one_cause_has_room_for_a_notice_to_each_audience() -> None:
    to_both = to_customer("review", money=None), to_operators("review", "amount_mismatch")
    expected = {
        **notice("alice/messages/evt_1", type="review", amount=None, currency=None),
        **notice("system/messages/evt_1", type="review", audience="operator", reason="amount_mismatch"),
    }
    assert expected.items() <= written(replace(FINALIZED, notices=to_both), RESERVED).items()


def test_operators_are_notified_of_nobodys_order_under_a_name_that_no_customer_can_have() -> None:
    assert not is_user_id("system")
    to_shop = replace(to_operators("review"), user_id=None)
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
    assert ORDER not in again


def test_the_items_of_an_order_that_is_too_large_make_room_for_what_is_written() -> None:
    failed = a_change("reservation_failed", a_pending_order("failed", is_oversized=True), "pending")
    writes = written(failed, a_snapshot(a_pending_order(is_oversized=True)), a_placement())
    assert writes[ORDER] == updated_order(status="failed", items=[])[ORDER]


def test_the_audit_entry_of_an_event_that_was_set_aside_is_replaced() -> None:
    writes = written(FINALIZED, a_snapshot(a_held_order(), claim=a_claim("livemode_mismatch"), set_aside=SET_ASIDE))
    assert writes[AUDIT] == Update(AUDIT, entry(), "entry as read")


# --- Claims ----------------------------------------------------------------------------------------------------------


def test_the_shops_terms_say_how_long_a_claim_is_kept() -> None:
    kept = done("first_time_finalized") | {"expireAt": NOW + timedelta(days=30)}
    assert written(FINALIZED, RESERVED, claim_lifetime=timedelta(days=30))[CLAIM] == new_claim(**kept)[CLAIM]


SETTLED = {"orderId": "order-1", **done("first_time_finalized")}


@pytest.mark.parametrize("claim", [a_parked_claim(deliveries=4), a_claim("livemode_mismatch", deliveries=4)])
def test_an_event_that_was_parked_or_set_aside_is_settled_by_turning_its_claim_into_a_settled_one(
    claim: object,
) -> None:
    known = a_snapshot(a_held_order(), claim=claim)
    again, fifth = written(FINALIZED, known), delivery_record(5, "first_time_finalized")
    assert (updated_claim(deliveries=5, lastDeliveryAt=LATER, **SETTLED) | fifth).items() <= again.items()
    replay = written(FINALIZED, known, a_payment(delivered_at=LATER, is_replay=True))
    assert replay[CLAIM] == updated_claim(**SETTLED)[CLAIM]
    assert fifth.keys().isdisjoint(replay)


@pytest.mark.parametrize("number", [2, 3])
def test_a_further_delivery_is_counted_and_recorded_and_nothing_else(number: int) -> None:
    assert written(a_count(), a_snapshot(claim=a_claim(deliveries=number - 1))) == {
        **updated_claim(deliveries=number, lastDeliveryAt=LATER),
        **delivery_record(number, "duplicate_detected"),
    }


@pytest.mark.parametrize(("on_record", "number"), [(0, 2), (4, 6)])
def test_a_claim_that_has_expired_is_put_back_and_counted_on(on_record: int, number: int) -> None:
    put_back = a_count(recorded_as=Result.LIVEMODE_MISMATCH)
    assert written(put_back, a_snapshot(audited=True, deliveries_on_record=on_record)) == {
        **new_claim(deliveries=number, **done("livemode_mismatch")),
        **delivery_record(number, "livemode_mismatch"),
    }


def test_an_event_of_the_other_mode_is_put_on_record_and_touches_nothing() -> None:
    untouched: Fields = {"statusBefore": None, "statusAfter": None, "stock": [], "amount": None, "currency": None}
    set_aside = {"result": "livemode_mismatch", "note": OF_ANOTHER_MODE.note, "webhookProcessed": False}
    assert written(OF_ANOTHER_MODE, RESERVED) == {
        **new_entry(**untouched, **set_aside),
        **new_claim(**done("livemode_mismatch")),
    }


def test_whose_event_it_is_is_on_record_where_it_is_not_our_own() -> None:
    foreign = a_payment(delivered_at=LATER, account="acct_1")
    again = a_snapshot(claim=a_claim())
    for decision, snapshot, records in (
        (OF_ANOTHER_MODE, RESERVED, {CLAIM, AUDIT}),
        (FINALIZED, RESERVED, {CLAIM, AUDIT}),
        (KEPT, RESERVED, {CLAIM}),
        (a_count(), again, {f"{AUDIT}/deliveries/2"}),
    ):
        made = [write for write in written(decision, snapshot, foreign).values() if isinstance(write, Create)]
        assert {write.path for write in made if write.fields.get("account") == "acct_1"} == records


# --- Parked ----------------------------------------------------------------------------------------------------------

NO_ORDER = Park(Result.ORDER_NOT_FOUND, "order-1", "the order does not exist")
EVENT: Fields = {
    "kind": "payment_succeeded",
    "createdAt": NOW,
    "amount": 3_600,
    "currency": "eur",
    "sessionId": None,
    "paymentIntentId": "pi_1",
    "chargeId": "ch_1",
}
FOR_ITS_ORDER: Fields = {"result": "order_not_found", "reason": "the order does not exist", "event": EVENT}
FOR_A_PERSON: Fields = {"result": "error", "reason": "amount_received must be an amount"}
PARKED = {"processed": False, "parkedAt": NOW}


def test_an_event_is_parked_with_all_that_settles_it_later_and_never_expires() -> None:
    assert written(NO_ORDER) == new_claim(**PARKED, **FOR_ITS_ORDER)


def test_an_event_that_waits_for_its_payment_is_listed_with_it() -> None:
    third = a_refund("re_1", 1_200, restock={"shirt": 1})
    restock = [{"productId": "shirt", "quantity": 1}]
    refund: Fields = {
        **{name: value for name, value in EVENT.items() if name != "sessionId"},
        "kind": "refund_updated",
        "amount": 1_200,
        "refunds": {"re_1": {"amount": 1_200, "status": "succeeded", "restock": restock, "paymentId": "pi_1"}},
        "restockDefect": None,
    }
    waits: Fields = {"orderId": None, "result": "payment_not_found", "reason": "nobody knows it", "event": refund}
    park = Park(Result.PAYMENT_NOT_FOUND, None, "nobody knows it")
    assert written(park, event=an_updated_refund(refund=third, delivered_at=LATER)) == {
        **new_claim(eventType="refund.updated", **PARKED, **waits),
        "payments/pi_1": Create("payments/pi_1", {"orderId": None, "waiting": ["evt_1"]}),
    }


def test_an_event_that_nobody_can_read_is_parked_with_the_reason_alone() -> None:
    assert written(KEPT, event=UNREADABLE) == new_claim(**PARKED, **FOR_A_PERSON)


def test_an_event_that_has_outlived_its_claim_is_parked_and_counted_on() -> None:
    set_aside = a_snapshot(set_aside=SET_ASIDE, deliveries_on_record=1)
    third = delivery_record(3, "error")
    assert written(KEPT, set_aside, UNREADABLE) == new_claim(deliveries=3, **PARKED, **FOR_A_PERSON) | third


@pytest.mark.parametrize(
    ("claim", "again"),
    [(a_parked_claim("error"), {}), (a_claim("livemode_mismatch"), {**PARKED, "expireAt": None})],
    ids=["not understood before", "set aside before"],
)
def test_what_had_another_claim_waits_under_it_from_now_on(claim: object, again: Fields) -> None:
    known, waits = a_snapshot(claim=claim), {"orderId": "order-1", **FOR_ITS_ORDER, **again}
    assert written(NO_ORDER, known) == {
        **updated_claim(**waits, deliveries=2, lastDeliveryAt=LATER),
        **delivery_record(2, "order_not_found"),
    }
    assert written(NO_ORDER, known, a_payment()) == updated_claim(**waits)
