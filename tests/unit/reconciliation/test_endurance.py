"""A run ends in time: what it did is done, and the next run does the rest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from database.documents.reconciliations import Progress
from reconciliation import books
from reconciliation.finding import Finding
from reconciliation.guarding import Guard
from reconciliation.on_record import OrdersOnRecord
from reconciliation.progress import ProgressNotes, Walk
from reconciliation.reconciled import AtStripe, Reconciled
from reconciliation.time_limit import TimeLimit
from stripe_api.lists import Span
from tests.support.builders import NOW
from tests.support.memory_store import MemoryMoment
from tests.support.reconciling import (
    FUNCTION_SECONDS_MAX,
    ShopAtStripe,
    a_shop_with_paid_orders,
    before_settling,
    broken,
    opened_by,
    order_ids,
    payments_of,
    progress_of,
)


def is_matched(shop: ShopAtStripe, until: datetime) -> bool:
    noted = (shop.store.get("reconciliations/stripe") or {}).get("matchedUntil")
    return isinstance(noted, datetime) and noted >= until


def runs_until(is_enough: Callable[[], bool], shop: ShopAtStripe, *, per_look: float) -> Sequence[Reconciled]:
    """One run an hour, each of which ends in time."""
    shop.clock.per_look = per_look
    runs: list[Reconciled] = []
    while not is_enough():
        assert len(runs) < 60, "no run comes to the end"
        started = shop.clock.seconds
        runs.append(shop.reconcile())
        assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
        shop.later(hours=1)
    return runs


@pytest.mark.parametrize("what", ["refunds", "payments"])
def test_more_that_disagrees_in_one_second_than_a_run_can_look_at_is_found_by_several(what: str) -> None:
    shop = a_shop_with_paid_orders(25)
    for payment_id in payments_of(shop).values():
        shop.refund(payment_id, 100)
    if what == "payments":
        shop.deliver()
        for order_id in order_ids(25):
            shop.forget_payment(order_id)
    shop.lose_events()
    rule = "refunds_differ" if what == "refunds" else "paid_only_at_stripe"
    expected = {f"{rule}_{payment_id}" for payment_id in payments_of(shop).values()}
    runs = runs_until(lambda: expected <= set(shop.open_findings()), shop, per_look=2)
    assert len(runs) > 3


def test_what_several_runs_do_is_what_one_does_and_meanwhile_none_forgets_the_rest() -> None:
    whole, in_parts = ShopAtStripe(), ShopAtStripe()
    for shop in whole, in_parts:
        for order_id in order_ids(4):
            shop.refund(shop.buy(order_id, quantity=1), 100)
            shop.later(days=4)
        broken(shop.store, "inventory/shirt", reserved=9)
    whole.reconcile()
    behind = in_parts.now - timedelta(hours=2)
    first, *others = runs_until(lambda: is_matched(in_parts, behind), in_parts, per_look=6)
    assert others
    assert opened_by(first) == ["reserved_not_held_shirt"]
    assert {path: each["status"] for path, each in in_parts.documents().items() if "orders/" in path} == {
        f"orders/{order_id}": "partially_refunded" for order_id in order_ids(4)
    }
    assert in_parts.documents().keys() == whole.documents().keys()
    assert in_parts.open_findings() == whole.open_findings()


def test_nothing_is_found_wrong_that_a_later_run_has_yet_to_settle() -> None:
    shop = ShopAtStripe(stock=100)
    for order_id in order_ids(9):
        shop.buy(order_id, quantity=1)
        shop.later(minutes=1)
    shop.later(hours=3)
    first = before_settling(shop.job(), lambda _event: shop.clock.sleep(20)).run()
    assert (first.complete, first.opened, 0 < sum(first.settled.values()) < 27) == (False, (), True)


def test_a_trail_is_read_to_its_end_as_of_moments_that_are_not_too_old_and_what_has_one_time_as_of_one() -> None:
    shop = a_shop_with_paid_orders(4)
    for number in range(4, 10):
        shop.later(minutes=1)
        shop.sell(f"order-{number}")
    shop.later(hours=1)
    moments: list[MemoryMoment] = []

    def moment() -> MemoryMoment:
        moments.append(shop.store.as_of(shop.now))
        return moments[-1]

    limit = TimeLimit(shop.clock.monotonic, 40 * 60 * 60)
    guard, open_books = Guard(lambda: None, shop.log), books.Books(shop.store, shop.log, {})
    on_record = OrdersOnRecord(moment, open_books, guard, limit, lambda: shop.now)
    judged = []
    for until in on_record.judge_changed(Span(NOW, shop.now)):
        limit.check()
        judged.append(until)
        shop.clock.sleep(5 * 60)
    assert judged[-1] == NOW + timedelta(minutes=6)
    assert (len(judged), len(moments)) == (23, 4)


@pytest.mark.parametrize(("since", "is_noted"), [(None, True), (NOW, True), (NOW + timedelta(seconds=1), False)])
def test_how_far_a_run_has_come_is_noted_every_five_seconds_and_at_its_end_unless_it_leaves_a_gap(
    since: datetime | None, *, is_noted: bool
) -> None:
    shop, noted = ShopAtStripe(), list[datetime | None]()

    class Notes(ProgressNotes):
        def save(self, done: Progress) -> None:
            noted.append(done.events_until)

    def steps() -> Iterator[datetime]:
        for seconds in range(1, 6):
            shop.clock.sleep(2.5)
            yield NOW + timedelta(seconds=seconds)

    limit = TimeLimit(shop.clock.monotonic, 600)
    shop.clock.sleep(60)
    walk = Walk(Notes(shop.store), books.Books(shop.store, shop.log, {}), limit, since, NOW)
    walk.go(steps(), lambda until: Progress(events_until=until), since or NOW, NOW)
    assert noted == ([NOW + timedelta(seconds=seconds) for seconds in (2, 4, 5)] if is_noted else [])


@pytest.mark.parametrize(
    "unusual",
    [
        *({"at_stripe": AtStripe.REFUSED}, {"complete": False}, {"settled": {"refunded": 1}}, {"stuck": 1}),
        *({"faults": 1}, {"opened": (Finding("stock_off_trail", "shirt", None, "", ""),)}),
    ],
    ids=lambda unusual: next(iter(unusual)),
)
def test_a_run_is_as_usual_if_all_was_looked_at_and_nothing_was_to_be_done(unusual: Mapping[str, Any]) -> None:
    assert Reconciled().is_as_usual
    assert not Reconciled(**unusual).is_as_usual


def test_a_run_is_logged_and_answered_with_all_that_it_did() -> None:
    found = Finding("stock_off_trail", "shirt", None, "", "")
    names = ("events", "waiting", "stuck", "faults", "payments", "refunds", "orders", "products")
    counted: Any = {name: number for number, name in enumerate(names, start=1)}
    run: Any = {"settled": {"refunded": 9}, "opened": (found,), "closed": ("a",), "open": 2, "seconds": 3.0}
    assert Reconciled(**counted, **run).summary() == {
        **counted,
        "stripe": "asked",
        "settled": {"refunded": 9},
        "opened": ["stock_off_trail_shirt"],
        "closed": ["a"],
        "open": 2,
        "ordersPerSecond": 2.3,
        "complete": True,
    }
    assert Reconciled().summary()["ordersPerSecond"] == 0


def test_a_run_without_a_key_ends_in_time_too_and_what_it_had_no_time_for_is_no_finding() -> None:
    shop = a_shop_with_paid_orders(9)
    shop.later(hours=3)
    shop.clock.per_look, started = 30, shop.clock.seconds
    assert not replace(shop.job(), stripe=None).run().complete
    assert shop.clock.seconds - started < FUNCTION_SECONDS_MAX
    assert shop.open_findings() == []


def test_what_was_not_looked_at_for_longest_is_looked_at_first() -> None:
    shop = a_shop_with_paid_orders(3)
    shop.later(hours=3)
    shop.reconcile()
    expected = []
    for hours, payment_id in zip((2, 3, 1), payments_of(shop).values(), strict=True):
        found = {"rule": "paid_only_here", "target": payment_id, "orderId": "order-0", "state": "open", "since": NOW}
        finding_id = f"paid_only_here_{payment_id}"
        shop.store.put(f"findings/{finding_id}", {**found, "lastSeenAt": NOW + timedelta(hours=hours)})
        expected.append((hours, finding_id))
    assert shop.reconcile().closed == tuple(finding_id for _, finding_id in sorted(expected))


def test_a_job_that_stood_still_for_longer_than_stripe_keeps_events_goes_on() -> None:
    shop = a_shop_with_paid_orders()
    shop.later(hours=3)
    shop.reconcile()
    shop.later(days=40)
    shop.reconcile()
    progress = progress_of(shop)
    assert progress["eventsUntil"] == shop.now - timedelta(minutes=5)
    assert progress["reviewedUntil"] == shop.now - timedelta(days=3)
    assert progress["matchedUntil"] == progress["recordsUntil"] == shop.now - timedelta(minutes=70)


def test_where_there_is_no_room_for_a_finding_the_next_run_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_shop_with_paid_orders()
    for order_id in order_ids(3):
        shop.forget_payment(order_id)
    shop.later(hours=3)
    monkeypatch.setattr(books, "OPEN_MAX", 1)
    assert len(shop.reconcile().opened) == 1
    monkeypatch.undo()
    assert {finding.rule for finding in shop.reconcile().opened} >= {"paid_only_at_stripe"}
    found = {finding for finding in shop.open_findings() if finding.startswith("paid_only_at_stripe")}
    assert found == {f"paid_only_at_stripe_{payment_id}" for payment_id in payments_of(shop).values()}
