"""Products that are never short, and products sold before they are in stock; also if that changes meanwhile."""

import pytest

from inventory.stock import Level
from orders.events import OrderEvent
from orders.money import Money
from settlement.decisions import GiveBack
from tests.support.builders import Fields, a_cancel_request, a_lapse, a_placement, an_order
from tests.support.deciding import given
from tests.support.decisions import RELEASED
from tests.support.memory_store import MemoryStore
from tests.support.orders import a_counted_order, a_held_order, lines_of
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, complaints_in, shirts_in, status_in, time_of
from tests.support.snapshots import a_product

FAILED = an_updated_refund("evt_3", a_refund(status="failed"))
NEVER_SHORT: Fields = {"stock": None, "reserved": 0}
ENDINGS: dict[str, tuple[str, list[OrderEvent]]] = {
    "expired": ("expired", [a_lapse()]),
    "cancelled": ("cancelled", [a_cancel_request()]),
    "paid": ("finalized", [a_payment()]),
    "refunded": ("refunded", [a_payment(), a_refunded_charge("evt_2")]),
    "refunded in vain": ("finalized", [a_payment(), an_updated_refund("evt_2"), FAILED]),
    "paid after it had expired": ("finalized", [a_lapse(), a_payment()]),
}
each_ending = pytest.mark.parametrize(("status", "events"), ENDINGS.values(), ids=ENDINGS)


def after(store: MemoryStore, *events: OrderEvent) -> MemoryStore:
    for event in events:
        settled(event, store, now=time_of(event))
    return store


def recounted(store: MemoryStore, **figures: object) -> MemoryStore:
    """The shop overwrites the inventory with these figures."""
    store.put("inventory/shirt", {**(store.get("inventory/shirt") or {}), **figures})
    return store


# --- Never short ------------------------------------------------------------------------------------------------------


@each_ending
def test_products_that_are_never_short_are_not_counted(status: str, events: list[OrderEvent]) -> None:
    store = a_shop(an_order(), shirt=NEVER_SHORT)
    untouched = store.read(["inventory/shirt"], timeout_seconds=1)
    after(store, a_placement(), *events)
    assert (status_in(store), complaints_in(store, stock=None)) == (status, [])
    assert store.read(["inventory/shirt"], timeout_seconds=1) == untouched


def test_only_products_that_can_be_short_are_counted_in_a_mixed_order() -> None:
    items = [{"productId": "shirt", "quantity": 3}, {"productId": "ebook", "quantity": 1}]
    store = a_shop(an_order(items=items), ebook=NEVER_SHORT)
    after(store, a_placement(), a_payment(money=Money(4_800, "eur")))
    assert (status_in(store), shirts_in(store), store.get("inventory/ebook")) == ("finalized", (7, 0), NEVER_SHORT)
    assert complaints_in(store, ebook=None) == []


@each_ending
def test_what_was_never_short_when_it_was_held_is_not_counted_later_either(
    status: str, events: list[OrderEvent]
) -> None:
    store = recounted(after(a_shop(an_order(), shirt=NEVER_SHORT), a_placement()), stock=10)
    after(store, *events)
    was_held_again = status_in(store) == "finalized" and events[0] == a_lapse()
    assert (status_in(store), shirts_in(store)) == (status, (7 if was_held_again else 10, 0))


@each_ending
def test_what_was_held_before_it_was_never_short_is_given_back_once(status: str, events: list[OrderEvent]) -> None:
    is_paid_first = events[0] == a_payment()
    before, later = (events[:1], events[1:]) if is_paid_first else ([], events)
    store = recounted(after(a_shop_after(a_placement()), *before), stock=None)
    after(store, *later)
    assert (status_in(store), shirts_in(store)) == (status, (None, 0))


WRONG = {"payment_intent_id": "pi_0", "charge_id": None}
WRONG_PAID = a_payment("evt_wrong", money=Money(3_500, "eur"), **WRONG)  # type: ignore[arg-type]
WRONG_REFUNDED, WRONG_NOT_REFUNDED = (
    an_updated_refund(f"evt_{status}", a_refund("re_0", 3_500, status, payment_id="pi_0"), order_id="order-1", **WRONG)  # type: ignore[arg-type]
    for status in ("succeeded", "failed")
)


@pytest.mark.parametrize(("stock", "by_then", "on_hand"), [(10, None, None), (None, 10, 7)])
@pytest.mark.parametrize("again", [(), (WRONG_NOT_REFUNDED,)], ids=["taken", "held again"])
def test_what_went_back_with_wrong_money_is_held_or_taken_as_it_is_counted_by_then(
    stock: int | None, by_then: int | None, on_hand: int | None, again: tuple[OrderEvent, ...]
) -> None:
    store = a_shop(an_order(), shirt={"stock": stock, "reserved": 0})
    recounted(after(store, a_placement(), WRONG_PAID, WRONG_REFUNDED), stock=by_then)
    after(store, *again, a_payment())
    assert (status_in(store), shirts_in(store)) == ("finalized", (on_hand, 0))


def test_a_payment_for_what_was_counted_makes_no_more_of_a_null_than_a_shortage() -> None:
    """Settling in two RPCs does not read the inventory, so the null may only be written while nothing is held."""
    store = after(recounted(a_shop_after(a_placement()), stock=None), a_payment())
    assert (status_in(store), shirts_in(store)) == ("finalized", (-3, 0))


def test_a_counted_hold_of_what_is_never_short_by_now_is_given_back_and_held_again_uncounted() -> None:
    order = a_counted_order()
    decided = given(order, shirts=a_product(level=Level(None, 3))).when(a_placement())
    assert isinstance(decided, GiveBack)
    assert decided.moves == RELEASED


def test_a_returned_hold_returns_only_counted_units() -> None:
    mixed = a_counted_order(lines=lines_of(shirt=3, mug=1), unlimited=frozenset({"mug"}))
    decided = given(mixed, shirts=(2, 3), mugs=a_product("mug", Level(None, 0))).when(a_placement())
    assert isinstance(decided, GiveBack)
    assert decided.moves == RELEASED


def test_where_a_null_is_read_before_a_payment_it_stays() -> None:
    known = given(a_held_order(), shirts=a_product(level=Level(None, 3)), is_loss_unexplained=True)
    assert known.changed_by(a_payment()).moves == RELEASED


# --- Sold before it is there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "on_hand"), [("expired", 1), ("cancelled", 1), ("paid", -2), ("refunded", 1), ("refunded in vain", -2)]
)
def test_what_is_sold_before_it_is_there_is_below_zero_until_it_comes_back(ending: str, on_hand: int) -> None:
    store = a_shop(an_order(), shirt={"stock": 1, "reserved": 0, "backorder": 2})
    status, events = ENDINGS[ending]
    after(store, a_placement(), *events)
    assert (status_in(store), shirts_in(store)) == (status, (on_hand, 0))
    assert complaints_in(store, stock=1) == []


@pytest.mark.parametrize(
    ("level", "moves"), [(Level(1, 3, 2), ()), (Level(1, 4, 2), RELEASED), (Level(1, 3), RELEASED)]
)
def test_a_counted_hold_is_covered_by_what_may_be_backordered_once_it_is_counted(level: Level, moves: object) -> None:
    assert given(a_counted_order(), shirts=a_product(level=level)).when(a_placement()).moves == moves  # type: ignore[union-attr]


def test_what_is_sold_again_is_missed_only_once_no_more_may_be_backordered() -> None:
    short, backordered = (
        a_shop(an_order(), shirt={"stock": 3, "reserved": 0, "backorder": backorder}) for backorder in (0, 3)
    )
    for store in short, backordered:
        after(store, a_placement(), a_payment(), an_updated_refund("evt_2"))
        after(recounted(store, stock=0), FAILED)
    assert (status_in(short), shirts_in(short)) == ("refund_due", (0, 0))
    assert (status_in(backordered), shirts_in(backordered)) == ("finalized", (-3, 0))
