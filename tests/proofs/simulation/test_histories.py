"""The simulation finds nothing wrong with the shop, and shrinks a failing history until a person can follow it."""

import pytest

from inventory.stock import release
from orders.order import OrderStatus
from reconciliation.registry import RULES
from settlement import ending
from tests.proofs.simulation.catching import CAUGHT_WITHIN
from tests.proofs.simulation.drawing import crowd_from, history_from
from tests.proofs.simulation.history import Fault, History
from tests.proofs.simulation.shrinking import shrunk
from tests.proofs.simulation.simulation import complaints_about
from tests.proofs.simulation.tally import Tally
from triggers.sweep import Ending

SLICE = range(250, 400)
CROWDS = range(30)
SHRUNK_WITHIN = 600
"""The most tries until it is short enough to read."""
READABLE = 25
"""Arrivals and turns, together, that a person can follow."""


def fails(history: History) -> bool:
    return bool(complaints_about(history))


def test_every_promise_is_kept_in_every_history_and_much_happens_in_them() -> None:
    tally = Tally()
    failed = {seed: found for seed in SLICE if (found := complaints_about(history_from(seed), tally))}
    assert failed == {}
    assert tally.faults.keys() == set(Fault)
    assert tally.statuses.keys() >= set(OrderStatus) - _ON_THE_WAY
    assert tally.parked.keys() == {"order_not_found", "payment_not_found"}
    assert tally.swept.keys() == set(Ending) - {Ending.FAULT}
    assert tally.side_by_side
    assert tally.effects.keys() >= {f"{kind} {state}" for kind in CHANNELS for state in ("SUCCESS", "ERROR")}
    assert tally.sessions.keys() == {"complete", "expired"}
    assert tally.calls.keys() >= {"shown", "ending", "cancelled", "finalized"}
    assert {result for event, result in tally.results if event in ACTS} >= DONE_BY_HAND
    assert {result for event, result in tally.results if event == "EventReplayed"} > {"not_replayed"}
    assert tally.folded["orders"]
    # In the end no effect is due any more, and all is taken; and what only a run of reconciliation meets, no shop has.
    assert tally.compared.keys() == {rule.looks_at.__name__ for rule in RULES} - OF_NO_SHOP - OF_RUNS


OF_NO_SHOP = {"EffectRecord", "TakingRecord"}
OF_RUNS = {"EventToSettle", "ToCompare", "KeyInUse"}
CHANNELS = ("mail", "sms", "chat", "stripe_refund")
ACTS = (
    *("StockAdjusted", "OrderAccepted", "OrderCancelled", "HoldReleased", "HoldProlonged", "RefundOrdered"),
    *("EventReplayed", "MarkedAsHandled", "EffectRetried"),
)
DONE_BY_HAND = {
    *("stock_adjusted", "not_adjusted", "accepted", "not_accepted", "cancelled", "not_cancelled"),
    *("not_released", "hold_extended", "not_extended", "refund_ordered", "not_refunded", "refunded"),
    *("not_replayed", "handled", "not_handled", "not_retried"),
}
_ON_THE_WAY = {OrderStatus.PENDING, OrderStatus.RESERVING, OrderStatus.RESERVED, OrderStatus.UNKNOWN}


def test_every_promise_is_kept_where_holds_of_several_orders_become_one_commit() -> None:
    tally = Tally()
    assert {seed: found for seed in CROWDS if (found := complaints_about(crowd_from(seed), tally))} == {}
    assert tally.grouped >= 3


def test_a_seed_plays_the_same_history_each_time() -> None:
    assert [trace_of(seed) for seed in range(5)] == [trace_of(seed) for seed in range(5)]


def trace_of(seed: int) -> list[str]:
    trace: list[str] = []
    complaints_about(history_from(seed), trace=trace)
    return trace


def test_a_long_history_that_fails_is_shrunk_to_a_consistent_one_that_a_person_can_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "release", lambda lines: 2 * release(lines))
    long = (history for history in map(history_from, range(CAUGHT_WITHIN)) if length_of(history) > 2 * READABLE)
    history = next(filter(fails, long))
    least = shrunk(history, fails, tries_max=SHRUNK_WITHIN)
    assert fails(least)
    assert length_of(least) <= READABLE
    assert all(scenario.is_consistent for scenario in least.scenarios)
    assert events_in(least) <= events_in(history)


def length_of(history: History) -> int:
    return len(history.arrivals) + len(history.turns)


def events_in(history: History) -> set[tuple[str, str]]:
    return {(scenario.order_id, event_id) for scenario in history.scenarios for event_id in scenario.events}
