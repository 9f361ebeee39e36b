"""The simulation detects a shop that holds, sells, folds or groups wrongly."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from audit.chain import Head
from database import grouping, groups
from database.documents import anchors, recorder, takings
from database.documents.audit_heads import head_from
from database.documents.wanted import after_hold
from database.grouping import GroupingStore, Lanes
from database.groups import Joinable
from database.store import Committed, Create, Delete, Update, Write
from inventory.stock import Level, release, take
from inventory.takings import Folded
from orders.event_kinds import EventKind
from orders.lifecycle import step_for
from orders.money import Money
from orders.operator_events import OperatorEvent, StockAdjusted
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments
from orders.refunds import Refund
from orders.shop_events import ReservationLapsed
from orders.steps import Step
from settlement import adjusting, decide, ending, folding, holding, operating, paying, setting_aside, settle
from settlement.decisions import Adjustment, Look, Proposal
from settlement.snapshot import Snapshot
from tests.proofs.simulation.catching import Break, assert_caught, checks_all_but
from tests.proofs.simulation.drawing import crowd_from
from tests.proofs.simulation.workers import Worker
from tests.proofs.simulation.world import World
from tests.support.memory_store import MemoryStore
from triggers.sweep import Ending, ReservationSweep

# --- Broken shops ----------------------------------------------------------------------------------------------------


def test_it_catches_a_count_of_what_is_held_beside_figures_of_another_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    recounted = adjusting._recounted

    def inexact(event: StockAdjusted, level: Level, snapshot: Snapshot) -> Adjustment | Look:
        decided = recounted(event, level, snapshot)
        return decided if isinstance(decided, Look) else replace(decided, is_exact=False)

    monkeypatch.setattr(adjusting, "_recounted", inexact)
    assert_caught(first_seed=340, complaint="the inventory says")


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


def test_it_catches_a_wrong_payment_that_makes_the_right_one_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    paying = Payments.paying

    def only_the_first(payments: Payments, asked: Money | None) -> tuple[Payment, ...]:
        return paying(Payments.of(*payments.succeeded[:1]), asked)

    monkeypatch.setattr(Payments, "paying", only_the_first)
    assert_caught()


def test_it_catches_a_reused_id_that_is_sold_for_old_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "_was_placed_before", lambda case: False)
    monkeypatch.setattr(decide, "of_earlier_order", lambda event, order, snapshot: None)
    assert_caught(first_seed=45)


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


def test_it_catches_a_hold_that_is_judged_by_the_figures_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_stale_figures(snapshot: Snapshot, held: Order, committed: Committed) -> Snapshot:
        return replace(after_hold(snapshot, held, committed), products=snapshot.products)

    monkeypatch.setattr(settle, "after_hold", by_stale_figures)
    assert_caught(first_seed=1_590, complaint="more is promised than is there")


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


# --- One function broken ---------------------------------------------------------------------------------------------

BREAKS: Mapping[str, Break] = {
    "a store that overwrites what has changed": Break(MemoryStore, "_check", checks_all_but(Update)),
    "a store that creates what exists": Break(MemoryStore, "_check", checks_all_but(Create), 25),
    "units that are given back twice": Break(ending, "release", lambda lines: 2 * release(lines)),
    "an operator who takes units away that orders hold": Break(
        adjusting, "_why_too_few", lambda _level, _change, _to_take: None, 65, "more is promised than is there"
    ),
    "an operator who accepts what is not on the shelf": Break(
        operating, "unavailable", lambda _units, _case: None, 240, "more is promised than is there"
    ),
    "units that are counted of what is never short": Break(Order, "counted_lines", property(lambda order: order.lines)),
    "an end that cancels an order whose money is on its way": Break(Payments, "under_way", (), 2_085),
    "a hold that ends before its voucher": Break(Payment, "holds_until", lambda payment, retry: None, 460),
    "a shop that does not ask for what its backend adds": Break(
        Order, "asked", property(lambda order: order.total), 90
    ),
    "a shop that believes what another account says": Break(
        setting_aside, "is_of_other_account", lambda delivery, terms: False, 30
    ),
    "a lapse that is taken for that of an earlier order": Break(
        decide, "_is_of_earlier_order", lambda event, order: False, 175
    ),
    "a fold that changes what can still be sold": Break(
        takings, "_amounts", lambda quantity, _fields: {"reserved": -quantity}, 35, "units gone is not what is there"
    ),
    "units that nobody folds": Break(folding.Folding, "fold", lambda _folding: Folded(), 35, "still to be taken"),
    "somebody without time who stays in the lane": Break(
        Lanes, "leave", lambda lanes, member: None, 330, "waits in its lane, and nobody is under way", crowd_from
    ),
    "a part that goes back twice because stripe has forgotten its key": Break(
        World, "refund_made_for", lambda *asked: None, 1_590, "done more than once"
    ),
    "a replay that nobody is told of": Break(
        recorder,
        "asked_in",
        lambda event: event if isinstance(event, OperatorEvent) else None,
        15,
        "settled for somebody who is not answered",
    ),
    "an order that is released before its session is expired": Break(
        ending, "_asking_stripe", lambda case, status: None, 85, " is open"
    ),
    "a session that stays open beside other money": Break(
        decide, "with_session_ended", lambda case, proposal: proposal, 720, "finalized, and cs_"
    ),
    "an entry of which its order does not learn": Break(
        recorder, "head_fields", lambda entry: {}, 0, "not in the chain of"
    ),
    "an anchor of what is in no chain": Break(
        anchors,
        "head_from",
        lambda fields: head_from(fields) and Head(1, "0" * 64),
        0,
        "anchored, and in its chain no more",
    ),
}


@pytest.mark.parametrize("each", BREAKS.values(), ids=BREAKS)
def test_it_catches(each: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(each.where, each.name, each.instead)
    assert_caught(each.first_seed, each.complaint, drawn=each.drawn)
