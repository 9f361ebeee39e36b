"""What a run has begun, the next one finishes, whatever ended it: a crash, a bug, a refusal, or the time limit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from orders.outcome import StoreUnavailable
from reconciliation.job import RUN_SECONDS_MAX
from stripe_api.api import StripeRefused
from tests.support.builders import NOW
from tests.support.interference import before_each_commit, failing_after
from tests.support.memory_store import MemoryStore
from tests.support.reconciled_day import a_day_at, nothing, outcome_in
from tests.support.reconciling import ShopAtStripe, answer_to, before_settling, status_of
from tests.support.shop import document_at, shirts_in, status_in


class Crash(BaseException):
    """The process dies."""


def test_a_run_that_dies_anywhere_is_finished_by_the_next() -> None:
    told = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    told.reconcile()
    dies_at, is_alive = 0, True
    while is_alive:
        shop = a_day_at(ShopAtStripe(), nothing)
        is_alive = dies(shop, after=dies_at)
        dies_at += 2
        shop.reconcile()
        assert outcome_in(shop) == outcome_in(told)
        shop.later(hours=1)
        shop.reconcile()
        assert shop.open_findings() == []
        assert document_at(shop.store, "baselines/shirt")["stock"] == shirts_in(shop.store)[0]
    assert dies_at > 20


def dies(shop: ShopAtStripe, *, after: int) -> bool:
    """Whether a run that dies after this many writes reaches that point."""
    try:
        with before_each_commit(shop.store, failing_after(after, Crash())):
            shop.reconcile()
    except Crash:
        return True
    return False


def test_what_a_fault_of_ours_leaves_is_come_back_to_and_stops_nothing_else() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    poisoned = shop.account.events[3]["id"]

    def fail(event: Any) -> None:
        if event.event_id == poisoned:
            raise ZeroDivisionError

    reconciled = before_settling(shop.job(), fail).run()
    assert reconciled.faults == 1
    assert [line["eventId"] for line in shop.logged("fault")] == [poisoned]
    assert sum(reconciled.settled.values()) == reconciled.events - 1
    # Days later, it is settled.
    shop.later(days=3)
    assert sum(shop.reconcile().settled.values()) == 1


def test_a_run_ends_in_time_also_behind_a_fault_of_ours() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.later(days=20)

    def fail(_event: Any) -> None:
        shop.clock.sleep(50)
        raise ZeroDivisionError

    started = shop.clock.seconds
    run = before_settling(shop.job(), fail).run(NOW)
    assert (run.complete, 0 < run.faults < len(shop.account.events)) == (False, True)
    assert shop.clock.seconds - started < RUN_SECONDS_MAX


def test_a_database_that_takes_no_part_ends_the_run_and_the_next_one_goes_on() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    job, down = shop.job(), MemoryStore()

    def read(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("down")

    down.read = read  # type: ignore[method-assign]
    error = "the reconciliation did not finish; the next run continues"
    assert answer_to(replace(job, store=down)) == (503, {"error": error})
    assert shop.log.lines == [{"severity": "WARNING", "message": "StoreUnavailable: down", "result": "not_reconciled"}]
    status, answer = answer_to(job)
    assert (status, answer["orders"]) == (200, 1)
    assert status_of(replace(job, stripe=refusing)) == 500
    assert answer_to(job, method="GET")[0] == 405
    assert status_in(shop.store, "order-1") == "partially_refunded"


def refusing() -> Any:
    raise StripeRefused("The key may not list events.", "permission_error")


def test_a_run_whose_time_is_out_ends_and_says_so_and_the_next_one_goes_on_there() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.clock.per_look = 10
    assert not shop.reconcile().complete
    shop.clock.per_look = 0
    done: Any = document_at(shop.store, "reconciliations/stripe")["eventsUntil"]
    assert done < shop.now - timedelta(days=25)
    assert shop.reconcile().complete
    assert status_in(shop.store, "order-2") == "refunded"


def test_a_run_from_later_on_than_the_last_one_has_ended_leaves_no_gap_behind() -> None:
    shop = a_day_at(ShopAtStripe(), nothing)
    shop.reconcile(shop.now - timedelta(hours=1))
    assert status_in(shop.store, "order-1") == "reserved"
    shop.reconcile()
    assert status_in(shop.store, "order-1") == "partially_refunded"
    shop.later(hours=1)
    shop.reconcile(shop.now - timedelta(hours=3))
    noted: Any = document_at(shop.store, "reconciliations/stripe")
    assert shop.now - noted["eventsUntil"] == timedelta(minutes=5)
    assert shop.now - noted["matchedUntil"] == timedelta(minutes=70)


def test_without_a_key_it_is_said_that_stripe_was_not_asked() -> None:
    shop = ShopAtStripe()
    run = replace(shop.job(), stripe=None).run()
    assert (run.events, run.settled, run.waiting, run.stuck, run.payments, run.refunds) == (0, {}, 0, 0, 0, 0)
    said = [(line["severity"], line["result"], line.get("stripe")) for line in shop.log.lines]
    assert said == [("INFO", "not_configured", None), ("INFO", "reconciled", "no_key")]
