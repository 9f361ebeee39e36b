"""What each step of the lifecycle writes, document by document."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from database.documents.wanted import after_hold
from database.store import Committed, Create, Increase, Update
from inventory.stock import Level
from orders.events import OrderEvent
from orders.order import CLOSED, Money, OrderStatus
from orders.outcome import Outcome, Result
from settlement.decisions import Look
from tests.support.builders import (
    LATER,
    NOW,
    ONE_OF_EACH_KIND,
    TERMS,
    Fields,
    a_catalogue_entry,
    a_free_session,
    a_payment,
    a_placement,
    a_reserved_order,
    an_order,
)
from tests.unit.settlement.planning import (
    Finish,
    Hold,
    StartOver,
    as_read,
    by_path,
    fields_at,
    finish,
    make_plan,
    planned,
    seen,
)

ORDER, INVENTORY, CATALOGUE = "orders/order-1", "inventory/shirt", "products/shirt"
CLAIM, AUDIT = "webhookEvents/evt_1", "auditLog/evt_1"
NOTICE, PAYMENT, CHARGE = "notifications/alice/messages/evt_1", "payments/pi_1", "payments/ch_1"
TO_OPERATORS = "notifications/system/messages/evt_1"
SHIRT = ("shirt",)


def a_shop(order: Fields, level: tuple[int, int] | None = (10, 0), **catalogue: object) -> dict[str, Fields]:
    """One order, and shirts: how many on hand, how many held."""
    shop = {ORDER: order, CATALOGUE: a_catalogue_entry(**catalogue)}
    if level:
        shop[INVENTORY] = {"stock": level[0], "reserved": level[1]}
    return shop


def a_counted_order(**fields: object) -> Fields:
    """An order whose units are counted as held, not yet confirmed."""
    return an_order(**{"status": "reserving", "amountTotal": 3_600, "currency": "eur", **fields})


# --- Holding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [a_placement(product_ids=()), a_payment()], ids=["placed", "paid"])
@pytest.mark.parametrize("status", ["pending", "reserving"])
def test_products_that_were_not_read_are_asked_for_first(event: OrderEvent, status: str) -> None:
    assert planned(event, a_shop(an_order(status=status))) == Look(("shirt",))


def test_all_products_of_an_order_are_asked_for_when_one_is_missing() -> None:
    order = an_order(items=[{"productId": name, "quantity": 1} for name in ("shirt", "mug")])
    assert planned(a_placement(), a_shop(order), products=SHIRT) == Look(("shirt", "mug"))


@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_hold_is_counted_and_priced_in_one_commit_and_nothing_else(event: OrderEvent) -> None:
    plan = planned(event, a_shop(an_order()), products=SHIRT)
    assert isinstance(plan, Hold)
    assert by_path(plan.writes) == {
        ORDER: Update(
            ORDER,
            {
                "status": "reserving",
                "heldFrom": "pending",
                "amountTotal": 3_600,
                "currency": "eur",
                "updatedAt": NOW,
            },
            as_read(ORDER),
        ),
        INVENTORY: Increase(INVENTORY, {"stock": 0, "reserved": 3}),
    }


def test_a_hold_is_planned_on_with_the_order_as_it_then_stands() -> None:
    plan = planned(a_placement(), a_shop(an_order()), products=SHIRT)
    assert isinstance(plan, Hold)
    assert (plan.held.status, plan.held.total) == (OrderStatus.RESERVING, Money(3_600, "eur"))


def test_the_same_product_on_two_lines_is_held_once_with_both_quantities() -> None:
    order = an_order(items=[{"productId": "shirt", "quantity": 3}, {"productId": "shirt", "quantity": 2}])
    plan = planned(a_placement(), a_shop(order), products=SHIRT)
    assert isinstance(plan, Hold)
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 0, "reserved": 5})


@pytest.mark.parametrize(
    "price", [{"amountTotal": 1, "currency": "eur"}, {"amountTotal": "1", "currency": "€"}], ids=str
)
def test_a_price_that_a_customer_wrote_is_never_believed(price: Fields) -> None:
    shop = a_shop(an_order(**price), unitAmount=None, currency=None)
    plan = planned(a_placement(), shop, products=SHIRT)
    assert isinstance(plan, Hold)
    assert plan.held.total is None
    assert fields_at(ORDER, plan.writes)["amountTotal"] is None
    assert fields_at(ORDER, plan.writes)["currency"] is None


def test_a_covered_hold_reserves_the_order_until_its_time_is_out() -> None:
    plan = finish(a_placement(), a_shop(a_counted_order(), (3, 3)), products=SHIRT)
    assert by_path(plan.writes) == {
        ORDER: Update(
            ORDER,
            {
                "status": "reserved",
                "reservedAt": NOW,
                "reservationExpiresAt": NOW + timedelta(minutes=30),
                "updatedAt": NOW,
            },
            as_read(ORDER),
        ),
        "auditLog/placed_order-1": Create(
            "auditLog/placed_order-1",
            {
                "kind": "order_placed",
                "eventId": "placed_order-1",
                "eventType": "order.placed",
                "orderId": "order-1",
                "webhookProcessed": False,
                "result": "reserved",
                "statusBefore": "reserving",
                "statusAfter": "reserved",
                "stock": [{"productId": "shirt", "stock": 0, "reserved": 3}],
                "uncounted": [],
                "amount": 3_600,
                "currency": "eur",
                "paymentIntentId": None,
                "note": None,
                "createdAt": NOW,
            },
        ),
        "notifications/alice/messages/placed_order-1": Create(
            "notifications/alice/messages/placed_order-1",
            {
                "type": "reserved",
                "audience": "customer",
                "userId": "alice",
                "orderId": "order-1",
                "amount": 3_600,
                "currency": "eur",
                "reason": None,
                "createdAt": NOW,
                "readAt": None,
                "deliveredAt": None,
            },
        ),
    }
    assert plan.outcome == Outcome(Result.RESERVED, "order-1")


def test_the_audit_entry_begins_before_the_hold_that_the_same_event_counted() -> None:
    plan = finish(a_placement(), a_shop(a_counted_order(heldFrom="pending"), (10, 3)), products=SHIRT)
    assert fields_at("auditLog/placed_order-1", plan.writes)["statusBefore"] == "pending"


@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_hold_that_is_not_covered_is_given_back_whole_and_begun_again(event: OrderEvent) -> None:
    plan = planned(event, a_shop(a_counted_order(), (3, 4)), products=SHIRT)
    assert isinstance(plan, StartOver)
    assert by_path(plan.writes) == {
        ORDER: Update(ORDER, {"status": "pending", "updatedAt": NOW}, as_read(ORDER)),
        INVENTORY: Increase(INVENTORY, {"reserved": -3}),
    }


def test_a_hold_given_back_leaves_the_order_as_it_was_before() -> None:
    plan = planned(a_payment(), a_shop(a_counted_order(heldFrom="expired"), (3, 4)), products=SHIRT)
    assert isinstance(plan, StartOver)
    assert fields_at(ORDER, plan.writes)["status"] == "expired"


@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_two_buyers_of_the_last_unit_are_never_both_confirmed(event: OrderEvent) -> None:
    order = a_counted_order(items=[{"productId": "shirt", "quantity": 1}])
    assert isinstance(planned(event, a_shop(order, (1, 2)), products=SHIRT), StartOver)


@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_hold_whose_inventory_vanished_gives_back_what_can_be_counted(event: OrderEvent) -> None:
    order = a_counted_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    plan = planned(event, a_shop(order, (10, 2)), products=("shirt", "mug"))
    assert isinstance(plan, StartOver)
    assert set(by_path(plan.writes)) == {ORDER, INVENTORY}


# --- Refusing ---------------------------------------------------------------------------------------------------------

REFUSALS = {
    "broken": (a_shop(an_order(items="shirt")), "invalid_order: items must be a list of products"),
    "nobody's": (a_shop(an_order(userId=None)), "invalid_order: userId must name the customer"),
    "unknown product": (
        a_shop(an_order(), level=None),
        "unknown_product: the inventory does not count 'shirt'",
    ),
    "not on sale": (a_shop(an_order(), active=False), "not_on_sale: 'shirt' is not on sale"),
    "short": (a_shop(an_order(), (2, 0)), "insufficient_stock: 3 of 'shirt' ordered, 2 available"),
    "strange status": (a_shop(an_order(status="paid!")), "invalid_order: status must be 'pending'"),
}


@pytest.mark.parametrize(("shop", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_an_order_that_cannot_be_held_fails_and_says_why(shop: dict[str, Fields], reason: str) -> None:
    plan = finish(a_placement(), shop, products=SHIRT)
    notice = "notifications/alice/messages/placed_order-1"
    assert set(by_path(plan.writes)) - {notice} == {ORDER, "auditLog/placed_order-1"}
    if notice in by_path(plan.writes):
        assert (fields_at(notice, plan.writes)["type"], fields_at(notice, plan.writes)["reason"]) == ("failed", reason)
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"status": "failed", "failureReason": reason, "updatedAt": NOW}, as_read(ORDER)
    )
    assert plan.outcome == Outcome(Result.RESERVATION_FAILED, "order-1", reason)
    entry = fields_at("auditLog/placed_order-1", plan.writes)
    assert (entry["statusAfter"], entry["stock"], entry["note"]) == ("failed", [], reason)


def test_the_customer_of_an_order_that_cannot_be_held_is_told_why() -> None:
    shop, reason = REFUSALS["short"]
    told = fields_at("notifications/alice/messages/placed_order-1", finish(a_placement(), shop, products=SHIRT).writes)
    assert (told["type"], told["reason"]) == ("failed", reason)


@pytest.mark.parametrize(
    ("event", "result"), [(a_placement(), "reservation_failed"), (a_payment(), "refund_due")], ids=["placed", "paid"]
)
def test_a_broken_order_that_claims_to_be_counted_is_refused_and_moves_nothing(event: OrderEvent, result: str) -> None:
    plan = finish(event, a_shop(a_counted_order(items=[], heldFrom="pending"), (10, 3)), products=SHIRT)
    assert plan.outcome == Outcome(Result(result), "order-1", "invalid_order: the order has no items")
    assert fields_at(ORDER, plan.writes)["heldFrom"] is None
    assert not any(isinstance(write, Increase) for write in plan.writes)


def test_a_paid_order_that_cannot_be_held_is_due_a_refund_and_never_failed() -> None:
    plan = finish(a_payment(), a_shop(an_order(), (2, 0)), products=SHIRT)
    reason = "insufficient_stock: 3 of 'shirt' ordered, 2 available"
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER,
        {
            "status": "refund_due",
            "unfulfilledAs": "refund_due",
            "webhookEventId": "evt_1",
            "paymentIntentId": "pi_1",
            "chargeId": "ch_1",
            "amountReceived": 3_600,
            "currency": "eur",
            "currencyReceived": "eur",
            "amountRefunded": 0,
            "failureReason": reason,
            "updatedAt": NOW,
        },
        as_read(ORDER),
    )
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, NOTICE, TO_OPERATORS, PAYMENT, CHARGE}
    assert fields_at(NOTICE, plan.writes)["type"] == "refund_due"
    assert fields_at(AUDIT, plan.writes)["stock"] == []
    assert plan.outcome == Outcome(Result.REFUND_DUE, "order-1", reason)


SHORT = "insufficient_stock: 3 of 'shirt' ordered, 2 available"


def test_an_order_that_costs_nothing_and_cannot_be_held_is_due_nothing() -> None:
    plan = finish(a_free_session(), a_shop(an_order(), (2, 0)), products=SHIRT)
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"status": "failed", "failureReason": SHORT, "updatedAt": NOW}, as_read(ORDER)
    )
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, NOTICE}
    assert fields_at(NOTICE, plan.writes)["type"] == "failed"
    assert plan.outcome == Outcome(Result.RESERVATION_FAILED, "order-1", SHORT)


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_an_order_that_is_over_and_cannot_be_held_again_for_nothing_stays_as_it_is(status: OrderStatus) -> None:
    plan = finish(a_free_session(), a_shop(an_order(status=str(status)), (2, 0)), products=SHIRT)
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result(f"already_{status}"), "order-1", SHORT)


# --- Free of charge, but not meant to be ------------------------------------------------------------------------------

NOT_FREE = "amount_mismatch: 0 eur was paid, 3600 eur was asked"


def test_a_free_session_leaves_an_order_that_has_a_price_to_be_paid_and_held_for_longer() -> None:
    plan = finish(a_free_session(), {ORDER: a_reserved_order(reservedAt=NOW - timedelta(minutes=5))})
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, TO_OPERATORS}
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"reservationExpiresAt": NOW + timedelta(days=7), "updatedAt": NOW}, as_read(ORDER)
    )
    told = fields_at(TO_OPERATORS, plan.writes)
    assert (told["type"], told["amount"], told["reason"]) == ("not_paid", 3_600, NOT_FREE)
    assert plan.outcome == Outcome(Result.NOT_PAID, "order-1", NOT_FREE)


def test_a_free_session_never_shortens_a_hold() -> None:
    end = NOW + timedelta(days=30)
    plan = finish(a_free_session(), {ORDER: a_reserved_order(reservationExpiresAt=end)})
    assert ORDER not in by_path(plan.writes)


@pytest.mark.parametrize("told", [NOW, NOW - timedelta(days=9)])
def test_a_free_session_that_finds_its_order_counted_reserves_it(told: datetime) -> None:
    shop = a_shop(a_counted_order(heldFrom="pending", amountTotal=3_600, currency="eur"), (10, 3))
    plan = finish(a_free_session(created_at=told), shop, products=SHIRT)
    assert fields_at(ORDER, plan.writes) == {
        "status": "reserved",
        "heldFrom": None,
        "reservedAt": NOW,
        "reservationExpiresAt": NOW + timedelta(days=7),
        "updatedAt": NOW,
    }
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": 0, "reserved": 3}]
    assert plan.outcome.result == "not_paid"


@pytest.mark.parametrize("level", [(10, 0), (2, 0)], ids=["ample", "short"])
@pytest.mark.parametrize("status", sorted(CLOSED))
def test_a_free_session_does_not_open_an_order_again_that_has_a_price(
    status: OrderStatus, level: tuple[int, int]
) -> None:
    plan = finish(a_free_session(), a_shop(a_reserved_order(status=str(status)), level), products=SHIRT)
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM, TO_OPERATORS}
    assert plan.outcome == Outcome(Result.NOT_PAID, "order-1", NOT_FREE)


def test_a_free_session_does_not_open_an_order_again_that_was_never_held_and_would_have_a_price() -> None:
    plan = finish(a_free_session(), a_shop(an_order(status="failed", amountTotal=0, currency="eur")), products=SHIRT)
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM, TO_OPERATORS}
    assert plan.outcome == Outcome(Result.NOT_PAID, "order-1", NOT_FREE)


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_a_free_session_gives_back_what_a_late_payment_did_not_live_to_take(status: OrderStatus) -> None:
    counted = a_reserved_order(status="reserving", heldFrom=str(status))
    plan = planned(a_free_session(), a_shop(counted, (10, 3)), products=SHIRT)
    assert isinstance(plan, StartOver)
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})


NOTHING_TO_PAY = {
    "free": a_reserved_order(amountTotal=0),
    "free in another currency": a_reserved_order(amountTotal=0, currency="usd"),
    "unpriced": a_reserved_order(amountTotal=None),
}


@pytest.mark.parametrize("order", NOTHING_TO_PAY.values(), ids=NOTHING_TO_PAY)
def test_a_free_session_completes_an_order_that_is_free_or_has_no_price(order: Fields) -> None:
    plan = finish(a_free_session(), {ORDER: order})
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1")
    assert fields_at(ORDER, plan.writes)["amountReceived"] == 0


# --- Taking -----------------------------------------------------------------------------------------------------------


def test_a_payment_of_a_reserved_order_is_settled_in_one_commit() -> None:
    plan = finish(a_payment(), {ORDER: a_reserved_order()})
    assert by_path(plan.writes) == {
        AUDIT: Create(
            AUDIT,
            {
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
                "paymentIntentId": "pi_1",
                "note": None,
                "createdAt": NOW,
            },
        ),
        INVENTORY: Increase(INVENTORY, {"stock": -3, "reserved": -3}),
        ORDER: Update(
            ORDER,
            {
                "status": "finalized",
                "webhookEventId": "evt_1",
                "paymentIntentId": "pi_1",
                "chargeId": "ch_1",
                "amountReceived": 3_600,
                "currencyReceived": "eur",
                "amountRefunded": 0,
                "finalizedAt": NOW,
                "updatedAt": NOW,
            },
            as_read(ORDER),
        ),
        CLAIM: Create(
            CLAIM,
            {
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "livemode": False,
                "apiVersion": "2026-02-25.clover",
                "receivedAt": NOW,
                "lastDeliveryAt": NOW,
                "deliveries": 1,
                "processed": True,
                "processedAt": NOW,
                "result": "first_time_finalized",
                "expireAt": NOW + timedelta(days=7),
            },
        ),
        NOTICE: Create(
            NOTICE,
            {
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
            },
        ),
        PAYMENT: Create(PAYMENT, {"orderId": "order-1"}),
        CHARGE: Create(CHARGE, {"orderId": "order-1"}),
    }
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1")


def test_a_payment_that_finds_its_order_counted_takes_the_units_and_tells_the_net_move() -> None:
    plan = finish(a_payment(), a_shop(a_counted_order(), (10, 3)), products=SHIRT)
    assert plan.outcome.result == "first_time_finalized"
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": -3, "reserved": -3})
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": -3, "reserved": 0}]


def test_the_shops_terms_say_how_long_units_are_held_and_claims_are_kept() -> None:
    terms = replace(TERMS, reservation=timedelta(minutes=5), claim_lifetime=timedelta(days=30))
    placed, paid = a_placement(), a_payment()
    what = seen(placed, a_shop(a_counted_order(), (10, 3)), products=SHIRT)
    plan = make_plan(placed, what, terms, NOW)
    assert isinstance(plan, Finish)
    assert fields_at(ORDER, plan.writes)["reservationExpiresAt"] == NOW + timedelta(minutes=5)
    plan = make_plan(paid, seen(paid, {ORDER: a_reserved_order()}), terms, NOW)
    assert isinstance(plan, Finish)
    assert fields_at(CLAIM, plan.writes)["expireAt"] == NOW + timedelta(days=30)


def test_an_unpriced_order_takes_what_was_paid_and_remembers_its_currency() -> None:
    order = a_reserved_order(amountTotal=None, currency=None)
    plan = finish(a_payment(money=Money(1, "usd")), {ORDER: order})
    assert plan.outcome.result == "first_time_finalized"
    written = fields_at(ORDER, plan.writes)
    assert (written["amountReceived"], written["currency"]) == (1, "usd")


def test_a_charge_without_an_intent_is_indexed_by_itself() -> None:
    plan = finish(a_payment(payment_intent_id=None), {ORDER: a_reserved_order()})
    assert by_path(plan.writes)["payments/ch_1"] == Create("payments/ch_1", {"orderId": "order-1"})


def test_a_payment_without_any_id_is_settled_and_indexed_nowhere() -> None:
    plan = finish(a_payment(payment_intent_id=None, charge_id=None), {ORDER: a_reserved_order()})
    assert set(by_path(plan.writes)) == {AUDIT, INVENTORY, ORDER, CLAIM, NOTICE}


def test_a_product_whose_inventory_vanished_does_not_hold_up_a_paid_order() -> None:
    order = a_reserved_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    plan = finish(a_payment(), a_shop(order, (10, 2)), products=("shirt", "mug"))
    assert plan.outcome == Outcome(
        Result.FIRST_TIME_FINALIZED, "order-1", "inventory_gone: 2 of 'mug' could not be counted"
    )
    assert set(by_path(plan.writes)) == {AUDIT, INVENTORY, ORDER, CLAIM, NOTICE, PAYMENT, CHARGE}
    entry = fields_at(AUDIT, plan.writes)
    assert entry["stock"] == [{"productId": "shirt", "stock": -2, "reserved": -2}]
    assert entry["uncounted"] == [{"productId": "mug", "quantity": 2}]
    assert entry["note"] == "inventory_gone: 2 of 'mug' could not be counted"


# --- Quarantine -------------------------------------------------------------------------------------------------------

MISMATCHES = {
    "too little": (Money(3_599, "eur"), "3599 eur was paid, 3600 eur was asked"),
    "too much": (Money(3_601, "eur"), "3601 eur was paid, 3600 eur was asked"),
    "nothing": (Money(0, "eur"), "0 eur was paid, 3600 eur was asked"),
    "another currency": (Money(3_600, "usd"), "3600 usd was paid, 3600 eur was asked"),
}


@pytest.mark.parametrize(("money", "why"), MISMATCHES.values(), ids=MISMATCHES)
def test_amount_and_currency_are_compared_with_the_order_and_a_mismatch_moves_nothing(money: Money, why: str) -> None:
    plan = finish(a_payment(money=money), {ORDER: a_reserved_order()})
    reason = f"amount_mismatch: {why}"
    assert set(by_path(plan.writes)) == {AUDIT, ORDER, CLAIM, NOTICE, TO_OPERATORS, PAYMENT, CHARGE}
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["failureReason"]) == ("review", reason)
    assert written["amountReceived"] == money.amount
    assert "finalizedAt" not in written
    assert fields_at(AUDIT, plan.writes)["stock"] == []
    told = fields_at(NOTICE, plan.writes)
    assert (told["type"], told["amount"], told["currency"]) == ("review", money.amount, money.currency)
    assert plan.outcome == Outcome(Result.QUARANTINED, "order-1", reason)


def test_a_mismatch_found_while_holding_keeps_the_units_held() -> None:
    plan = finish(a_payment(money=Money(1, "eur")), a_shop(a_counted_order(), (10, 3)), products=SHIRT)
    assert plan.outcome.result == "quarantined"
    assert INVENTORY not in by_path(plan.writes)
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": 0, "reserved": 3}]


def test_a_paid_order_in_a_status_that_nobody_knows_is_kept_for_review() -> None:
    plan = finish(a_payment(), {ORDER: an_order(status="shipped")})
    assert plan.outcome == Outcome(Result.QUARANTINED, "order-1", "invalid_order: status must be 'pending'")
    assert set(by_path(plan.writes)) == {AUDIT, ORDER, CLAIM, NOTICE, TO_OPERATORS, PAYMENT, CHARGE}


def test_a_reserved_order_whose_items_were_broken_afterwards_is_kept_for_review() -> None:
    plan = finish(a_payment(), {ORDER: a_reserved_order(items=[])})
    assert plan.outcome == Outcome(Result.QUARANTINED, "order-1", "invalid_order: the order has no items")


def test_only_operators_are_told_of_an_order_that_names_no_customer() -> None:
    plan = finish(a_payment(), {ORDER: a_reserved_order(userId="a/b")})
    assert set(by_path(plan.writes)) == {AUDIT, ORDER, CLAIM, TO_OPERATORS, PAYMENT, CHARGE}


# --- Changing nothing -------------------------------------------------------------------------------------------------

SETTLED = {
    "finalized": "already_finalized",
    "partially_refunded": "already_finalized",
    "refunded": "already_finalized",
    "refund_due": "already_refund_due",
    "review": "already_quarantined",
}


@pytest.mark.parametrize(("status", "result"), SETTLED.items(), ids=SETTLED)
def test_the_second_voice_of_a_payment_is_claimed_and_audited_and_changes_nothing(status: str, result: str) -> None:
    order = a_reserved_order(status=status, paymentIntentId="pi_1")
    documents: dict[str, Fields] = {ORDER: order, PAYMENT: {"orderId": "order-1"}, CHARGE: {"orderId": "order-1"}}
    plan = finish(a_payment("evt_2", event_type="charge.succeeded"), documents)
    assert set(by_path(plan.writes)) == {"auditLog/evt_2", "webhookEvents/evt_2"}
    assert isinstance(by_path(plan.writes)["auditLog/evt_2"], Create)
    assert isinstance(by_path(plan.writes)["webhookEvents/evt_2"], Create)
    entry = fields_at("auditLog/evt_2", plan.writes)
    assert (entry["result"], entry["statusBefore"], entry["statusAfter"]) == (result, status, status)
    assert (entry["stock"], entry["uncounted"], entry["note"]) == ([], [], None)
    assert plan.outcome == Outcome(Result(result), "order-1")


@pytest.mark.parametrize("status", ["refunded", "partially_refunded"])
def test_a_late_payment_after_a_refund_takes_no_stock_again(status: str) -> None:
    plan = finish(a_payment("evt_2"), {ORDER: a_reserved_order(status=status, paymentIntentId="pi_1")})
    assert {INVENTORY, ORDER}.isdisjoint(by_path(plan.writes))


SHARED = "shared_payment: pi_1 has also paid order order-7"


@pytest.mark.parametrize("wish", [{}, {"cancelRequestedAt": NOW}], ids=["paid", "cancelled before"])
def test_operators_are_told_of_a_payment_that_has_paid_another_order_too(wish: Fields) -> None:
    plan = finish(a_payment(), {ORDER: a_reserved_order(**wish), PAYMENT: {"orderId": "order-7"}})
    assert plan.outcome.result == "first_time_finalized"
    assert (plan.outcome.note or "").startswith(SHARED)
    assert fields_at(AUDIT, plan.writes)["note"] == plan.outcome.note
    told = fields_at(TO_OPERATORS, plan.writes)
    assert (told["type"], told["amount"], told["reason"]) == ("shared_payment", 3_600, plan.outcome.note)
    assert fields_at(NOTICE, plan.writes)["type"] == "paid"
    assert PAYMENT not in by_path(plan.writes)


def test_another_voice_of_such_a_payment_is_noted_and_told_to_nobody() -> None:
    order = a_reserved_order(status="finalized", finalizedAt=NOW, paymentIntentId="pi_1", chargeId="ch_1")
    plan = finish(a_payment("evt_2"), {ORDER: order, PAYMENT: {"orderId": "order-7"}, CHARGE: {"orderId": "order-7"}})
    assert plan.outcome == Outcome(Result.ALREADY_FINALIZED, "order-1", SHARED)
    assert set(by_path(plan.writes)) == {"auditLog/evt_2", "webhookEvents/evt_2"}


def test_a_payment_that_only_parked_events_know_of_is_nobodys_yet() -> None:
    plan = finish(a_payment(), {ORDER: a_reserved_order(), PAYMENT: {"orderId": None, "waiting": []}})
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1")


def test_a_second_charge_without_an_intent_is_noted_too() -> None:
    order = a_reserved_order(status="finalized", paymentIntentId=None, chargeId="ch_1")
    plan = finish(a_payment("evt_2", payment_intent_id=None, charge_id="ch_2"), {ORDER: order})
    assert plan.outcome.note == "second_payment: ch_2 paid an order that ch_1 had paid"


def test_a_second_payment_of_one_order_is_told_to_operators_and_indexed() -> None:
    order = a_reserved_order(status="finalized", paymentIntentId="pi_1", chargeId="ch_1")
    documents: dict[str, Fields] = {ORDER: order, CHARGE: {"orderId": "order-1"}}
    plan = finish(a_payment("evt_2", payment_intent_id="pi_2", money=Money(3_500, "eur")), documents)
    note = "second_payment: pi_2 paid an order that pi_1 had paid"
    assert plan.outcome == Outcome(Result.ALREADY_FINALIZED, "order-1", note)
    assert fields_at("auditLog/evt_2", plan.writes)["note"] == note
    assert by_path(plan.writes)["payments/pi_2"] == Create("payments/pi_2", {"orderId": "order-1"})
    told = fields_at("notifications/system/messages/evt_2", plan.writes)
    assert (told["type"], told["amount"], told["reason"]) == ("second_payment", 3_500, note)
    assert {ORDER, "notifications/alice/messages/evt_2"}.isdisjoint(by_path(plan.writes))


def test_another_voice_of_a_second_payment_is_noted_and_told_to_nobody() -> None:
    order = a_reserved_order(status="finalized", paymentIntentId="pi_1", chargeId="ch_1")
    documents: dict[str, Fields] = {ORDER: order, "payments/pi_2": {"orderId": "order-1"}}
    plan = finish(a_payment("evt_3", payment_intent_id="pi_2", charge_id="ch_2"), documents)
    assert plan.outcome.note == "second_payment: pi_2 paid an order that pi_1 had paid"
    assert set(by_path(plan.writes)) == {"auditLog/evt_3", "webhookEvents/evt_3", "payments/ch_2"}


def test_a_payment_for_an_order_that_cost_nothing_is_noted_as_a_second_one() -> None:
    order = a_reserved_order(status="finalized", amountReceived=0, currencyReceived="eur", webhookEventId="evt_1")
    plan = finish(a_payment("evt_2"), {ORDER: order})
    assert plan.outcome.note == "second_payment: pi_1 paid an order that the session of evt_1 had paid"


def test_a_payment_for_an_order_that_was_finished_by_hand_is_told_as_a_second_one() -> None:
    order = a_reserved_order(status="finalized", finalizedAt=NOW)
    plan = finish(a_payment(), {ORDER: order})
    assert plan.outcome.note == "second_payment: pi_1 paid an order that was finished by hand"
    assert fields_at(TO_OPERATORS, plan.writes)["type"] == "second_payment"
    assert finish(a_free_session(), {ORDER: order}).outcome.note is None
    nameless = finish(a_payment(payment_intent_id=None, charge_id=None), {ORDER: order})
    assert nameless.outcome.note == "second_payment: the session of evt_1 paid an order that was finished by hand"
    assert fields_at(TO_OPERATORS, nameless.writes)["type"] == "second_payment"


@pytest.mark.parametrize(
    ("money", "status", "told"),
    [
        (Money(3_600, "eur"), "reserved", "cancel_requested"),
        (Money(1, "eur"), "reserved", "review"),
        (Money(3_600, "eur"), "cancelled", "refund_due"),
    ],
)
def test_whatever_a_payment_ends_as_operators_hear_that_its_customer_had_wanted_to_cancel(
    money: Money, status: str, told: str
) -> None:
    shop = a_shop(a_reserved_order(status=status, cancelRequestedAt=NOW), (0, 0) if status == "cancelled" else (10, 3))
    plan = finish(a_payment(money=money), shop, products=SHIRT)
    notice = fields_at(TO_OPERATORS, plan.writes)
    assert notice["type"] == told
    assert "cancel_requested: its customer had asked to cancel the order before it was paid" in str(notice["reason"])


def test_the_checkout_session_of_the_same_payment_is_no_second_payment() -> None:
    order = a_reserved_order(status="finalized", paymentIntentId="pi_1")
    plan = finish(a_payment("evt_2", payment_intent_id=None, charge_id=None), {ORDER: order})
    assert plan.outcome.note is None


@pytest.mark.parametrize("known", [{"finalizedAt": NOW}, {"unfulfilledAs": "refund_due"}], ids=["sold", "refund due"])
@pytest.mark.parametrize("status", ["shipped", "cancelled", "expired", "failed", "pending", "reserved"])
def test_a_paid_order_that_somebody_else_has_given_a_status_is_not_paid_or_placed_again(
    status: str, known: Fields
) -> None:
    shop = a_shop(a_reserved_order(status=status, paymentIntentId="pi_1", **known), (10, 3))
    paid = finish(a_payment("evt_2"), {**shop, PAYMENT: {"orderId": "order-1"}, CHARGE: {"orderId": "order-1"}})
    assert set(by_path(paid.writes)) == {"auditLog/evt_2", "webhookEvents/evt_2"}
    assert paid.outcome == Outcome(Result.UNKNOWN_STATUS, "order-1")
    placed = finish(a_placement(), shop, products=SHIRT)
    assert placed == Finish((), Outcome(Result.ALREADY_PLACED, "order-1"))


PLACED_LONG_AGO = [status for status in OrderStatus if status not in ("pending", "reserving", "unknown")]


@pytest.mark.parametrize("status", PLACED_LONG_AGO)
def test_the_trigger_delivered_again_after_the_hold_writes_nothing_at_all(status: OrderStatus) -> None:
    shop = a_shop(a_reserved_order(status=str(status)), (10, 3))
    assert finish(a_placement(), shop, products=SHIRT) == Finish((), Outcome(Result.ALREADY_PLACED, "order-1"))


# --- Every plan -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", OrderStatus)
@pytest.mark.parametrize("event", ONE_OF_EACH_KIND.values(), ids=ONE_OF_EACH_KIND)
def test_an_order_is_only_ever_written_as_it_was_read(event: OrderEvent, status: OrderStatus) -> None:
    plan = planned(event, a_shop(a_reserved_order(status=str(status)), (10, 3)), products=SHIRT)
    assert not isinstance(plan, Look)
    for write in plan.writes:
        if write.path.startswith("orders/"):
            assert isinstance(write, Update)
            assert write.version == as_read(ORDER)
            assert write.fields["updatedAt"] == NOW


@pytest.mark.parametrize("status", OrderStatus)
def test_every_payment_that_ends_is_claimed_and_audited_under_its_own_id_and_result(status: OrderStatus) -> None:
    plan = planned(a_payment(), a_shop(a_reserved_order(status=str(status)), (10, 3)), products=SHIRT)
    if isinstance(plan, Finish):
        assert {CLAIM, AUDIT} <= set(by_path(plan.writes))
        assert fields_at(CLAIM, plan.writes)["result"] == plan.outcome.result
        assert fields_at(AUDIT, plan.writes)["result"] == plan.outcome.result


def test_times_are_those_of_the_settlement_and_of_the_delivery() -> None:
    payment = a_payment(delivered_at=LATER)
    writes = finish(payment, {ORDER: a_reserved_order()}).writes
    claim = fields_at(CLAIM, writes)
    assert (claim["receivedAt"], claim["lastDeliveryAt"], claim["processedAt"]) == (LATER, LATER, NOW)


def test_what_a_hold_answered_is_what_is_planned_with() -> None:
    # Six seen, nobody holding; by the time ours was counted, others held four.
    event = a_placement()
    before = seen(event, a_shop(an_order(), (6, 0)), products=SHIRT)
    plan = make_plan(event, before, TERMS, NOW)
    assert isinstance(plan, Hold)
    committed = Committed({ORDER: "counted", INVENTORY: "counted"}, {INVENTORY: {"stock": 6, "reserved": 7}})
    after = after_hold(before, plan.held, committed)
    assert after.products["shirt"].level == Level(6, 7)
    assert after.order is not None
    assert (after.order.held_from, after.order_version) == (OrderStatus.PENDING, "counted")
    plan = make_plan(event, after, TERMS, NOW)
    assert isinstance(plan, StartOver)
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"status": "pending", "heldFrom": None, "updatedAt": NOW}, "counted"
    )
