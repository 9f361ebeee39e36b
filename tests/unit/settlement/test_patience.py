"""How long settlement retries, and its pauses."""

import itertools
import random
from collections import deque
from collections.abc import Callable
from typing import NoReturn

import pytest

from orders.outcome import StoreContended, StoreUnavailable
from settlement.settle import Patience
from tests.support.builders import a_placement, an_order
from tests.support.interference import DisturbedStore, Interference, refused, someone_first, unanswered, undisturbed
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import Clock, patience_of, settled
from tests.support.shop import a_shop, a_shop_after, a_shop_with_a_hold, shirts_in, status_in

# --- Tries and pauses -------------------------------------------------------------------------------------------------


def pauses_of(tries: int, random: Callable[[], float] = lambda: 0.5) -> list[float]:
    clock = Clock()
    deque(itertools.islice(patience_of(clock, random).tries(), tries + 1))
    return clock.pauses


def test_the_first_try_comes_at_once_and_pauses_double_until_they_are_long_enough() -> None:
    assert pauses_of(0) == []
    assert pauses_of(8) == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.25]


def test_pauses_are_random_so_that_those_who_collided_part() -> None:
    pauses = pauses_of(12, random.Random(7).random)  # noqa: S311 - no secret
    assert len(set(pauses)) == 12
    assert all(0 <= pause <= 0.5 for pause in pauses)


def test_it_ends_when_eight_seconds_are_over_and_never_sleeps_past_its_end() -> None:
    clock, short = Clock(), Clock()
    assert sum(1 for _ in patience_of(clock).tries()) > 20
    assert 8.0 <= clock.seconds - Clock().seconds <= 8.0 + 0.5
    deque(Patience(short.monotonic, short.sleep, lambda: 1.0, total_seconds=0.02).tries())
    assert short.seconds - Clock().seconds <= 0.02 + 1e-9


def test_each_try_knows_how_much_time_is_left_and_names_a_positive_timeout_even_when_there_is_none() -> None:
    clock = Clock()
    seconds_left = next(patience_of(clock).tries())
    assert seconds_left() == 8.0
    clock.seconds += 3
    assert seconds_left() == 5.0
    clock.seconds += 60
    assert 0 < seconds_left() < 0.01


# --- While settling ---------------------------------------------------------------------------------------------------


ENDLESS = {
    "contention": ([refused] * 1_000, StoreContended, "refused"),
    "silence after contention": ([refused, *[unanswered] * 1_000], StoreUnavailable, "unanswered"),
}


@pytest.mark.parametrize(("commits", "error", "message"), ENDLESS.values(), ids=ENDLESS)
def test_it_gives_up_with_the_last_error_when_its_time_is_out(
    commits: list[Interference], error: type[Exception], message: str
) -> None:
    store, clock = a_shop_with_a_hold(), Clock()
    before, began = store.dump(), clock.seconds
    with pytest.raises(error, match=message):
        settled(a_payment(), DisturbedStore(store, commits), clock=clock)
    assert 8.0 <= clock.seconds - began <= 8.5
    assert store.dump() == before


def test_stock_that_others_keep_taking_is_contention_and_never_a_failed_order() -> None:
    store = a_shop(an_order(), stock=3)
    others_count = someone_first(lambda: store.put("inventory/shirt", {"stock": 3, "reserved": 1}))
    others_give_back = someone_first(lambda: store.put("inventory/shirt", {"stock": 3, "reserved": 3}))
    with pytest.raises(StoreContended):
        settled(a_placement(), DisturbedStore(store, [others_count, others_give_back] * 1_000))
    assert (status_in(store), shirts_in(store)) == ("pending", (3, 0))


def test_no_call_may_take_longer_than_the_time_that_is_left() -> None:
    contended = DisturbedStore(a_shop_with_a_hold(), [refused] * 1_000)
    with pytest.raises(StoreContended):
        settled(a_payment(), contended, clock=Clock(per_look=0.5))
    shop = a_shop_after(a_placement(), an_updated_refund("evt_refund"))
    releasing = DisturbedStore(shop, [*[refused] * 5, undisturbed])
    settled(a_payment(), releasing, clock=Clock(per_look=0.1))
    for store in (contended, releasing):
        assert all(0 < timeout <= 8 for timeout in store.timeouts)
        assert store.timeouts == sorted(store.timeouts, reverse=True)


def test_a_fault_is_raised_as_it_is_and_never_taken_for_contention() -> None:
    def fault(_commit: object) -> NoReturn:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settled(a_payment(), DisturbedStore(a_shop_with_a_hold(), [fault]))
