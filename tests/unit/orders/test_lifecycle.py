"""The lifecycle table, written out a second time: a cell changes only when somebody means it."""

from itertools import product

import pytest

from orders.events import EventKind
from orders.lifecycle import TRANSITIONS, Step, step_for
from orders.order import OrderStatus
from settlement.steps import _ALREADY, PLAN_FOR
from tests.builders import a_payment, a_placement

# status: when the order is placed, when it is paid
EXPECTED = {
    "pending": ("hold", "hold"),
    "reserving": ("confirm_hold", "confirm_hold"),
    "reserved": ("nothing", "take"),
    "finalized": ("nothing", "nothing"),
    "partially_refunded": ("nothing", "nothing"),
    "refunded": ("nothing", "nothing"),
    "failed": ("nothing", "hold"),
    "expired": ("nothing", "hold"),
    "cancelled": ("nothing", "hold"),
    "refund_due": ("nothing", "nothing"),
    "review": ("nothing", "nothing"),
    "unknown": ("refuse", "quarantine"),
}


def test_every_event_has_a_step_in_every_status() -> None:
    assert set(TRANSITIONS) == set(product(OrderStatus, EventKind))


def test_the_expectations_name_every_status() -> None:
    assert set(EXPECTED) == set(OrderStatus)


@pytest.mark.parametrize(("status", "steps"), EXPECTED.items(), ids=EXPECTED)
def test_what_an_event_asks_for(status: str, steps: tuple[str, str]) -> None:
    placed, paid = steps
    assert step_for(OrderStatus(status), a_placement().kind) == placed
    assert step_for(OrderStatus(status), a_payment().kind) == paid


def test_only_payments_take_stock_or_are_quarantined() -> None:
    for (_, kind), step in TRANSITIONS.items():
        if step in (Step.TAKE, Step.QUARANTINE):
            assert kind is EventKind.PAYMENT_SUCCEEDED


def test_every_step_has_a_plan() -> None:
    assert set(PLAN_FOR) == set(Step)


def test_a_payment_that_changes_nothing_has_a_word_for_it() -> None:
    quiet = {status for status in OrderStatus if step_for(status, EventKind.PAYMENT_SUCCEEDED) is Step.NOTHING}
    assert set(_ALREADY) == quiet


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[OrderStatus.PENDING, EventKind.ORDER_PLACED] = Step.NOTHING  # type: ignore[index]
