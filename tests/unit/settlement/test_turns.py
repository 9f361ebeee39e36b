"""Events of one order wait for each other within a process, for a limited time; others do not wait."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import pytest

from database.store import Committed, DocumentStore
from orders.events import Cause
from orders.outcome import Outcome, Result
from settlement.settle import Patience, settle
from settlement.turns import Call, InTurn, Turns, called
from tests.support.builders import NOW, TERMS, a_placement
from tests.support.interference import Commit, DisturbedStore
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import Clock, patience_of
from tests.support.shop import a_shop_after, complaints_in, status_in

PLACED, PAID = a_placement(), a_payment()
SECONDS_MAX = 10.0
"""More than any of these waits takes: a test that needs it fails."""


def nobody_waits(_call: Call, _seconds_max: float) -> bool:
    raise AssertionError("somebody waits")


def time_is_up(_call: Call, _seconds_max: float) -> bool:
    return False


@dataclass
class Waiting:
    """Waits like the service, but longer, and signals each wait."""

    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, call: Call, _seconds_max: float) -> bool:
        self.begun.release()
        assert called(call, SECONDS_MAX)
        return True

    def seen(self) -> bool:
        return self.begun.acquire(timeout=SECONDS_MAX)


def in_turn(store: DocumentStore, turns: Turns) -> InTurn:
    def settling(patience: Patience) -> Callable[..., Outcome]:
        return partial(settle, store=store, terms=TERMS, patience=patience)

    return InTurn(settling, patience_of(Clock()), turns)


# --- Who waits for whom -----------------------------------------------------------------------------------------------


def test_no_commit_is_refused_for_two_simultaneous_events_of_one_order() -> None:
    store, waiting = a_shop_after(PLACED), Waiting()

    def once_the_other_waits_or_is_done(commit: Commit) -> Committed:
        waiting.seen()
        return commit()

    disturbed = DisturbedStore(store, [once_the_other_waits_or_is_done])
    settle_in_turn = in_turn(disturbed, Turns(waiting))
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(settle_in_turn, a_payment(f"evt_{name}"), NOW) for name in ("charge", "intent")]
        for each in done:
            each.add_done_callback(lambda _: waiting.begun.release())
    assert {each.result().result for each in done} == {"first_time_finalized", "already_finalized"}
    assert disturbed.calls == ["read", "commit"] * 2
    assert complaints_in(store) == []


def test_other_orders_and_events_that_name_none_wait_for_nobody() -> None:
    turns = Turns(nobody_waits)
    with ExitStack() as all_at_once:
        for order_id in ("order-1", "order-2", None, None):
            all_at_once.enter_context(turns.turn(order_id, SECONDS_MAX))
        assert turns._waiting.keys() == {"order-1", "order-2"}
    assert not turns._waiting


def test_first_come_first_served() -> None:
    waiting, served = Waiting(), list[str]()
    turns = Turns(waiting)

    def be_served(name: str) -> None:
        with turns.turn("order-1", SECONDS_MAX):
            served.append(name)

    with ThreadPoolExecutor(3) as pool, turns.turn("order-1", SECONDS_MAX):
        done = []
        for name in ("second", "third", "fourth"):
            done.append(pool.submit(be_served, name))
            assert waiting.seen()
        assert served == []
    assert [each.exception() for each in done] == [None] * 3
    assert served == ["second", "third", "fourth"]
    assert not turns._waiting


def test_parked_events_are_settled_in_the_turn_of_the_payment_that_released_them() -> None:
    store = a_shop_after(PLACED, an_updated_refund("evt_refund"))
    turns = Turns(nobody_waits)
    assert in_turn(store, turns)(PAID, NOW).result == "first_time_finalized"
    assert status_in(store) == "refunded"
    assert not turns._waiting


# --- How a turn ends --------------------------------------------------------------------------------------------------


def test_an_event_that_waited_long_enough_goes_on_without_taking_a_turn() -> None:
    turns = Turns(time_is_up)
    with turns.turn("order-1", SECONDS_MAX):
        with turns.turn("order-1", SECONDS_MAX):
            pass
        assert turns._waiting.keys() == {"order-1"}
    assert not turns._waiting


def test_a_turn_that_comes_when_the_time_is_just_up_is_taken_and_passed_on() -> None:
    first = ExitStack()

    def called_too_late(_call: Call, _seconds_max: float) -> bool:
        first.close()
        return False

    turns = Turns(called_too_late)
    first.enter_context(turns.turn("order-1", SECONDS_MAX))
    with turns.turn("order-1", SECONDS_MAX):
        assert turns._waiting.keys() == {"order-1"}
    assert not turns._waiting


def test_an_error_ends_the_turn() -> None:
    turns = Turns(nobody_waits)
    with pytest.raises(ZeroDivisionError), turns.turn("order-1", SECONDS_MAX):
        raise ZeroDivisionError
    assert not turns._waiting


# --- How long ---------------------------------------------------------------------------------------------------------


def test_waiting_takes_at_most_a_quarter_of_the_patience_and_the_rest_is_left_to_settle() -> None:
    clock, given = Clock(), list[float]()

    def wait(_call: Call, seconds_max: float) -> bool:
        clock.sleep(seconds_max)
        return False

    def settling(patience: Patience) -> Callable[[Cause, object], Outcome]:
        given.append(patience.total_seconds)
        return lambda event, _now: Outcome(Result.ALREADY_FINALIZED, event.order_id)

    turns = Turns(wait)
    settle_in_turn = InTurn(settling, patience_of(clock), turns)
    settle_in_turn(PAID, NOW)
    with turns.turn("order-1", SECONDS_MAX):
        settle_in_turn(PAID, NOW)
    assert (given, clock.pauses) == ([8.0, 6.0], [2.0])


def test_the_service_itself_waits_by_the_clock() -> None:
    turns = Turns()
    with turns.turn("order-1", SECONDS_MAX), turns.turn("order-1", 0):
        assert turns._waiting == {"order-1": deque()}
