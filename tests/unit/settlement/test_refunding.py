"""What refunds make of a paid order and its stock, document by document; and what disputes make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from database.store import Create, Increase, Update
from orders.events import ChargeRefunded, EventKind, OrderEvent, RefundUpdated
from orders.order import Money
from orders.outcome import Outcome, Result
from orders.refunds import Refund
from settlement.decisions import Look, Terms
from tests.support.builders import (
    LATER,
    NOW,
    TERMS,
    Fields,
    a_catalogue_entry,
    a_dispute,
    a_refund,
    a_refunded_charge,
    a_reserved_order,
    an_order,
    an_updated_refund,
)
from tests.unit.settlement.planning import Finish, Hold, as_read, by_path, fields_at, finish, make_plan, planned, seen

ORDER, INVENTORY, CATALOGUE = "orders/order-1", "inventory/shirt", "products/shirt"
CLAIM, AUDIT = "webhookEvents/evt_1", "auditLog/evt_1"
PAYMENT, CHARGE = "payments/pi_1", "payments/ch_1"
NOTICE, TO_OPERATORS = "notifications/alice/messages/evt_1", "notifications/system/messages/evt_1"
SHIRT, BOTH = ("shirt",), ("shirt", "mug")


def a_paid_order(**fields: object) -> Fields:
    """Three shirts for 36 euros: paid, and taken from the shelf."""
    paid: Fields = {
        "status": "finalized",
        "finalizedAt": NOW,
        "webhookEventId": "evt_0",
        "paymentIntentId": "pi_1",
        "chargeId": "ch_1",
        "amountReceived": 3_600,
        "currencyReceived": "eur",
    }
    return a_reserved_order(**{**paid, **fields})


def told_of(*refunds: Refund, charge_total: int = 0) -> Fields:
    """What stands in an order that has heard of these refunds."""
    by_id = {
        refund.refund_id: {"amount": refund.amount, "status": str(refund.status), "restock": units(**refund.restock)}
        for refund in refunds
    }
    return {"refunds": by_id, "chargeAmountRefunded": charge_total}


def units(**quantities: int) -> list[Fields]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in quantities.items()]


def a_refunded_order(**fields: object) -> Fields:
    """The same order, refunded; its shirts are back."""
    return a_paid_order(**{"status": "refunded", "returned": units(shirt=3), **told_of(a_refund()), **fields})


def a_partly_refunded_order(**fields: object) -> Fields:
    """The same order, of which one shirt is refunded and back."""
    one = told_of(a_refund("re_1", 1_200, restock={"shirt": 1}))
    return a_paid_order(**{"status": "partially_refunded", "returned": units(shirt=1), **one, **fields})


def a_shop(order: Fields, level: tuple[int, int] | None = (7, 0)) -> dict[str, Fields]:
    """One order, its payment, and shirts: how many on hand, how many held."""
    shop: dict[str, Fields] = {ORDER: order, CATALOGUE: a_catalogue_entry(), PAYMENT: {"orderId": "order-1"}}
    shop[CHARGE] = {"orderId": "order-1"}
    if level:
        shop[INVENTORY] = {"stock": level[0], "reserved": level[1]}
    return shop


def a_refund_event(
    refund_id: str = "re_1", amount: int = 3_600, status: str = "succeeded", **restock: int
) -> RefundUpdated:
    return an_updated_refund("evt_1", a_refund(refund_id, amount, status, restock), order_id="order-1")


def finish_on_terms(event: OrderEvent, documents: dict[str, Fields], terms: Terms) -> Finish:
    plan = make_plan(event, seen(event, documents, products=SHIRT), terms, NOW)
    assert isinstance(plan, Finish), plan
    return plan


def status_after(plan: Finish) -> object:
    return fields_at(AUDIT, plan.writes)["statusAfter"]


# --- In full ----------------------------------------------------------------------------------------------------------


def test_a_full_refund_puts_all_units_back_in_one_commit() -> None:
    plan = finish(a_refunded_charge("evt_1", a_refund(restock={"shirt": 1})), a_shop(a_paid_order()))
    assert by_path(plan.writes) == {
        AUDIT: Create(
            AUDIT,
            {
                "kind": "charge_refunded",
                "eventId": "evt_1",
                "eventType": "charge.refunded",
                "orderId": "order-1",
                "webhookProcessed": True,
                "result": "refunded",
                "statusBefore": "finalized",
                "statusAfter": "refunded",
                "stock": [{"productId": "shirt", "stock": 3, "reserved": 0}],
                "uncounted": [],
                "amount": 3_600,
                "currency": "eur",
                "paymentIntentId": "pi_1",
                "note": None,
                "createdAt": NOW,
            },
        ),
        INVENTORY: Increase(INVENTORY, {"stock": 3}),
        ORDER: Update(
            ORDER,
            {
                "status": "refunded",
                "amountRefunded": 3_600,
                "chargeAmountRefunded": 3_600,
                "refunds": {"re_1": {"amount": 3_600, "status": "succeeded", "restock": units(shirt=1)}},
                "returned": units(shirt=3),
                "updatedAt": NOW,
            },
            as_read(ORDER),
        ),
        CLAIM: Create(
            CLAIM,
            {
                "eventType": "charge.refunded",
                "orderId": "order-1",
                "livemode": False,
                "apiVersion": "2026-02-25.clover",
                "receivedAt": NOW,
                "lastDeliveryAt": NOW,
                "deliveries": 1,
                "processed": True,
                "processedAt": NOW,
                "result": "refunded",
                "expireAt": NOW + timedelta(days=7),
            },
        ),
        NOTICE: Create(
            NOTICE,
            {
                "type": "refunded",
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
    assert plan.outcome == Outcome(Result.REFUNDED, "order-1")


def test_a_charge_that_names_no_single_refunds_is_as_good() -> None:
    plan = finish(a_refunded_charge(), a_shop(a_paid_order()))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 3})
    assert fields_at(ORDER, plan.writes)["chargeAmountRefunded"] == 3_600
    assert plan.outcome == Outcome(Result.REFUNDED, "order-1")


def test_a_single_refund_of_all_that_was_paid_is_a_full_refund() -> None:
    plan = finish(a_refund_event(), a_shop(a_paid_order()))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 3})
    assert plan.outcome == Outcome(Result.REFUNDED, "order-1")


def test_two_refunds_that_come_to_all_that_was_paid_are_a_full_refund() -> None:
    half = a_paid_order(status="partially_refunded", **told_of(a_refund("re_1", 1_800)))
    plan = finish(a_refund_event("re_2", 1_800), a_shop(half))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 3})
    assert plan.outcome.result == "refunded"


def test_refunds_that_come_to_more_than_was_paid_are_a_full_refund() -> None:
    part = a_paid_order(status="partially_refunded", **told_of(a_refund("re_1", 2_000)))
    assert status_after(finish(a_refund_event("re_2", 2_000), a_shop(part))) == "refunded"


def test_all_but_a_cent_is_no_full_refund() -> None:
    plan = finish(a_refund_event(amount=3_599), a_shop(a_paid_order()))
    assert status_after(plan) == "partially_refunded"


def test_more_than_was_asked_but_not_all_that_was_paid_is_no_full_refund() -> None:
    overpaid = a_paid_order(amountTotal=None, amountReceived=5_000)
    assert status_after(finish(a_refund_event(amount=3_600), a_shop(overpaid))) == "partially_refunded"


def test_an_order_that_cost_nothing_is_not_refunded_by_a_refund_of_nothing() -> None:
    free = a_paid_order(amountTotal=0, amountReceived=0)
    plan = finish(a_refund_event(amount=0), a_shop(free))
    assert (status_after(plan), plan.outcome.result) == ("finalized", "refund_recorded")
    assert INVENTORY not in by_path(plan.writes)


def test_the_second_voice_of_a_full_refund_moves_nothing_and_tells_nobody() -> None:
    plan = finish(a_refunded_charge(), a_shop(a_refunded_order()))
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"chargeAmountRefunded": 3_600, "updatedAt": NOW}, as_read(ORDER)
    )
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result.REFUND_RECORDED, "order-1")


def test_what_is_known_of_a_refund_already_changes_nothing() -> None:
    plan = finish(a_refund_event(), a_shop(a_refunded_order()))
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result.ALREADY_RECORDED, "order-1")


def test_an_order_that_an_older_release_finalized_without_its_payment_learns_it_from_the_charge() -> None:
    older = a_reserved_order(status="finalized")
    plan = finish(a_refunded_charge(), a_shop(older))
    written = fields_at(ORDER, plan.writes)
    assert (written["paymentIntentId"], written["chargeId"], written["amountReceived"]) == ("pi_1", "ch_1", 3_600)
    assert (written["status"], written["amountRefunded"]) == ("refunded", 3_600)


def test_a_charge_that_names_nothing_refunded_still_tells_such_an_order_its_payment() -> None:
    plan = finish(a_refunded_charge(total=0), a_shop(a_reserved_order(status="finalized")))
    assert fields_at(ORDER, plan.writes)["paymentIntentId"] == "pi_1"


def test_without_a_payment_a_refund_is_measured_by_what_was_asked() -> None:
    older = a_reserved_order(status="finalized")
    assert status_after(finish(a_refund_event(amount=3_599), a_shop(older))) == "partially_refunded"
    assert status_after(finish(a_refund_event(amount=3_600), a_shop(older))) == "refunded"


def test_without_a_payment_and_a_price_nobody_knows_what_a_full_refund_is() -> None:
    older = a_reserved_order(status="finalized", amountTotal=None)
    assert status_after(finish(a_refund_event(), a_shop(older))) == "partially_refunded"


# --- In part ----------------------------------------------------------------------------------------------------------


def test_a_partial_refund_that_names_no_units_puts_none_back() -> None:
    plan = finish(a_refunded_charge(total=1_200), a_shop(a_paid_order()))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, NOTICE}
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER,
        {
            "status": "partially_refunded",
            "amountRefunded": 1_200,
            "chargeAmountRefunded": 1_200,
            "updatedAt": NOW,
        },
        as_read(ORDER),
    )
    assert (fields_at(NOTICE, plan.writes)["type"], fields_at(NOTICE, plan.writes)["amount"]) == (
        "partially_refunded",
        1_200,
    )
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1")


def test_a_partial_refund_puts_back_the_units_that_it_names() -> None:
    plan = finish(a_refund_event(amount=1_200, shirt=1), a_shop(a_paid_order()))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 1})
    assert fields_at(ORDER, plan.writes)["returned"] == units(shirt=1)
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": 1, "reserved": 0}]
    assert fields_at(AUDIT, plan.writes)["amount"] == 1_200
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1")


def test_the_units_of_two_partial_refunds_both_go_back() -> None:
    plan = finish(a_refund_event("re_2", 1_200, shirt=1), a_shop(a_partly_refunded_order()))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 1})
    assert fields_at(ORDER, plan.writes)["returned"] == units(shirt=2)
    assert fields_at(NOTICE, plan.writes)["amount"] == 2_400
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1")


def test_the_rest_goes_back_when_a_partial_refund_becomes_a_full_one() -> None:
    plan = finish(a_refunded_charge(total=3_600), a_shop(a_partly_refunded_order()))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 2})
    assert fields_at(ORDER, plan.writes)["returned"] == units(shirt=3)
    assert fields_at(AUDIT, plan.writes)["statusBefore"] == "partially_refunded"
    assert plan.outcome == Outcome(Result.REFUNDED, "order-1")


def test_units_of_one_product_are_named_and_those_of_the_other_stay_sold() -> None:
    order = a_paid_order(items=units(shirt=2, mug=1))
    plan = finish(a_refund_event(amount=1_200, mug=1), a_shop(order))
    assert by_path(plan.writes)["inventory/mug"] == Increase("inventory/mug", {"stock": 1})
    assert INVENTORY not in by_path(plan.writes)


def test_never_more_units_go_back_than_were_sold() -> None:
    plan = finish(a_refund_event(amount=1_200, shirt=4), a_shop(a_paid_order()))
    note = "restock_excess: 4 of 'shirt' named, 3 sold"
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 3})
    assert fields_at(ORDER, plan.writes)["returned"] == units(shirt=3)
    assert fields_at(AUDIT, plan.writes)["note"] == note
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1", note)


def test_exactly_as_many_units_as_were_sold_are_no_excess() -> None:
    assert finish(a_refund_event(amount=1_200, shirt=3), a_shop(a_paid_order())).outcome.note is None


def test_two_refunds_that_each_name_all_units_put_them_back_once() -> None:
    back = a_partly_refunded_order(returned=units(shirt=3), **told_of(a_refund("re_1", 1_200, restock={"shirt": 3})))
    plan = finish(a_refund_event("re_2", 1_200, shirt=3), a_shop(back))
    assert INVENTORY not in by_path(plan.writes)
    assert plan.outcome.note == "restock_excess: 6 of 'shirt' named, 3 sold"


def test_a_product_that_was_not_sold_does_not_come_back() -> None:
    plan = finish(a_refund_event(amount=1_200, mug=1), a_shop(a_paid_order()))
    assert {INVENTORY, "inventory/mug"}.isdisjoint(by_path(plan.writes))
    assert plan.outcome.note == "restock_excess: 1 of 'mug' named, 0 sold"


def test_a_restock_that_cannot_be_read_is_noted_and_not_obeyed() -> None:
    event = replace(a_refund_event(amount=1_200), restock_defect="malformed_restock: refund re_1")
    plan = finish(event, a_shop(a_paid_order()))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, NOTICE}
    assert fields_at(AUDIT, plan.writes)["note"] == "malformed_restock: refund re_1"
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1", "malformed_restock: refund re_1")


def test_a_restock_that_cannot_be_read_is_noted_even_if_nothing_else_is_new() -> None:
    event = replace(a_refund_event(), restock_defect="malformed_restock: refund re_1")
    plan = finish(event, a_shop(a_refunded_order()))
    assert plan.outcome == Outcome(Result.ALREADY_RECORDED, "order-1", "malformed_restock: refund re_1")


@pytest.mark.parametrize("status", ["pending", "requires_action"])
def test_a_refund_under_way_is_recorded_and_changes_neither_status_nor_stock(status: str) -> None:
    plan = finish(a_refund_event("re_1", 3_600, status, shirt=3), a_shop(a_paid_order()))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM}
    assert set(fields_at(ORDER, plan.writes)) <= {"refunds", "amountRefunded", "updatedAt"}
    assert plan.outcome == Outcome(Result.REFUND_RECORDED, "order-1")


def test_a_stale_pending_after_succeeded_changes_nothing() -> None:
    plan = finish(a_refund_event(status="pending"), a_shop(a_refunded_order()))
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result.ALREADY_RECORDED, "order-1")


# --- Of another payment -----------------------------------------------------------------------------------------------

ANOTHER = {
    "another intent": (
        a_refunded_charge(payment_intent_id="pi_2", charge_id="ch_2"),
        "other_payment: pi_2 is refunded, and pi_1 had paid the order",
    ),
    "another charge": (
        a_refunded_charge(payment_intent_id=None, charge_id="ch_2"),
        "other_payment: ch_2 is refunded, and pi_1 had paid the order",
    ),
    "a single refund": (
        an_updated_refund(order_id="order-1", payment_intent_id="pi_2"),
        "other_payment: pi_2 is refunded, and pi_1 had paid the order",
    ),
    "another currency": (
        an_updated_refund(order_id="order-1", currency="usd"),
        "other_payment: refunded in usd, paid in eur",
    ),
}


@pytest.mark.parametrize(("event", "note"), ANOTHER.values(), ids=ANOTHER)
@pytest.mark.parametrize(
    "order", [a_paid_order(), a_partly_refunded_order(), a_refunded_order()], ids=lambda o: o["status"]
)
def test_a_refund_of_another_payment_is_noted_and_changes_nothing(
    event: ChargeRefunded | RefundUpdated, note: str, order: Fields
) -> None:
    plan = finish(event, a_shop(order))
    told = {TO_OPERATORS} if event.kind is EventKind.CHARGE_REFUNDED else set()
    assert {path for path in by_path(plan.writes) if not path.startswith("payments/")} == {AUDIT, CLAIM} | told
    assert status_after(plan) == order["status"]
    assert fields_at(AUDIT, plan.writes)["note"] == note
    assert plan.outcome == Outcome(Result.OTHER_PAYMENT, "order-1", note)


@pytest.mark.parametrize("total", [1_200, 3_600], ids=["a part", "all"])
@pytest.mark.parametrize(("known", "told"), [({}, True), ({"orderId": None}, True), ({"orderId": "order-1"}, False)])
def test_a_second_payment_that_is_first_heard_of_when_it_is_refunded_is_told_to_operators(
    known: Fields, total: int, *, told: bool
) -> None:
    event = a_refunded_charge(total=total, payment_intent_id="pi_2", charge_id="ch_2")
    plan = finish(event, {**a_shop(a_paid_order()), "payments/pi_2": known})
    assert plan.outcome.result == "other_payment"
    assert (TO_OPERATORS in by_path(plan.writes)) == told
    if told:
        notice = fields_at(TO_OPERATORS, plan.writes)
        assert (notice["type"], notice["amount"], notice["currency"]) == ("second_payment", 3_600, "eur")


SHIPPED = a_paid_order(status="shipped", finalizedAt=NOW)


@pytest.mark.parametrize("event", [a_refunded_charge(), a_refund_event("re_1", 3_600)], ids=lambda e: str(e.kind))
def test_an_order_that_somebody_else_has_given_a_status_is_refunded_like_any_other(
    event: ChargeRefunded | RefundUpdated,
) -> None:
    plan = finish(event, a_shop(SHIPPED))
    assert (plan.outcome.result, status_after(plan)) == ("refunded", "refunded")
    assert fields_at(AUDIT, plan.writes)["statusBefore"] == "unknown"
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 3})


def test_a_part_of_such_an_order_is_refunded_like_any_other() -> None:
    plan = finish(a_refunded_charge(total=1_200), a_shop(SHIPPED))
    assert (plan.outcome.result, status_after(plan)) == ("partially_refunded", "partially_refunded")
    assert INVENTORY not in by_path(plan.writes)


def test_such_an_order_that_was_never_sold_has_nothing_to_put_back() -> None:
    order = a_paid_order(status="shipped", finalizedAt=None, unfulfilledAs="refund_due")
    plan = finish(a_refunded_charge(), a_shop(order))
    assert (plan.outcome.result, status_after(plan)) == ("refunded", "refunded")
    assert INVENTORY not in by_path(plan.writes)


def test_an_order_that_was_paid_by_a_charge_alone_names_it() -> None:
    order = a_paid_order(paymentIntentId=None)
    plan = finish(a_refunded_charge(payment_intent_id=None, charge_id="ch_2"), a_shop(order))
    assert plan.outcome.note == "other_payment: ch_2 is refunded, and ch_1 had paid the order"


def test_a_refund_is_never_one_of_an_order_that_cost_nothing() -> None:
    order = a_paid_order(paymentIntentId=None, chargeId=None, amountReceived=0, webhookEventId="evt_free")
    plan = finish(an_updated_refund(order_id="order-1"), a_shop(order))
    assert plan.outcome == Outcome(
        Result.OTHER_PAYMENT,
        "order-1",
        "other_payment: pi_1 is refunded, and the session of evt_free had paid the order",
    )


def test_a_refund_that_names_only_the_charge_is_of_the_same_payment() -> None:
    event = an_updated_refund(order_id="order-1", payment_intent_id=None)
    assert finish(event, a_shop(a_paid_order())).outcome.result == "refunded"


# --- Without restocking -----------------------------------------------------------------------------------------------

NO_RESTOCK = replace(TERMS, restock_on_refund=False)


def test_a_shop_that_does_not_restock_keeps_its_stock_as_it_is() -> None:
    for event in (a_refunded_charge(), a_refund_event(amount=1_200, shirt=1)):
        plan = finish_on_terms(event, a_shop(a_paid_order()), NO_RESTOCK)
        assert INVENTORY not in by_path(plan.writes)
        assert "returned" not in fields_at(ORDER, plan.writes)
        assert fields_at(AUDIT, plan.writes)["stock"] == []


def test_a_shop_that_does_not_restock_refunds_all_the_same() -> None:
    plan = finish_on_terms(a_refunded_charge(), a_shop(a_paid_order()), NO_RESTOCK)
    assert (status_after(plan), plan.outcome.result) == ("refunded", "refunded")


def test_a_shop_that_has_stopped_restocking_takes_nothing_off_the_shelf_again() -> None:
    plan = finish_on_terms(a_refund_event(status="failed"), a_shop(a_refunded_order()), NO_RESTOCK)
    assert INVENTORY not in by_path(plan.writes)
    assert status_after(plan) == "finalized"


def test_a_shop_that_does_not_restock_releases_a_hold_that_was_kept() -> None:
    plan = finish_on_terms(a_refunded_charge(), a_shop(an_order_in_review(holdKept=True), (10, 3)), NO_RESTOCK)
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})


# --- A refund that failed ---------------------------------------------------------------------------------------------

FAILED = a_refund_event(status="failed")


def test_a_refund_that_failed_takes_its_units_off_the_shelf_again_only_as_they_were_read() -> None:
    plan = finish(FAILED, a_shop(a_refunded_order(amountRefunded=3_600), (10, 2)), products=SHIRT)
    assert by_path(plan.writes)[INVENTORY] == Update(INVENTORY, {"stock": 7, "reserved": 2}, as_read(INVENTORY))
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER,
        {
            "status": "finalized",
            "amountRefunded": 0,
            "refunds": {"re_1": {"amount": 3_600, "status": "failed", "restock": []}},
            "returned": [],
            "updatedAt": NOW,
        },
        as_read(ORDER),
    )
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": -3, "reserved": 0}]
    assert plan.outcome == Outcome(Result.REFUND_FAILED, "order-1")


def test_only_operators_are_told_that_a_refund_failed() -> None:
    plan = finish(FAILED, a_shop(a_refunded_order()), products=SHIRT)
    assert NOTICE not in by_path(plan.writes)
    told = fields_at(TO_OPERATORS, plan.writes)
    assert (told["type"], told["amount"]) == ("refund_failed", 0)


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_failed_or_was_cancelled_leaves_the_others_as_they_are(status: str) -> None:
    one, other = a_refund("re_1", 1_200, restock={"shirt": 1}), a_refund("re_2", 2_400)
    order = a_refunded_order(**told_of(one, other, charge_total=3_600))
    plan = finish(a_refund_event("re_2", 2_400, status), a_shop(order, (10, 0)), products=SHIRT)
    assert by_path(plan.writes)[INVENTORY] == Update(INVENTORY, {"stock": 8, "reserved": 0}, as_read(INVENTORY))
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["returned"]) == ("partially_refunded", units(shirt=1))
    assert plan.outcome.result == "refund_failed"


def test_a_refund_that_failed_before_anybody_heard_of_it_moves_nothing() -> None:
    plan = finish(FAILED, a_shop(a_paid_order()))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result.REFUND_RECORDED, "order-1")


def test_before_units_are_taken_off_the_shelf_it_is_looked_at() -> None:
    assert planned(FAILED, a_shop(a_refunded_order())) == Look(SHIRT)


def test_all_products_of_the_order_are_looked_at() -> None:
    order = a_refunded_order(items=units(shirt=2, mug=1), returned=units(shirt=2, mug=1))
    assert planned(FAILED, a_shop(order), products=SHIRT) == Look(BOTH)


def test_a_refund_that_takes_nothing_off_the_shelf_needs_no_look_at_it() -> None:
    assert isinstance(planned(a_refund_event("re_2", 1_200, "failed"), a_shop(a_partly_refunded_order())), Finish)


def test_the_last_unit_that_is_there_is_enough() -> None:
    plan = finish(FAILED, a_shop(a_refunded_order(), (5, 2)), products=SHIRT)
    assert by_path(plan.writes)[INVENTORY] == Update(INVENTORY, {"stock": 2, "reserved": 2}, as_read(INVENTORY))


def test_only_units_that_no_other_refund_has_put_back_need_to_be_there() -> None:
    one, other = a_refund("re_1", 1_200, restock={"shirt": 1}), a_refund("re_2", 2_400)
    shop = a_shop(a_refunded_order(**told_of(one, other)), (2, 0))
    plan = finish(a_refund_event("re_2", 2_400, "failed"), shop, products=SHIRT)
    assert by_path(plan.writes)[INVENTORY] == Update(INVENTORY, {"stock": 0, "reserved": 0}, as_read(INVENTORY))
    assert fields_at(ORDER, plan.writes)["returned"] == units(shirt=1)


SOLD_AGAIN = "sold_again: a refund failed, and 3 of 'shirt' are gone by now"


@pytest.mark.parametrize("level", [(2, 0), (5, 3), (0, 0)], ids=["too few", "promised to others", "none"])
def test_units_that_were_sold_again_are_not_taken_from_others_and_the_refund_stays_due(level: tuple[int, int]) -> None:
    plan = finish(FAILED, a_shop(a_refunded_order(), level), products=SHIRT)
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, NOTICE, TO_OPERATORS}
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["failureReason"]) == ("refund_due", SOLD_AGAIN)
    assert "returned" not in written
    assert fields_at(NOTICE, plan.writes)["type"] == fields_at(TO_OPERATORS, plan.writes)["type"] == "refund_due"
    assert fields_at(TO_OPERATORS, plan.writes)["reason"] == SOLD_AGAIN
    assert fields_at(AUDIT, plan.writes)["stock"] == []
    assert plan.outcome == Outcome(Result.REFUND_FAILED, "order-1", SOLD_AGAIN)


def test_an_inventory_that_counts_nothing_has_nothing_to_take() -> None:
    shop = a_shop(a_refunded_order()) | {INVENTORY: {"stock": "many"}}
    assert finish(FAILED, shop, products=SHIRT).outcome.note == SOLD_AGAIN


def test_all_units_are_taken_off_the_shelf_again_or_none() -> None:
    order = a_refunded_order(items=units(shirt=2, mug=1), returned=units(shirt=2, mug=1))
    mugs: Fields = {"stock": 0, "reserved": 0}
    plan = finish(FAILED, a_shop(order) | {"inventory/mug": mugs}, products=BOTH)
    assert {INVENTORY, "inventory/mug"}.isdisjoint(by_path(plan.writes))
    assert plan.outcome.note == "sold_again: a refund failed, and 1 of 'mug' are gone by now"


def test_what_the_other_refunds_put_back_goes_back_even_if_the_units_of_one_that_failed_are_gone() -> None:
    order = a_paid_order(items=units(shirt=2, mug=1), status="refunded", returned=units(shirt=2), **told_of(a_refund()))
    event = replace(FAILED, refunds=FAILED.refunds.merged_with(a_refund_event("re_2", 1_200, mug=1).refunds))
    plan = finish(event, a_shop(order, (0, 0)) | {"inventory/mug": {"stock": 0, "reserved": 0}}, products=BOTH)
    assert by_path(plan.writes)["inventory/mug"] == Increase("inventory/mug", {"stock": 1})
    assert fields_at(ORDER, plan.writes)["returned"] == units(shirt=2, mug=1)


def test_units_that_never_came_back_are_not_put_back_when_others_are_gone() -> None:
    order = a_paid_order(
        items=units(shirt=2, mug=1), returned=units(shirt=1), **told_of(a_refund(restock={"shirt": 1}))
    )
    plan = finish(FAILED, a_shop(order, (0, 0)) | {"inventory/mug": {"stock": 0, "reserved": 0}}, products=BOTH)
    assert {INVENTORY, "inventory/mug"}.isdisjoint(by_path(plan.writes))
    assert "returned" not in fields_at(ORDER, plan.writes)


def test_the_smallest_payment_is_refunded_in_full_too() -> None:
    order = a_paid_order(amountTotal=1, amountReceived=1)
    assert status_after(finish(a_refund_event(amount=1), a_shop(order))) == "refunded"


def test_a_charge_of_which_nothing_is_refunded_yet_is_a_payment_first_of_all() -> None:
    charge = a_refunded_charge("evt_1", a_refund(status="pending"), total=0)
    assert finish(charge, a_shop(a_reserved_order(), (10, 3))).outcome.result == "first_time_finalized"


def test_units_of_a_product_that_is_counted_no_more_do_not_hold_up_the_others() -> None:
    order = a_refunded_order(items=units(shirt=2, mug=1), returned=units(shirt=2, mug=1))
    plan = finish(FAILED, a_shop(order, (10, 0)), products=BOTH)
    assert by_path(plan.writes)[INVENTORY] == Update(INVENTORY, {"stock": 8, "reserved": 0}, as_read(INVENTORY))
    assert fields_at(ORDER, plan.writes)["returned"] == []
    assert plan.outcome.note == "inventory_gone: 1 of 'mug' could not be counted"
    assert status_after(plan) == "finalized"


def a_sold_again_order(**fields: object) -> Fields:
    due: Fields = {"status": "refund_due", "failureReason": SOLD_AGAIN, **told_of(a_refund(status="failed"))}
    return a_refunded_order(**{**due, **fields})


def test_an_order_whose_units_were_sold_again_is_in_order_once_they_are_there_again() -> None:
    plan = finish(a_refund_event("re_2", 1_200), a_shop(a_sold_again_order(), (4, 0)), products=SHIRT)
    assert by_path(plan.writes)[INVENTORY] == Update(INVENTORY, {"stock": 1, "reserved": 0}, as_read(INVENTORY))
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["failureReason"]) == ("partially_refunded", None)


def test_an_order_whose_units_are_there_again_is_finalized_as_if_nothing_had_been_refunded() -> None:
    plan = finish(a_refund_event("re_2", 1_200, "pending"), a_shop(a_sold_again_order(), (4, 0)), products=SHIRT)
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["failureReason"], written["returned"]) == ("finalized", None, [])


def test_an_order_whose_units_were_sold_again_is_refunded_without_a_look_at_the_shelf() -> None:
    plan = finish(a_refund_event("re_2", 3_600), a_shop(a_sold_again_order()))
    assert INVENTORY not in by_path(plan.writes)
    assert plan.outcome.result == "refunded"


def test_an_order_whose_units_were_sold_again_stays_due_while_they_are_gone() -> None:
    plan = finish(a_refund_event("re_2", 1_200), a_shop(a_sold_again_order(), (2, 0)), products=SHIRT)
    assert (status_after(plan), plan.outcome.note) == ("refund_due", SOLD_AGAIN)


@pytest.mark.parametrize(
    "order",
    [
        a_refunded_order(items=[]),
        a_refunded_order(items=units(mug=1)),
        a_refunded_order(returned=units(shirt=3, mug=1)),
        a_refunded_order(returned=units(shirt=4)),
    ],
    ids=["no items", "other items", "more products", "more units"],
)
def test_a_refund_that_failed_is_settled_whatever_somebody_made_of_the_items_since(order: Fields) -> None:
    """To ask for products again that were looked at already would never end."""
    documents = a_shop(order, (10, 0)) | {"inventory/mug": {"stock": 5, "reserved": 0}}
    look = planned(FAILED, documents)
    looked_at = look.product_ids if isinstance(look, Look) else ()
    assert isinstance(planned(FAILED, documents, products=looked_at), Finish)


# --- Orders that were paid and never fulfilled ------------------------------------------------------------------------


def an_order_in_review(**fields: object) -> Fields:
    quarantined = {"status": "review", "unfulfilledAs": "review", "failureReason": "amount_mismatch"}
    return a_paid_order(**{**quarantined, "finalizedAt": None, **fields})


def a_refund_due_order(**fields: object) -> Fields:
    return a_paid_order(
        **{"status": "refund_due", "finalizedAt": None, "failureReason": "insufficient_stock", **fields}
    )


def test_a_refund_of_an_order_in_review_releases_the_hold_that_was_kept() -> None:
    order = an_order_in_review(holdKept=True, amountReceived=3_500)
    plan = finish(a_refund_event(amount=3_500), a_shop(order, (10, 3)))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["holdKept"]) == ("refunded", False)
    assert {"returned", "failureReason"}.isdisjoint(written)
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": 0, "reserved": -3}]
    assert plan.outcome.result == "refunded"


def test_a_partial_refund_of_an_order_in_review_leaves_it_there_with_its_hold() -> None:
    plan = finish(a_refund_event(amount=1_000, shirt=1), a_shop(an_order_in_review(holdKept=True), (10, 3)))
    assert INVENTORY not in by_path(plan.writes)
    assert status_after(plan) == "review"
    assert {"status", "holdKept", "returned", "failureReason"}.isdisjoint(fields_at(ORDER, plan.writes))
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1", "restock_excess: 1 of 'shirt' named, 0 sold")


def test_a_refund_of_an_order_in_review_that_holds_nothing_releases_nothing() -> None:
    plan = finish(a_refund_event(), a_shop(an_order_in_review()))
    assert INVENTORY not in by_path(plan.writes)
    assert status_after(plan) == "refunded"


def test_a_refund_that_was_due_is_done_and_moves_no_stock() -> None:
    plan = finish(a_refunded_charge(), a_shop(a_refund_due_order()))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, NOTICE}
    assert (status_after(plan), plan.outcome) == ("refunded", Outcome(Result.REFUNDED, "order-1"))


def test_a_refund_of_a_part_leaves_the_rest_due() -> None:
    plan = finish(a_refund_event(amount=1_200), a_shop(a_refund_due_order()))
    assert (status_after(plan), plan.outcome.result) == ("refund_due", "partially_refunded")
    assert "failureReason" not in fields_at(ORDER, plan.writes)


def test_a_refund_that_failed_is_due_again_where_nothing_was_delivered() -> None:
    order = a_refund_due_order(status="refunded", **told_of(a_refund()))
    plan = finish(FAILED, a_shop(order))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, TO_OPERATORS}
    assert (status_after(plan), plan.outcome.result) == ("refund_due", "refund_failed")


@pytest.mark.parametrize("received", [{"amountReceived": 3_500}, {"currencyReceived": "usd"}], ids=str)
def test_a_refund_that_failed_puts_an_order_back_under_review_where_the_payment_did_not_match(received: Fields) -> None:
    order = an_order_in_review(status="refunded", **received, **told_of(a_refund()))
    currency = str(received.get("currencyReceived", "eur"))
    event = an_updated_refund(refund=a_refund(status="failed"), order_id="order-1", currency=currency)
    assert status_after(finish(event, a_shop(order))) == "review"


def test_a_refund_that_is_due_stays_due_even_if_the_payment_did_not_match_either() -> None:
    plan = finish(a_refund_event(amount=1_200), a_shop(a_refund_due_order(amountReceived=3_500)))
    assert status_after(plan) == "refund_due"


# --- The payment's own event is still on its way ----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "failed", "expired", "cancelled"])
def test_a_refunded_charge_holds_the_units_first_where_nobody_holds_them(status: str) -> None:
    plan = planned(a_refunded_charge(total=1_200), a_shop(a_reserved_order(status=status), (10, 0)), products=SHIRT)
    assert isinstance(plan, Hold)
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": 0, "reserved": 3})
    assert set(by_path(plan.writes)) == {ORDER, INVENTORY}


def test_a_refunded_charge_asks_for_the_products_that_it_has_to_hold() -> None:
    assert planned(a_refunded_charge(), a_shop(an_order())) == Look(SHIRT)


def test_a_refunded_charge_settles_the_payment_of_a_reserved_order_in_the_same_commit() -> None:
    one_of_three = a_refunded_charge("evt_1", a_refund("re_1", 1_200, restock={"shirt": 1}), total=1_200)
    plan = finish(one_of_three, {ORDER: a_reserved_order()})
    assert set(by_path(plan.writes)) == {ORDER, INVENTORY, AUDIT, CLAIM, NOTICE, PAYMENT, CHARGE}
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER,
        {
            "status": "partially_refunded",
            "finalizedAt": NOW,
            "webhookEventId": "evt_1",
            "paymentIntentId": "pi_1",
            "chargeId": "ch_1",
            "amountReceived": 3_600,
            "currencyReceived": "eur",
            "amountRefunded": 1_200,
            "chargeAmountRefunded": 1_200,
            "refunds": {"re_1": {"amount": 1_200, "status": "succeeded", "restock": units(shirt=1)}},
            "returned": units(shirt=1),
            "updatedAt": NOW,
        },
        as_read(ORDER),
    )
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"stock": -2, "reserved": -3})
    assert fields_at(NOTICE, plan.writes)["type"] == "partially_refunded"
    assert by_path(plan.writes)[PAYMENT] == Create(PAYMENT, {"orderId": "order-1"})
    assert by_path(plan.writes)[CHARGE] == Create(CHARGE, {"orderId": "order-1"})
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1")


def test_a_charge_refunded_in_full_gives_a_reserved_order_its_hold_back_and_takes_nothing() -> None:
    plan = finish(a_refunded_charge(), {ORDER: a_reserved_order()})
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})
    assert fields_at(AUDIT, plan.writes)["stock"] == [{"productId": "shirt", "stock": 0, "reserved": -3}]
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["finalizedAt"], written["returned"]) == ("refunded", NOW, units(shirt=3))


def test_a_charge_refunded_in_full_that_finds_its_order_counted_moves_nothing_in_the_end() -> None:
    counted = a_reserved_order(status="reserving", heldFrom="pending")
    plan = finish(a_refunded_charge(), a_shop(counted, (10, 3)), products=SHIRT)
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})
    entry = fields_at(AUDIT, plan.writes)
    assert (entry["statusBefore"], entry["statusAfter"], entry["stock"]) == ("pending", "refunded", [])


def test_a_charge_of_which_nothing_is_refunded_after_all_finalizes_its_order() -> None:
    plan = finish(a_refunded_charge(total=0), {ORDER: a_reserved_order()})
    assert fields_at(NOTICE, plan.writes)["type"] == "paid"
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1")


def test_a_charge_of_which_nothing_is_refunded_yet_finalizes_its_order_and_the_customer_is_told() -> None:
    plan = finish(a_refunded_charge("evt_1", a_refund(status="pending"), total=0), {ORDER: a_reserved_order()})
    assert status_after(plan) == "finalized"
    assert fields_at(NOTICE, plan.writes)["type"] == "paid"


def test_a_charge_of_which_nothing_is_refunded_and_that_does_not_match_says_why_it_is_kept_for_review() -> None:
    plan = finish(a_refunded_charge(total=0, paid=Money(3_500, "eur")), {ORDER: a_reserved_order()})
    note = "amount_mismatch: 3500 eur was paid, 3600 eur was asked"
    assert plan.outcome == Outcome(Result.QUARANTINED, "order-1", note)


def test_a_refunded_charge_that_does_not_match_its_order_is_kept_for_review_with_what_is_refunded() -> None:
    plan = finish(a_refunded_charge(total=1_000, paid=Money(3_500, "eur")), {ORDER: a_reserved_order()})
    written = fields_at(ORDER, plan.writes)
    assert (written["status"], written["holdKept"], written["amountRefunded"]) == ("review", True, 1_000)
    assert INVENTORY not in by_path(plan.writes)
    note = "amount_mismatch: 3500 eur was paid, 3600 eur was asked"
    assert plan.outcome == Outcome(Result.QUARANTINED, "order-1", note)


def test_a_refunded_charge_that_did_not_match_and_is_refunded_in_full_releases_the_hold() -> None:
    plan = finish(a_refunded_charge(total=3_500, paid=Money(3_500, "eur")), {ORDER: a_reserved_order()})
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})
    assert status_after(plan) == "refunded"
    assert "holdKept" not in fields_at(ORDER, plan.writes)


@pytest.mark.parametrize(("total", "status"), [(1_200, "refund_due"), (3_600, "refunded")])
def test_a_refunded_charge_of_an_order_that_cannot_be_held_tells_what_is_still_due(total: int, status: str) -> None:
    plan = finish(a_refunded_charge(total=total), a_shop(an_order(), (2, 0)), products=SHIRT)
    assert status_after(plan) == status
    assert INVENTORY not in by_path(plan.writes)
    assert plan.outcome == Outcome(Result(status), "order-1", "insufficient_stock: 3 of 'shirt' ordered, 2 available")


@pytest.mark.parametrize(
    ("charge", "order", "type_"),
    [
        (a_refunded_charge(total=1_000, paid=Money(3_500, "eur")), a_reserved_order(), "review"),
        (a_refunded_charge(total=1_200), an_order(), "refund_due"),
    ],
)
def test_a_refunded_charge_that_leaves_a_person_something_to_do_tells_operators_and_the_customer(
    charge: ChargeRefunded, order: Fields, type_: str
) -> None:
    plan = finish(charge, a_shop(order, (2, 0)), products=SHIRT)
    assert fields_at(TO_OPERATORS, plan.writes)["type"] == type_
    assert fields_at(NOTICE, plan.writes)["type"] == type_


@pytest.mark.parametrize(("total", "status"), [(1_200, "review"), (3_600, "refunded")])
def test_a_refunded_charge_of_an_order_in_a_status_that_nobody_knows_is_kept_for_review(
    total: int, status: str
) -> None:
    plan = finish(a_refunded_charge(total=total), {ORDER: a_reserved_order(status="shipped")})
    assert status_after(plan) == status
    assert plan.outcome.note == "invalid_order: status must be 'pending'"


# --- Disputes ---------------------------------------------------------------------------------------------------------

A_DISPUTE: Fields = {
    "id": "dp_1",
    "status": "needs_response",
    "reason": "fraudulent",
    "amount": 3_600,
    "currency": "eur",
    "dueBy": NOW + timedelta(days=7),
    "openedAt": NOW,
    "toldAt": NOW,
}


def test_a_dispute_is_recorded_and_told_to_operators_and_moves_nothing() -> None:
    plan = finish(a_dispute(order_id="order-1"), a_shop(a_paid_order()))
    note = "dispute: dp_1 is needs_response"
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM, TO_OPERATORS}
    assert by_path(plan.writes)[ORDER] == Update(ORDER, {"dispute": A_DISPUTE, "updatedAt": NOW}, as_read(ORDER))
    told = fields_at(TO_OPERATORS, plan.writes)
    assert (told["type"], told["amount"], told["currency"], told["reason"]) == ("dispute", 3_600, "eur", note)
    entry = fields_at(AUDIT, plan.writes)
    assert (entry["statusAfter"], entry["amount"], entry["stock"], entry["note"]) == ("finalized", 3_600, [], note)
    assert plan.outcome == Outcome(Result.DISPUTE_RECORDED, "order-1", note)


def test_operators_are_told_what_is_disputed_and_not_what_was_paid() -> None:
    plan = finish(a_dispute(order_id="order-1"), a_shop(a_paid_order(amountReceived=5_000)))
    assert fields_at(TO_OPERATORS, plan.writes)["amount"] == 3_600


def test_a_dispute_finds_its_order_by_its_payment() -> None:
    assert planned(a_dispute(), {PAYMENT: {"orderId": "order-1"}}) == Look(order_id="order-1")


def test_a_dispute_told_again_by_another_event_changes_nothing() -> None:
    plan = finish(a_dispute(order_id="order-1"), a_shop(a_paid_order(dispute=A_DISPUTE)))
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result.ALREADY_RECORDED, "order-1")


def test_a_dispute_that_has_come_further_is_told() -> None:
    event = a_dispute(status="under_review", order_id="order-1", created_at=LATER)
    plan = finish(event, a_shop(a_paid_order(dispute=A_DISPUTE)))
    assert fields_at(ORDER, plan.writes)["dispute"] == {**A_DISPUTE, "status": "under_review", "toldAt": LATER}
    assert fields_at(TO_OPERATORS, plan.writes)["reason"] == "dispute: dp_1 is under_review"


def test_another_dispute_of_the_same_order_is_told() -> None:
    event = a_dispute(dispute_id="dp_2", order_id="order-1", opened_at=LATER)
    plan = finish(event, a_shop(a_paid_order(dispute=A_DISPUTE)))
    assert fields_at(TO_OPERATORS, plan.writes)["reason"] == "dispute: dp_2 is needs_response"


def test_a_dispute_in_which_only_the_time_has_changed_is_recorded_and_told_to_nobody() -> None:
    plan = finish(a_dispute(order_id="order-1", created_at=LATER), a_shop(a_paid_order(dispute=A_DISPUTE)))
    assert set(by_path(plan.writes)) == {ORDER, AUDIT, CLAIM}
    assert plan.outcome.result == "dispute_recorded"


def test_what_is_told_late_of_a_dispute_that_was_lost_changes_nothing_and_is_told_to_nobody() -> None:
    lost = {**A_DISPUTE, "status": "lost"}
    plan = finish(a_dispute(order_id="order-1", created_at=LATER), a_shop(a_paid_order(dispute=lost)))
    assert set(by_path(plan.writes)) == {AUDIT, CLAIM}
    assert plan.outcome == Outcome(Result.ALREADY_RECORDED, "order-1")
