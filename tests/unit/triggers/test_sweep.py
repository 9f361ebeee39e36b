"""The scheduled sweep: the order of its queries and settlements, its end, and its report."""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from effects.attempt import OVER, Ending
from orders.events import OrderEvent
from orders.outcome import Result, StoreContended, StoreUnavailable
from tests.support.builders import NOW, a_cancel_request, a_lapse, a_placement
from tests.support.payments import a_payment
from tests.support.recording import a_log_line
from tests.support.sweeping import Batch, Shop, summary
from triggers.sweep import REQUESTED_WITHIN, RUN_SECONDS_MAX, STRANDED_AFTER, TAKEN_UP_WITHIN, THREADS, Pool

# --- What is settled, and in which order -----------------------------------------------------------------------------


def test_what_has_lapsed_is_expired_and_what_a_trigger_has_lost_is_done_and_then_what_is_due_outside() -> None:
    waiting = a_payment(order_id="order-3", is_replay=True)
    shop = Shop([["order-1"]], [["order-2"]], [[waiting]], [["order-4"]], [["request-1"]], [["effect-1"]])
    shop.swept()
    assert shop.asked[::2] == [
        ("lapsed", NOW),
        ("stranded", NOW - STRANDED_AFTER),
        ("parked", NOW - TAKEN_UP_WITHIN),
        ("unanswered", NOW - REQUESTED_WITHIN, NOW - STRANDED_AFTER),
        ("asked for", NOW - REQUESTED_WITHIN, NOW - STRANDED_AFTER),
        ("due", NOW),
    ]
    settled = [a_lapse("order-1"), a_placement("order-2", ()), waiting, a_cancel_request("order-4")]
    assert shop.asked[1::2] == [*settled, "request-1", "effect-1"]


def test_effects_are_counted_once_they_are_over_and_one_that_cannot_be_recorded_stops_no_other() -> None:
    endings = {"lost": StoreUnavailable("no answer"), "broken": ZeroDivisionError()}
    over, not_over = OVER, set(Ending) - OVER
    shop = Shop(due=[[*over, *not_over], [*endings, Ending.DONE]], endings=endings)
    assert shop.swept() == (500, summary(finished=4, unchanged=3, postponed=1, faults=1))
    assert [line.get("effectId") for line in shop.lines] == ["lost", "broken", None]


def test_orders_whose_ids_leave_no_room_for_audit_ids_are_left_alone_and_stop_nobody() -> None:
    ids = ["o" * 1_401, "order-2", "o" * 1_400]
    shop = Shop(stranded=[ids], unanswered=[ids])
    assert shop.swept() == (200, summary(finished=4))
    assert shop.asked[1:3] == [a_placement("order-2", ()), a_placement("o" * 1_400, ())]
    assert shop.asked[4:] == [a_cancel_request("order-2"), a_cancel_request("o" * 1_400)]


PARKED_ENDINGS: list[tuple[Result | Exception, str]] = [
    *((Result(settled), "finished") for settled in ("first_time_finalized", "refunded")),
    *((Result(waits), "unchanged") for waits in ("order_not_found", "payment_not_found", "duplicate_detected")),
    (StoreContended("order-1"), "postponed"),
]


@pytest.mark.parametrize(("ending", "counted"), PARKED_ENDINGS)
def test_a_parked_event_is_finished_once_it_waits_no_longer_and_not_logged_in_every_run_while_it_does(
    ending: Result | Exception, counted: str
) -> None:
    shop = Shop(parked=[[a_payment(is_replay=True)]], endings={"order-1": ending})
    assert shop.swept() == (200, summary(**{counted: 1}))
    assert [line.get("orderId") for line in shop.lines] == [*["order-1"] * (counted != "unchanged"), None]


@pytest.mark.parametrize(
    ("ending", "counted"),
    [
        *((Result(answer), "finished") for answer in ("cancelled", "cancel_request_recorded", "already_expired")),
        *((Result(unheard), "unchanged") for unheard in ("ignored", "already_recorded")),
        (StoreContended("order-1"), "postponed"),
    ],
)
def test_a_cancel_request_is_answered_once_and_one_that_is_not_heard_is_not_logged_in_every_run(
    ending: Result | Exception, counted: str
) -> None:
    shop = Shop(unanswered=[["order-1"]], endings={"order-1": ending})
    assert shop.swept() == (200, summary(**{counted: 1}))
    assert [line.get("orderId") for line in shop.lines] == [*["order-1"] * (counted != "unchanged"), None]


@pytest.mark.parametrize(
    ("ending", "counted", "said_of"),
    [
        (Result.ACCEPTED, "finished", "operator_asked-1"),
        (Result.NOT_ACCEPTED, "finished", "operator_asked-1"),
        (Result.REHEARSED, "finished", "operator_asked-1"),
        (Result.IGNORED, "unchanged", None),
        (StoreContended("order-1"), "postponed", "operator_asked-1"),
    ],
)
def test_an_operators_request_is_answered_whose_trigger_was_lost(
    ending: Result | Exception, counted: str, said_of: str | None
) -> None:
    shop = Shop(asked_for=[["__no id__", "asked-1"]], endings={"asked-1": ending})
    assert shop.swept() == (200, summary(**{counted: 1}))
    assert [line.get("eventId") for line in shop.lines] == [*([said_of] if said_of else []), None]


def test_the_orders_of_a_batch_are_settled_at_the_same_time() -> None:
    all_are_here = threading.Barrier(THREADS, timeout=10)
    batch = [f"order-{number}" for number in range(THREADS)]
    shop = Shop(lapsed=[batch], while_settling=all_are_here.wait)
    assert shop.swept() == (200, summary(expired=THREADS))


def test_one_run_settles_one_batch_after_the_other_in_one_pool_and_closes_it() -> None:
    shop = Shop(lapsed=[["order-1", "order-2"], ["order-3"]])

    @contextlib.contextmanager
    def pool() -> Iterator[Pool]:
        shop.asked.append("opened")
        with ThreadPoolExecutor(1) as one_by_one:
            yield one_by_one
        shop.asked.append("closed")

    assert replace(shop.sweep, pool=pool).sweep().complete
    settled = [a_lapse(f"order-{number}") for number in (1, 2, 3)]
    assert shop.asked == ["opened", ("lapsed", NOW), *settled[:2], ("lapsed", NOW), settled[2], "closed"]


def test_with_nothing_to_do_nothing_is_done() -> None:
    assert Shop().swept() == (200, summary())


# --- When it ends -----------------------------------------------------------------------------------------------------

IN_TIME = {
    # lapsed orders, stranded orders, seconds per order: how many expire
    "no batch is started once time is out": ([["order-1"], ["order-2"]], [["order-3"]], RUN_SECONDS_MAX, 1),
    "one that was started in time is settled to the end": ([["1"], ["2", "3", "4"], ["5"]], [], RUN_SECONDS_MAX - 1, 4),
    "time runs out for stranded orders too": ([["order-1"]], [["order-2"]], RUN_SECONDS_MAX, 1),
}


@pytest.mark.parametrize(("lapsed", "stranded", "order_seconds", "expired"), IN_TIME.values(), ids=IN_TIME)
def test_a_run_ends_with_the_batch_in_which_its_time_is_out_and_warns_of_what_is_left(
    lapsed: Sequence[Batch[str]], stranded: Sequence[Batch[str]], order_seconds: float, expired: int
) -> None:
    shop = Shop(lapsed, stranded, order_seconds=order_seconds)
    assert shop.swept() == (200, summary(expired=expired, complete=False))
    assert sum(isinstance(asked, OrderEvent) for asked in shop.asked) == expired
    assert shop.lines[-1]["severity"] == "WARNING"


# --- What it reports --------------------------------------------------------------------------------------------------

ENDINGS: Mapping[str, Result | Exception] = {
    "paid": Result.NOT_EXPIRED,
    "contended": StoreContended("contended"),
    "unanswered": StoreUnavailable("unanswered"),
    "short": Result.RESERVATION_FAILED,
    "placed": Result.ALREADY_PLACED,
    "open": Result.CHECKOUT_ENDING,
}


def test_every_order_is_counted_by_how_it_ended() -> None:
    lapsed = [["order-1", "order-2", "order-3", "paid"], ["contended"]]
    shop = Shop(lapsed, stranded=[["order-4", "short", "placed", "unanswered"]], endings=ENDINGS)
    expected = summary(expired=3, finished=2, unchanged=2, postponed=2)
    assert shop.swept() == (200, expected)
    swept = {"message": "reservations swept", "result": "swept", **expected}
    assert shop.lines[-1] == {"severity": "WARNING", **swept}


def test_an_order_whose_lapse_leads_to_something_else_leaves_a_line_too() -> None:
    shop = Shop(lapsed=[["open"]], endings=ENDINGS)
    assert shop.swept() == (200, summary(finished=1))
    assert shop.lines[0] == a_log_line(a_lapse("open"), "INFO", "checkout_ending", "checkout_ending")


def test_each_order_that_expired_leaves_a_line_and_a_run_that_did_everything_is_logged_as_routine() -> None:
    shop = Shop(lapsed=[["order-1", "paid"]], endings=ENDINGS)
    shop.swept()
    assert shop.lines[0] == a_log_line(a_lapse(), "INFO", "expired", "expired")
    assert [(line["severity"], line["result"]) for line in shop.lines[1:]] == [("INFO", "swept")]


def test_each_parked_event_that_was_settled_leaves_a_line_as_if_it_had_been_delivered() -> None:
    event = a_payment("evt_7", is_replay=True)
    shop = Shop(parked=[[event]], endings={"order-1": Result.REFUND_DUE})
    shop.swept()
    assert shop.lines[:-1] == [a_log_line(event, "WARNING", "refund_due", "refund_due")]
