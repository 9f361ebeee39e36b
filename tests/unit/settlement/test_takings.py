"""Units of hot products: held like others, recorded as a taking when paid, and taken when folded."""

from typing import Any

import pytest

from inventory.stock import Level, take
from orders.events import OrderEvent
from orders.order import Order
from settlement.decisions import Hold
from tests.support.builders import Fields, a_cancel_request, a_lapse, a_placement, an_order
from tests.support.deciding import given
from tests.support.decisions import RELEASED, TAKEN, shirts
from tests.support.folding import folded
from tests.support.interference import DisturbedStore, calls_to_settle, someone_first
from tests.support.memory_store import MemoryStore
from tests.support.operators import OPERATORS_REQUESTS, asked_by_operator, asked_of_order
from tests.support.orders import a_counted_order, a_held_order, a_pending_order, known, lines_of
from tests.support.payments import a_payment
from tests.support.refunds import a_refunded_charge
from tests.support.settling import settled
from tests.support.shop import a_shop, complaints_in, document_at, shirts_in, status_in, time_of
from tests.support.snapshots import a_product

HOT: dict[str, Any] = known(taken_later=frozenset({"shirt"}))
KEPT = a_held_order("review", hold_kept=True, unfulfilled_as="review", failure_reason="amount_mismatch", **HOT)
TAKING = "takings/order-1"
PLACED, PAID, REFUNDED = a_placement(), a_payment(), a_refunded_charge("evt_2")


def a_hot_shop(*events: OrderEvent) -> MemoryStore:
    """An order for three of ten shirts, a hot product."""
    return after(a_shop(an_order(), shirt={"stock": 10, "reserved": 0, "hot": True}), *events)


def after(store: MemoryStore, *events: OrderEvent) -> MemoryStore:
    for event in events:
        settled(event, store, now=time_of(event))
    return store


def marked(store: MemoryStore, *, hot: bool) -> MemoryStore:
    store.put("inventory/shirt", {**document_at(store, "inventory/shirt"), "hot": hot})
    return store


# --- What is noted when it is held ------------------------------------------------------------------------------------


def test_an_order_remembers_which_of_its_products_were_hot_when_it_was_held() -> None:
    both = a_pending_order(lines=lines_of(shirt=3, mug=1))
    hot, usual = a_product(is_hot=True), a_product("mug")
    decided = given(both, shirts=hot, mugs=usual).when(PLACED)
    assert isinstance(decided, Hold)
    assert decided.order.taken_later == {"shirt"}


def test_products_that_are_never_short_are_not_taken_later_either() -> None:
    endless = a_product(is_hot=True, level=Level(None, 0))
    decided = given(a_pending_order(), shirts=endless).when(PLACED)
    assert isinstance(decided, Hold)
    assert (decided.order.taken_later, decided.moves) == (frozenset(), ())


def test_an_order_that_is_held_again_is_taken_as_its_products_are_by_then() -> None:
    cold = given(a_held_order("expired", **HOT)).when(PAID)
    assert isinstance(cold, Hold)
    assert cold.order.taken_later == frozenset()


# --- What a payment does ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [PAID, asked_of_order("accept-1")], ids=["paid", "accepted"])
@pytest.mark.parametrize("order", [a_held_order(**HOT), KEPT], ids=["reserved", "in review"])
def test_a_payment_puts_down_what_was_hot_as_taken_and_is_recorded_as_ever(event: OrderEvent, order: Order) -> None:
    change = given(order).changed_by(event)
    assert (change.order.status, change.moves, change.later, change.moved) == ("finalized", (), TAKEN, TAKEN)


def test_a_payment_that_finds_its_order_counted_does_so_too() -> None:
    change = given(a_counted_order(**HOT), shirts=(10, 3)).changed_by(PAID)
    assert (change.moves, change.later, change.moved) == ((), TAKEN, shirts(-3))


def test_both_kinds_may_be_in_one_order() -> None:
    both = a_held_order(lines=lines_of(shirt=3, mug=1), **HOT)
    change = given(both, mugs=(5, 1)).changed_by(PAID)
    assert (change.moves, change.later) == (take(lines_of(mug=1)), TAKEN)
    assert {(move.product_id, move.stock) for move in change.moved} == {("shirt", -3), ("mug", -1)}


def test_what_is_refunded_at_once_is_put_back_at_once_and_the_taking_takes_it_later() -> None:
    change = given(a_held_order(**HOT), shirts=(10, 3)).changed_by(a_refunded_charge())
    assert (change.order.status, change.moves, change.later) == ("refunded", shirts(3), TAKEN)
    assert change.moved == RELEASED


def test_what_goes_unheld_is_taken_at_once() -> None:
    unheld = a_held_order("review", unfulfilled_as="review", failure_reason="amount_mismatch", **HOT)
    hot = a_product(is_hot=True, level=Level(10, 0))
    change = given(unheld, shirts=hot).changed_by(PAID)
    assert (change.order.taken_later, change.moves, change.later) == (frozenset(), shirts(-3), ())


def test_no_taking_is_written_for_units_known_to_be_gone() -> None:
    known_gone = given(a_held_order(**HOT), shirts=None, is_loss_unexplained=True)
    change = known_gone.changed_by(PAID)
    assert (change.moves, change.later, change.uncounted) == ((), (), lines_of(shirt=3))


# --- What becomes of it -----------------------------------------------------------------------------------------------


def test_a_paid_order_leaves_its_units_reserved_until_they_are_folded() -> None:
    store = a_hot_shop(PLACED, PAID)
    assert (status_in(store), shirts_in(store), store.get(TAKING)) == ("finalized", (10, 3), {"units": {"shirt": 3}})
    assert complaints_in(store) == []
    folded(store)
    assert (shirts_in(store), store.get(TAKING)) == ((7, 0), None)
    assert complaints_in(store) == []


def test_a_taking_costs_no_rpc_more() -> None:
    assert calls_to_settle(PAID, a_hot_shop(PLACED)) == ["read", "commit"]
    assert calls_to_settle(PAID, a_hot_shop()) == ["read", "read", "commit", "commit"]


LIVES: dict[str, tuple[list[OrderEvent], str, tuple[int, int]]] = {
    # events: the order's status, the stock once all is folded
    "refunded": ([PLACED, PAID, REFUNDED], "refunded", (10, 0)),
    "expired": ([PLACED, a_lapse()], "expired", (10, 0)),
    "cancelled": ([PLACED, a_cancel_request()], "cancelled", (10, 0)),
    "paid too late": ([PLACED, a_lapse(), PAID], "finalized", (7, 0)),
    "paid before the trigger": ([PAID], "finalized", (7, 0)),
    "paid twice": ([PLACED, PAID, a_payment("evt_3", payment_intent_id="pi_3")], "finalized", (7, 0)),
}


@pytest.mark.parametrize(("events", "status", "level"), LIVES.values(), ids=LIVES)
@pytest.mark.parametrize("is_folded_late", [True, False])
@pytest.mark.parametrize("mark", [None, True, False])
def test_whatever_becomes_of_an_order_and_of_the_mark_the_figures_are_those_of_any_product(
    events: list[OrderEvent], status: str, level: tuple[int, int], *, is_folded_late: bool, mark: bool | None
) -> None:
    store = a_hot_shop()
    for event in events:
        after(store, event)
        assert complaints_in(store) == []
        if mark is not None:
            marked(store, hot=mark)
        if not is_folded_late:
            folded(store)
    folded(store)
    assert (status_in(store), shirts_in(store), complaints_in(store)) == (status, level, [])


def test_a_full_refund_that_comes_before_the_fold_can_be_sold_at_once() -> None:
    store = a_hot_shop(PLACED, PAID, REFUNDED)
    assert shirts_in(store) == (13, 3)
    assert complaints_in(store) == []


def test_an_order_that_had_the_id_of_one_that_is_still_to_be_taken_is_paid_once_that_is_folded() -> None:
    store = a_hot_shop(PLACED, PAID)
    (again,) = [fields for path, fields in a_hot_shop(PLACED).documents() if path == "orders/order-1"]
    store.put("orders/order-1", again)
    store.put("inventory/shirt", {"stock": 10, "reserved": 6, "hot": True})
    other = a_payment("evt_9", payment_intent_id="pi_9", charge_id="ch_9")
    with pytest.raises(Exception, match="exists"):
        settled(other, store)
    folded(store)
    settled(other, store)
    assert (status_in(store), store.get(TAKING)) == ("finalized", {"units": {"shirt": 3}})


# --- What operators set -----------------------------------------------------------------------------------------------


def ask(store: MemoryStore, **asked: object) -> str:
    fields: Fields = {**document_at(store, "operatorRequests/stock-1"), **asked}
    store.put("operatorRequests/stock-1", fields)
    return str(settled(asked_by_operator("stock-1", **asked), store).note)


def test_what_an_operator_has_counted_is_without_what_is_sold_already() -> None:
    store = a_hot_shop(PLACED, PAID)
    assert ask(store, mode="set", quantity=20) == "'shirt' had 7 on hand, and has 20"
    assert shirts_in(store) == (23, 3)
    folded(store)
    assert shirts_in(store) == (20, 0)
    assert complaints_in(store) == []


def test_a_product_is_recounted_only_once_all_its_sold_units_are_taken() -> None:
    store = a_hot_shop(PLACED, PAID)
    store.delete("inventory/shirt")
    why = "to_be_taken: 3 sold units are not taken yet; ask again in a minute"
    assert ask(store, quantity=7, new=True) == why
    assert store.get("inventory/shirt") is None
    folded(store)
    store.delete("auditLog/operator_stock-1")
    store.put("operatorRequests/stock-1", OPERATORS_REQUESTS["stock-1"])
    assert ask(store, quantity=7, new=True) == "'shirt' is counted from now on: 7"
    assert shirts_in(store) == (7, 0)


TOO_FEW = "held: orders hold 2, so at least 2 must be there; with force, some are oversold"


@pytest.mark.parametrize(
    ("mode", "quantity", "answer"),
    [
        ("set", 1, TOO_FEW),
        ("set", 2, "'shirt' had 7 on hand, and has 2"),
        ("add", -6, TOO_FEW),
        ("add", -5, "'shirt' had 7 on hand, and has 2"),
    ],
)
def test_no_fewer_are_left_than_are_held_beside_what_is_sold(mode: str, quantity: int, answer: str) -> None:
    store = a_hot_shop(PLACED, PAID)
    store.put("orders/order-2", an_order(items=[{"productId": "shirt", "quantity": 2}]))
    settled(a_placement("order-2"), store)
    assert ask(store, mode=mode, quantity=quantity) == answer


def test_what_is_folded_while_an_operator_sets_the_stock_is_counted_once() -> None:
    store = a_hot_shop(PLACED, PAID)
    set_to_20: Fields = {"mode": "set", "quantity": 20}
    store.put("operatorRequests/stock-1", {**document_at(store, "operatorRequests/stock-1"), **set_to_20})
    disturbed = DisturbedStore(store, [someone_first(lambda: folded(store))])
    settled(asked_by_operator("stock-1", **set_to_20), disturbed)
    assert disturbed.calls == ["read", "units to take", "commit"] * 2
    assert (shirts_in(store), complaints_in(store)) == ((20, 0), [])
