"""The simulation finds nothing wrong with the shop, and finds out what is wrong with a broken one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from audit.chain import Head
from checkout import sessions, steps
from database import grouping, groups
from database.documents import anchors, recorder, takings
from database.documents.audit_heads import head_from
from database.documents.effects import effect_from, given_up, over
from database.documents.wanted import after_hold
from database.grouping import GroupingStore, Lanes
from database.groups import Joinable
from database.store import Committed, Create, Delete, Document, Update, Write
from effects import performing, refunding
from effects.attempt import Attempt
from effects.attempt import Ending as EndOfAttempt
from effects.effect import EffectState, StoredEffect
from effects.performing import Effects
from inventory.stock import Level, release, take
from inventory.takings import Folded
from orders.checkout import Checkout, CheckoutState
from orders.event_kinds import EventKind
from orders.lifecycle import step_for
from orders.money import Money
from orders.operator_events import EffectRetried, OperatorEvent, RefundOrdered, StockAdjusted
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments
from orders.refunds import Refund, Refunds
from orders.shop_events import ReservationLapsed
from orders.steps import Step
from reconciliation.registry import RULES
from settlement import (
    adjusting,
    checkouts,
    decide,
    ending,
    folding,
    holding,
    marking,
    opening,
    operating,
    outside,
    paying,
    retrying,
    sending_back,
    setting_aside,
    settle,
)
from settlement.decisions import Adjustment, Case, Look, Proposal
from settlement.setting_aside import Handling
from settlement.snapshot import Snapshot
from settlement.terms import AutoRefund
from tests.proofs.simulation.drawing import crowd_from, history_from
from tests.proofs.simulation.history import Fault, History
from tests.proofs.simulation.shrinking import shrunk
from tests.proofs.simulation.simulation import complaints_about
from tests.proofs.simulation.tally import Tally
from tests.proofs.simulation.workers import Worker
from tests.proofs.simulation.world import World
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from triggers.sweep import Ending, ReservationSweep

SLICE = range(250, 400)
CROWDS = range(30)
CAUGHT_WITHIN = 1_000
"""Histories at most, until one shows that the shop is broken."""
SHRUNK_WITHIN = 600
"""Tries at most, until it is short enough to read."""
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


# --- Broken shops ----------------------------------------------------------------------------------------------------


def test_it_catches_a_count_of_what_is_held_beside_figures_of_another_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    recounted = adjusting._recounted

    def inexact(event: StockAdjusted, level: Level, snapshot: Snapshot) -> Adjustment | Look:
        decided = recounted(event, level, snapshot)
        return decided if isinstance(decided, Look) else replace(decided, is_exact=False)

    monkeypatch.setattr(adjusting, "_recounted", inexact)
    assert_caught(first_seed=340, complaint="the inventory says")


def test_it_catches_a_store_that_overwrites_what_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryStore, "_check", checks_all_but(Update))
    assert_caught()


def test_it_catches_a_store_that_creates_what_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryStore, "_check", checks_all_but(Create))
    assert_caught(first_seed=25)


def test_it_catches_units_that_are_given_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "release", lambda lines: 2 * release(lines))
    assert_caught()


def test_it_catches_an_operator_who_takes_units_away_that_orders_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adjusting, "_why_too_few", lambda _level, _change, _to_take: None)
    assert_caught(first_seed=65, complaint="more is promised than is there")


def test_it_catches_an_operator_who_accepts_what_is_not_on_the_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating, "unavailable", lambda _units, _case: None)
    assert_caught(first_seed=240, complaint="more is promised than is there")


def test_it_catches_units_that_are_counted_of_what_is_never_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "counted_lines", property(lambda order: order.lines))
    assert_caught()


def test_it_catches_an_expiry_that_does_not_see_that_the_order_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    def expire_paid_orders_too(status: OrderStatus, kind: EventKind) -> Step:
        is_lapse_of_paid = (status, kind) == (OrderStatus.FINALIZED, EventKind.RESERVATION_LAPSED)
        return Step.EXPIRE if is_lapse_of_paid else step_for(status, kind)

    monkeypatch.setattr(decide, "step_for", expire_paid_orders_too)
    assert_caught(first_seed=8_190)


@pytest.mark.parametrize(("left_alone", "first_seed"), [("_expire", 20), ("_place", 25), ("_take_up", 1_500)])
def test_it_catches_a_sweep_that_leaves_something_alone(
    monkeypatch: pytest.MonkeyPatch, left_alone: str, first_seed: int
) -> None:
    monkeypatch.setattr(ReservationSweep, left_alone, lambda sweep, event: Ending.UNCHANGED)
    assert_caught(first_seed)


def test_it_catches_a_fault_that_the_sweep_only_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    expire = ReservationSweep._expire

    def expire_and_fail(sweep: ReservationSweep, lapsed: ReservationLapsed) -> Ending:
        expire(sweep, lapsed)
        raise ZeroDivisionError

    monkeypatch.setattr(ReservationSweep, "_expire", expire_and_fail)
    assert_caught()


def test_it_catches_an_end_that_cancels_an_order_whose_money_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payments, "under_way", ())
    assert_caught(first_seed=2_085)


def test_it_catches_a_hold_that_ends_before_its_voucher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payment, "holds_until", lambda payment, retry: None)
    assert_caught(first_seed=460)


def test_it_catches_a_wrong_payment_that_makes_the_right_one_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    paying = Payments.paying

    def only_the_first(payments: Payments, asked: Money | None) -> tuple[Payment, ...]:
        return paying(Payments.of(*payments.succeeded[:1]), asked)

    monkeypatch.setattr(Payments, "paying", only_the_first)
    assert_caught()


def test_it_catches_a_shop_that_does_not_ask_for_what_its_backend_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "asked", property(lambda order: order.total))
    assert_caught(first_seed=25)


def test_it_catches_a_reused_id_that_is_sold_for_old_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "_was_placed_before", lambda case: False)
    monkeypatch.setattr(decide, "of_earlier_order", lambda event, order, snapshot: None)
    assert_caught(first_seed=45)


def test_it_catches_a_shop_that_believes_what_another_account_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_aside, "is_of_other_account", lambda delivery, terms: False)
    assert_caught(first_seed=30)


def test_it_catches_a_lapse_that_is_taken_for_that_of_an_earlier_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_is_of_earlier_order", lambda event, order: False)
    assert_caught(first_seed=175)


def test_it_catches_a_refund_that_counts_before_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refund, "is_done", property(lambda refund: not refund.is_undone))
    assert_caught(first_seed=10)
    # After what an operator did, and beside Stripe's own refunds.
    assert_caught(first_seed=40, complaint="is recorded, and it can be one of")
    assert_caught(first_seed=40, complaint="refunds_differ: Stripe has refunded")


# --- Broken folds -----------------------------------------------------------------------------------------------------


def test_it_catches_a_fold_in_two_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Worker.commit

    def in_two(worker: Worker, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        deletes = [each for each in writes if isinstance(each, Delete)]
        if not deletes:
            return commit(worker, writes, timeout_seconds=timeout_seconds)
        commit(worker, [each for each in writes if each not in deletes], timeout_seconds=timeout_seconds)
        return commit(worker, deletes, timeout_seconds=timeout_seconds)

    monkeypatch.setattr(Worker, "commit", in_two)
    assert_caught(first_seed=35, complaint="are still to be taken, and the inventory says")


def test_it_catches_takings_that_are_deleted_whether_or_not_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    apply = MemoryStore._apply

    def delete_what_may_be_gone(store: MemoryStore, write: Write) -> None:
        if not isinstance(write, Delete) or store.get(write.path):
            apply(store, write)

    monkeypatch.setattr(MemoryStore, "_check", checks_all_but(Delete))
    monkeypatch.setattr(MemoryStore, "_apply", delete_what_may_be_gone)
    assert_caught(first_seed=110, complaint="are still to be taken, and the inventory says")


def test_it_catches_a_payment_that_takes_at_once_and_later_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(paid: Proposal) -> Proposal:
        return replace(paid, moves=take(paid.order.counted_lines), later=take(paid.order.lines_taken_later))

    monkeypatch.setattr(paying, "with_held_units", twice)
    assert_caught(first_seed=35, complaint="are still to be taken, and the inventory says")


def test_it_catches_a_fold_that_changes_what_can_still_be_sold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takings, "_amounts", lambda quantity, _fields: {"reserved": -quantity})
    assert_caught(first_seed=35, complaint="units gone is not what is there")


def test_it_catches_a_hold_that_is_judged_by_the_figures_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_stale_figures(snapshot: Snapshot, held: Order, committed: Committed) -> Snapshot:
        return replace(after_hold(snapshot, held, committed), products=snapshot.products)

    monkeypatch.setattr(settle, "after_hold", by_stale_figures)
    assert_caught(first_seed=1_590, complaint="more is promised than is there")


def test_it_catches_units_that_nobody_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding.Folding, "fold", lambda _folding: Folded())
    assert_caught(first_seed=35, complaint="still to be taken")


# --- Broken groups ----------------------------------------------------------------------------------------------------


def test_it_catches_a_group_whose_members_judge_by_the_figures_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def before_the_group(group: Sequence[Joinable], committed: Committed) -> tuple[Committed, ...]:
        answers = groups.answers_to(group, committed)
        return tuple(answer._replace(figures=answers[0].figures) for answer in answers)

    monkeypatch.setattr(grouping, "answers_to", before_the_group)
    assert_caught(80, "more is promised than is there", drawn=crowd_from)


def test_it_catches_a_group_in_which_two_write_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Joinable, "paths", frozenset[str]())
    monkeypatch.setattr(groups, "_answer", lambda commit, figures, committed, is_last: committed)
    assert_caught(complaint="orders hold", drawn=crowd_from)


def test_it_catches_a_lane_that_ends_with_the_thread_that_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(store: GroupingStore, lane: str, end: float) -> None:
        group = store._lanes.take_group(lane)
        store._send_group(group, end)
        store._lanes.end_group(group)

    monkeypatch.setattr(GroupingStore, "_send", send)
    assert_caught(125, "waits in its lane, and nobody is under way", drawn=crowd_from)


def test_it_catches_somebody_without_time_who_stays_in_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lanes, "leave", lambda lanes, member: None)
    assert_caught(330, "waits in its lane, and nobody is under way", drawn=crowd_from)


# --- Broken effects ---------------------------------------------------------------------------------------------------


def test_it_catches_effects_that_nobody_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(effects: Effects, stored: StoredEffect, payload: Mapping[str, object]) -> StoredEffect:
        return replace(stored, attempts=stored.attempts + 1, payload=payload)

    monkeypatch.setattr(Effects, "_leased", begun)
    assert_caught(first_seed=10, complaint="asked 2 times in 1 attempts")


def test_it_catches_a_lease_that_is_taken_although_somebody_else_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    check = MemoryStore._check

    def let_leases_pass(store: MemoryStore, write: Write) -> None:
        if not (isinstance(write, Update) and write.fields.get("state") == "PROCESSING"):
            check(store, write)

    monkeypatch.setattr(MemoryStore, "_check", let_leases_pass)
    assert_caught(first_seed=40, complaint="asked 2 times in 1 attempts")


def test_it_catches_another_key_in_each_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_other_key(effect_id: str, document: Document) -> StoredEffect | None:
        stored = effect_from(effect_id, document)
        return stored and replace(stored, effect=replace(stored.effect, key=f"{stored.effect.key}_{stored.attempts}"))

    monkeypatch.setattr(performing, "effect_from", with_other_key)
    assert_caught(first_seed=10, complaint="asked under more than one key")


def test_it_catches_other_words_in_each_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_payload(effect_id: str, document: Document) -> StoredEffect | None:
        stored = effect_from(effect_id, document)
        return stored and replace(stored, payload=None)

    monkeypatch.setattr(performing, "effect_from", without_payload)
    assert_caught(first_seed=10, complaint="asked in other words")


def test_it_catches_effects_that_are_over_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    perform = Effects._perform

    def end_first(effects: Effects, stored: StoredEffect) -> Attempt:
        done = Attempt(EndOfAttempt.DONE, stored)
        effects._end(done, over(stored, NOW + timedelta(days=90)))
        perform(effects, stored)
        return done

    monkeypatch.setattr(Effects, "_perform", end_first)
    assert_caught(first_seed=50, complaint="said to be done, and nobody was asked")


def test_it_catches_effects_that_are_not_in_the_commit_of_their_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Worker.commit

    def in_two_commits(worker: Worker, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        effects = [each for each in writes if isinstance(each, Create) and each.path.startswith("effects/")]
        committed = commit(worker, [each for each in writes if each not in effects], timeout_seconds=timeout_seconds)
        if effects:
            commit(worker, effects, timeout_seconds=timeout_seconds)
        return committed

    monkeypatch.setattr(Worker, "commit", in_two_commits)
    assert_caught(first_seed=50, complaint="never to be sent")


def test_it_catches_effects_that_are_given_up_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def silently(*asked: Any) -> tuple[Write, ...]:
        return given_up(*asked)[:1]

    monkeypatch.setattr(performing, "given_up", silently)
    assert_caught()


def test_it_catches_refunds_of_both_payments_if_it_turns_out_late_which_came_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outside, "_paying_but_due_back", lambda case, after: set())
    monkeypatch.setattr(refunding, "why_not_to_refund", lambda order, payment_id, auto_refund: None)
    assert_caught(first_seed=4_065, complaint="of its money is not sent back")


def test_it_catches_what_went_back_elsewhere_and_is_sent_back_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_if_none_had(parts: object, event: RefundOrdered, order: Order) -> object:
        return refunds_of(parts, event, replace(order, refunds=Refunds()))  # type: ignore[arg-type]

    refunds_of = sending_back._refunds_of
    monkeypatch.setattr(sending_back, "_refunds_of", as_if_none_had)
    assert_caught(first_seed=1_125, complaint="went back elsewhere, too")


def test_it_catches_a_part_that_goes_back_twice_because_stripe_has_forgotten_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(World, "refund_made_for", lambda *asked: None)
    assert_caught(first_seed=1_590, complaint="done more than once")


@pytest.mark.parametrize(("left_alone", "first_seed"), [(AutoRefund.EXTRAS, 375), (AutoRefund.ALL, 30)])
def test_it_catches_a_payment_that_is_due_back_and_is_not_refunded(
    monkeypatch: pytest.MonkeyPatch, left_alone: AutoRefund, first_seed: int
) -> None:
    due_back = outside._due_back

    def less(order: Order, auto_refund: AutoRefund) -> tuple[Payment, ...]:
        return due_back(order, AutoRefund.OFF if auto_refund is left_alone else auto_refund)

    monkeypatch.setattr(outside, "_due_back", less)
    assert_caught(first_seed, complaint="is due back, and nobody sends it")


# --- Broken marks and replays -----------------------------------------------------------------------------------------


def test_it_catches_a_mark_on_what_is_not_given_up_and_performed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    handle_effect = marking._handle_effect

    def handle_any(effect_id: str, snapshot: Snapshot) -> Adjustment:
        effect = snapshot.effect and replace(snapshot.effect, state=EffectState.ERROR)
        return handle_effect(effect_id, replace(snapshot, effect=effect))

    monkeypatch.setattr(marking, "_handle_effect", handle_any)
    assert_caught(first_seed=55, complaint="handled, and written again")


def test_it_catches_what_is_tried_again_although_it_was_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def retry_any(event: EffectRetried, snapshot: Snapshot) -> Adjustment | Look:
        effect = snapshot.effect and replace(snapshot.effect, state=EffectState.ERROR)
        return retrying.retry_effect(event, replace(snapshot, effect=effect))

    monkeypatch.setattr(decide, "retry_effect", retry_any)
    assert_caught(first_seed=20, complaint="and the shop got")


def test_it_catches_a_replay_that_nobody_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_asked", lambda event: event if isinstance(event, OperatorEvent) else None)
    assert_caught(first_seed=15, complaint="settled for somebody who is not answered")


def test_it_catches_an_order_that_takes_up_what_was_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    handled_by = {**decide._HANDLED_BY, Handling.SETTLE_IF_ASKED: decide._settle_after_all}
    monkeypatch.setattr(decide, "_HANDLED_BY", handled_by)
    assert_caught(first_seed=180, complaint="handled, and nobody has it replayed")


@pytest.mark.parametrize("left_out", ["auditLog/operator_", "auditLog/evt_"])
def test_it_catches_a_mark_that_is_not_on_record(monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    write = recorder._writes_for_adjustment

    def without_entry(*asked: Any) -> tuple[Write, ...]:
        return tuple(each for each in write(*asked) if not each.path.startswith(left_out))

    monkeypatch.setattr(recorder, "_writes_for_adjustment", without_entry)
    assert_caught(first_seed=15, complaint="and written is")


# --- Broken sessions --------------------------------------------------------------------------------------------------


def test_it_catches_another_key_in_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()
    monkeypatch.setattr(sessions, "key_of", lambda order_id, attempt: f"{order_id}_{attempt}_{next(calls)}")
    assert_caught(first_seed=140, complaint="a session is made while")


def test_it_catches_a_session_that_is_opened_beside_the_one_that_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def next_step(order: Order | None, latest: Checkout | None, *asked: Any) -> object:
        step = steps.next_step(order, latest, *asked)
        over = replace(latest, state=CheckoutState.EXPIRED) if latest and isinstance(step, steps.End) else latest
        return steps.next_step(order, over, *asked)

    why_not = opening._why_not
    monkeypatch.setattr(sessions, "next_step", next_step)
    monkeypatch.setattr(
        opening, "_why_not", lambda *asked: None if "open" in (why_not(*asked) or "") else why_not(*asked)
    )
    assert_caught(first_seed=530, complaint="a session is made while")


def test_it_catches_an_order_that_is_released_before_its_session_is_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_asking_stripe", lambda case, status: None)
    assert_caught(first_seed=85, complaint=" is open")


def test_it_catches_a_session_that_stays_open_beside_other_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "with_session_ended", lambda case, proposal: proposal)
    assert_caught(first_seed=720, complaint="finalized, and cs_")


def test_it_catches_a_session_that_is_believed_although_it_is_not_the_orders_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own_checkout(case: Case) -> Checkout | None:
        return case.snapshot.checkout.checkout if case.snapshot.checkout else None

    monkeypatch.setattr(checkouts, "own_checkout", own_checkout)
    assert_caught(first_seed=140)


def test_it_catches_an_entry_of_which_its_order_does_not_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "head_fields", lambda entry: {})
    assert_caught(complaint="not in the chain of")


def test_it_catches_an_order_that_learns_of_its_entry_in_another_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Worker.commit

    def swapped(worker: Worker, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        entry, *others = writes
        if not entry.path.startswith("auditLog/") or not isinstance(entry, Create) or "hash" not in entry.fields:
            return commit(worker, writes, timeout_seconds=timeout_seconds)
        committed = commit(worker, others, timeout_seconds=timeout_seconds)
        commit(worker, [entry], timeout_seconds=timeout_seconds)
        return committed

    monkeypatch.setattr(Worker, "commit", swapped)
    assert_caught(first_seed=20, complaint="the chain misses number")


def test_it_catches_an_anchor_of_what_is_in_no_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "head_from", lambda fields: head_from(fields) and Head(1, "0" * 64))
    assert_caught(complaint="anchored, and in its chain no more")


# --- How it is caught -------------------------------------------------------------------------------------------------


def checks_all_but(ignored: type[Create | Update | Delete]) -> Callable[[MemoryStore, Write], None]:
    check = MemoryStore._check

    def check_less(store: MemoryStore, write: Write) -> None:
        if not isinstance(write, ignored):
            check(store, write)

    return check_less


def assert_caught(first_seed: int = 0, complaint: str = "", *, drawn: Callable[[int], History] = history_from) -> None:
    """Soon, by any complaint or by this one.

    Where a bug shows only rarely, the search begins shortly before a seed that shows it.
    """
    seeds = range(first_seed, first_seed + CAUGHT_WITHIN)
    assert any(complaint in found for seed in seeds for found in complaints_about(drawn(seed)))


# --- Readable --------------------------------------------------------------------------------------------------------


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
