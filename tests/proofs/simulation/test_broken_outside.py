"""The simulation detects broken effects, marks, replays and sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from checkout import sessions, steps
from database.documents import recorder
from database.documents.effects import effect_from, given_up, over
from database.store import Committed, Create, Document, Update, Write
from effects import performing, refunding
from effects.attempt import Attempt
from effects.attempt import Ending as EndOfAttempt
from effects.effect import EffectState, StoredEffect
from effects.performing import Effects
from orders.checkout import Checkout, CheckoutState
from orders.operator_events import EffectRetried, RefundOrdered
from orders.order import Order
from orders.payments import Payment
from orders.refunds import Refund, Refunds
from settlement import checkouts, decide, marking, opening, outside, retrying, sending_back
from settlement.decisions import Adjustment, Case, Look
from settlement.setting_aside import Handling
from settlement.snapshot import Snapshot
from settlement.terms import AutoRefund
from tests.proofs.simulation.catching import assert_caught
from tests.proofs.simulation.workers import Worker
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore

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


def test_it_catches_what_went_back_elsewhere_by_mistake_and_counts_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def also_mistakes(refunds: Refunds, payment: Payment) -> tuple[Refund, ...]:
        return tuple(each for each in refunds.refunds_of(payment) if each.is_elsewhere)

    monkeypatch.setattr(Refunds, "elsewhere_of", also_mistakes)
    assert_caught(first_seed=330, complaint="is recorded, and it can be one of")


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
    monkeypatch.setattr(sessions, "key_of", lambda order_id, attempt, _: f"{order_id}_{attempt}_{next(calls)}")
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


def test_it_catches_a_session_that_is_believed_although_it_is_not_the_orders_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own_checkout(case: Case) -> Checkout | None:
        return case.snapshot.checkout.checkout if case.snapshot.checkout else None

    monkeypatch.setattr(checkouts, "own_checkout", own_checkout)
    assert_caught(first_seed=140)


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
