"""What a hold writes before the final decision, and what writes nothing."""

from dataclasses import replace
from typing import Any

import pytest

from database.store import Create, Increase
from inventory.stock import Level
from orders.adjustments import Adjustment, AdjustmentKind
from orders.order import Order, OrderStatus
from orders.outcome import Outcome, Result
from settlement.decisions import Decision, GiveBack, Hold, Look, Park, SetAside, Unchanged
from tests.support.builders import Fields, a_placement, something_not_understood
from tests.support.decisions import HELD, RELEASED, a_change, a_count
from tests.support.orders import UNPRICED, a_counted_order, a_held_order, a_pending_order, a_sold_order, lines_of
from tests.support.snapshots import a_product, a_snapshot
from tests.support.written import AUDIT, INVENTORY, ORDER, UNREADABLE, updated_order, written

ITEMS = [{"productId": "shirt", "quantity": 3}]

SHIPPING = Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel")
SHIPPING_FIELDS = [{"kind": "shipping", "amount": 490, "label": "Parcel"}]


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


PRICE: Fields = {
    "adjustments": None,
    "itemsTotal": 3_600,
    "itemsCurrency": "eur",
    "amountTotal": 3_600,
    "currency": "eur",
    "pricedBy": "catalogue",
}


def test_a_hold_counts_and_prices_in_one_commit_and_asks_for_all_figures() -> None:
    assert written(Hold(a_counted_order(), HELD), a_snapshot(a_pending_order())) == {
        **updated_order(status="reserving", heldFrom="pending", items=ITEMS, **PRICE),
        INVENTORY: Increase(INVENTORY, {"stock": 0, "reserved": 3}),
    }


AGAIN: Fields = {"status": "reserving", "items": ITEMS}
NEW = AGAIN | {"heldFrom": "pending"}
SHIRTS_AND_A_MUG = lines_of(shirt=3, mug=1)
ADJUSTED = a_held_order("expired", adjustments=(SHIPPING,))
DEFECTIVE = a_held_order("expired", price_defect="what?", total=None)
COUNTED = OrderStatus.RESERVING
HOLDS: dict[str, tuple[Order, Order, Fields]] = {
    # the order as read, the order as held, what is written to it
    "a price that is unknown": (a_pending_order(), a_counted_order(**UNPRICED), NEW | dict.fromkeys(PRICE)),
    "of each line which product and how many": (
        a_pending_order(lines=SHIRTS_AND_A_MUG),
        a_counted_order(lines=SHIRTS_AND_A_MUG),
        NEW | PRICE | {"items": [*ITEMS, {"productId": "mug", "quantity": 1}]},
    ),
    "no adjustments that nobody can read": (a_pending_order(price_defect="what?"), a_counted_order(), NEW | PRICE),
    "for late money the adjustments that there were": (
        ADJUSTED,
        replace(ADJUSTED, status=COUNTED),
        AGAIN | PRICE | {"adjustments": SHIPPING_FIELDS},
    ),
    "for late money nothing of a price that the backend has to correct": (
        *(DEFECTIVE, replace(DEFECTIVE, status=COUNTED)),
        AGAIN,
    ),
}


@pytest.mark.parametrize(("read", "held", "fields"), HOLDS.values(), ids=HOLDS)
def test_a_hold_writes(read: Order, held: Order, fields: Fields) -> None:
    assert written(Hold(held, HELD), a_snapshot(read))[ORDER] == updated_order(**fields)[ORDER]


def test_a_hold_asks_how_many_may_be_backordered_too_where_any_could_be() -> None:
    before = a_snapshot(a_pending_order(), shirts=a_product(level=Level(1, 0, 2)))
    figures = {"stock": 0, "reserved": 3, "backorder": 0}
    assert written(Hold(a_counted_order(), HELD), before)[INVENTORY] == Increase(INVENTORY, figures)


def test_a_hold_given_back_is_as_if_it_had_never_been() -> None:
    given_back = GiveBack(a_counted_order("expired", held_from=None), RELEASED)
    assert written(given_back, a_snapshot(a_counted_order(held_from="expired"))) == {
        **updated_order(status="expired", heldFrom=None),
        INVENTORY: Increase(INVENTORY, {"reserved": -3}),
    }


def test_no_order_is_written_that_was_not_read() -> None:
    with pytest.raises(ValueError, match=r"^no order was read that could be changed$"):
        written(Hold(a_counted_order(), HELD))
