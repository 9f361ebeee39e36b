"""The lifecycle table, written a second time: no cell changes by accident."""

from itertools import product

import pytest

from orders.event_kinds import EventKind
from orders.lifecycle import TRANSITIONS, step_for
from orders.order import OrderStatus
from orders.steps import Step
from settlement.decide import DECIDED_BY
from settlement.matching import _ALREADY
from tests.support.one_of_each import ONE_OF_EACH_KIND

# Each row: what an event asks for in these statuses.
STATUSES = (
    "pending", "reserving", "reserved", "finalized", "partially_refunded", "refunded",
    "failed", "expired", "cancelled", "refund_due", "review", "unknown",
)  # fmt: skip
NO, DOWN = "nothing", "turn_down"
PAYS = (
    "hold", "confirm_hold", "take", *["record_money"] * 3,
    "hold", "hold", "hold", *["record_money"] * 2, "quarantine",
)  # fmt: skip
EXPECTED = {
    "order_placed": ("hold", "confirm_hold", NO, NO, NO, NO, NO, NO, NO, NO, NO, "refuse"),
    "payment_processing": ("hold", "confirm_hold", "extend_hold", NO, NO, NO, NO, NO, NO, NO, NO, NO),
    "payment_succeeded": PAYS,
    "payment_failed": (*["record_decline"] * 3, NO, NO, NO, *["record_decline"] * 3, NO, NO, NO),
    "payment_canceled": ("cancel", "cancel", "cancel", NO, NO, NO, NO, NO, NO, NO, NO, NO),
    "subscription_started": ["record_subscription"] * 12,
    "charge_refunded": PAYS,
    "refund_updated": (
        *["await_payment"] * 3, *["record_money"] * 3,
        *["await_payment"] * 3, *["record_money"] * 2, "await_payment",
    ),
    "dispute_changed": ["record_dispute"] * 12,
    "reservation_lapsed": (NO, NO, "expire", NO, NO, NO, NO, NO, NO, NO, NO, NO),
    "cancel_requested": (
        "cancel", "cancel", "cancel", "record_cancel_request", "record_cancel_request", NO,
        *["record_cancel_request"] * 5, NO,
    ),
    "checkout_opened": (NO, NO, "open_checkout", NO, NO, NO, NO, NO, NO, NO, NO, NO),
    "checkout_ended": (NO, NO, *["end_checkout"] * 4, NO, NO, NO, *["end_checkout"] * 2, NO),
    "operator_accepted": (DOWN, DOWN, "accept", DOWN, DOWN, DOWN, *["accept"] * 5, DOWN),
    "operator_refunded": (DOWN, DOWN, DOWN, *["send_back"] * 3, DOWN, DOWN, DOWN, "send_back", "send_back", DOWN),
    "operator_released": (DOWN, "release", "release", *[DOWN] * 9),
    "operator_extended": (DOWN, DOWN, "prolong", *[DOWN] * 9),
    "operator_cancelled": (*["cancel"] * 3, *[DOWN] * 9),
}  # fmt: skip


def test_every_event_has_a_step_in_every_status() -> None:
    assert set(TRANSITIONS) == set(product(OrderStatus, EventKind))


def test_the_expectations_name_every_status_and_every_event() -> None:
    assert (set(STATUSES), set(EXPECTED)) == (set(OrderStatus), set(EventKind))


@pytest.mark.parametrize("kind", EventKind)
def test_what_an_event_asks_for(kind: EventKind) -> None:
    asked = {status: step_for(OrderStatus(status), kind) for status in STATUSES}
    assert asked == dict(zip(STATUSES, EXPECTED[kind], strict=True))


@pytest.mark.parametrize("step", [Step.TAKE, Step.QUARANTINE])
def test_only_what_says_that_money_came_takes_stock_or_is_quarantined(step: Step) -> None:
    asking = {kind for (_, kind), asked in TRANSITIONS.items() if asked is step}
    assert asking == {"payment_succeeded", "charge_refunded"}


def test_a_hold_is_given_back_only_while_there_is_one_to_give_back() -> None:
    releasing = {
        status for (status, _), step in TRANSITIONS.items() if step in (Step.EXPIRE, Step.CANCEL, Step.RELEASE)
    }
    assert releasing == {"pending", "reserving", "reserved"}


def test_an_event_of_each_kind_says_which_it_is() -> None:
    assert {kind: event.kind for kind, event in ONE_OF_EACH_KIND.items()} == {kind: kind for kind in EventKind}


def test_every_step_is_decided() -> None:
    assert set(DECIDED_BY) == set(Step)


def test_an_event_without_any_effect_has_a_result_that_says_so() -> None:
    of_the_shop = (
        *(EventKind.ORDER_PLACED, EventKind.RESERVATION_LAPSED),
        *(EventKind.CHECKOUT_OPENED, EventKind.CHECKOUT_ENDED),
    )
    quiet = {status for (status, kind), step in TRANSITIONS.items() if step is Step.NOTHING and kind not in of_the_shop}
    assert set(_ALREADY) == quiet


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[OrderStatus.PENDING, EventKind.ORDER_PLACED] = Step.NOTHING  # type: ignore[index]
