"""A worker stops at every database call, in every thread, and continues only once it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from orders.outcome import StoreUnavailable
from tests.proofs.simulation.workers import BATCH_MAX, Thread, Work, Worker
from tests.support.builders import NOW, a_reserved_order
from tests.support.memory_store import MemoryStore


def started(work: Work, store: MemoryStore | None = None) -> Worker:
    worker = Worker(1, work, store or MemoryStore(), rpc_seconds=1.5)
    worker.start()
    return worker


@dataclass
class Reading:
    """Work that reads every document of one batch in the worker's threads."""

    batch: Sequence[str]
    done: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    seconds: float = 0

    def __call__(self, worker: Worker) -> None:
        def read(path: str) -> str:
            worker.read([path], timeout_seconds=1)
            self.done.append(path)
            return path.upper()

        self.results = worker.map(read, self.batch)
        self.seconds = worker.monotonic()


def asked(worker: Worker) -> list[str]:
    return [str(thread.rpc) for thread in worker.waiting]


def the_one_that_waits(worker: Worker) -> Thread:
    (thread,) = worker.waiting
    return thread


# --- Threads ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_worked_on_by_two_threads_and_whichever_is_free_takes_the_next() -> None:
    reading = Reading(["a", "b", "c"])
    worker = started(reading)
    assert asked(worker) == ["read a", "read b"]
    worker.answer(worker.waiting[1], {})
    assert asked(worker) == ["read a", "read c"]
    worker.answer(worker.waiting[0], {})
    worker.answer(the_one_that_waits(worker), {})
    assert worker.is_done
    assert reading.done == ["b", "a", "c"]
    assert reading.results == ["A", "B", "C"]


def test_threads_that_wait_at_the_same_time_do_not_use_up_each_others_patience() -> None:
    reading = Reading(["a", "b", "c"])
    worker = started(reading)
    while worker.waiting:
        worker.answer(worker.waiting[0], {})
    assert reading.seconds == 3.0


def test_a_process_that_dies_dies_in_all_its_threads() -> None:
    reading = Reading(["a", "b", "c"])
    worker = started(reading)
    worker.answer(worker.waiting[0], {})
    worker.die()
    assert worker.waiting == []
    assert not worker.is_done
    assert worker.error is None
    assert reading.done == ["a"]


def test_an_error_in_one_thread_is_raised_when_the_other_has_ended() -> None:
    reading = Reading(["a", "b"])
    worker = started(reading)
    error = StoreUnavailable("a")
    worker.fail(worker.waiting[0], error)
    assert asked(worker) == ["read b"]
    worker.answer(the_one_that_waits(worker), {})
    assert worker.error is error
    assert reading.done == ["b"]


def test_an_empty_batch_takes_no_thread() -> None:
    assert started(Reading([])).is_done


# --- Queries ---------------------------------------------------------------------------------------------------------


def test_what_is_due_is_queried_batch_by_batch_and_goes_on_after_the_last_that_was_found() -> None:
    store = MemoryStore()
    order_ids = [f"order-{number}" for number in range(BATCH_MAX + 2)]
    for number, order_id in enumerate(reversed(order_ids)):
        store.put(f"orders/{order_id}", a_reserved_order(reservationExpiresAt=NOW - timedelta(minutes=number)))
    found: list[str] = []

    def sweep(worker: Worker) -> None:
        for batch in worker.lapsed_orders(NOW):
            found.extend(batch)

    worker = started(sweep, store)
    for expected in (order_ids[:BATCH_MAX], order_ids[:-1], order_ids[:-1]):
        answer_truly(worker)
        # What was found is no longer due, and what was not becomes so only later.
        for order_id in found:
            store.put(f"orders/{order_id}", a_reserved_order(status="expired", reservationExpiresAt=NOW))
        store.put(f"orders/{order_ids[-1]}", a_reserved_order(reservationExpiresAt=NOW + timedelta(minutes=1)))
        assert found == expected
    assert worker.is_done


def answer_truly(worker: Worker) -> None:
    thread = the_one_that_waits(worker)
    assert thread.rpc
    worker.answer(thread, thread.rpc.do())
