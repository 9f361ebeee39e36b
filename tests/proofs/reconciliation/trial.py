"""The cost of reconciling a shop with many paid orders, on Firestore or generated in this process."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from google.cloud import firestore

from database.connection import connect
from database.firestore_store import FirestoreStore
from database.moments import FirestoreMoments
from database.store import DocumentStore, Fields, Moment
from orders.events import Cause
from orders.outcome import Outcome
from reconciliation.job import RUN_SECONDS_MAX, Reconciliation
from reconciliation.reconciled import Reconciled
from tests.proofs.reconciliation.paid_orders import AtStripe, MadeUpStore, PaidOrders
from tests.support.builders import NOW
from tests.support.dated_moment import DatedMoment
from tests.support.emulated_shop import write_all
from tests.support.recording import silent
from webhooks.ownership import Naming

ORDERS_AT_ONCE: Final = 60

Peak = Callable[[], AbstractContextManager[Callable[[], int]]]
"""Measures memory while open. Yields a function that returns the peak in bytes."""


@dataclass(frozen=True, slots=True)
class Figures:
    runs: Sequence[Reconciled]
    """Each continued where the one before ended; the last came to the end."""
    peak_bytes: int
    """The peak of their own memory."""

    @property
    def orders(self) -> int:
        """Each has one payment; some are read twice, if a run ended in between."""
        return sum(run.payments for run in self.runs)

    def __str__(self) -> str:
        seconds = sum(run.seconds for run in self.runs)
        longest = max(run.seconds for run in self.runs)
        return (
            f"{self.orders} orders in {seconds:.1f} s: {self.orders / seconds:.0f} a second, "
            f"in {len(self.runs)} runs of {longest:.0f} s at most, {self.peak_bytes / 2**20:.1f} MiB at most"
        )


def measured_on(
    client: firestore.Client, paid: PaidOrders, peak: Peak, seconds_max: float = RUN_SECONDS_MAX
) -> Figures:
    """Reconcile them on Firestore, without waiting for Stripe's rate.

    Args:
        seconds_max: the time limit of a run.
    """
    _fill(client, paid)
    connection = connect(client.project)
    moments = FirestoreMoments(connection)
    job = _job(paid, FirestoreStore(connection), lambda: DatedMoment(moments.now(), _end_of(paid)), seconds_max)
    return _measured(job, peak)


def measured_in_process(paid: PaidOrders, peak: Peak, seconds_max: float = RUN_SECONDS_MAX) -> Figures:
    """Reconcile them without a database, to measure the service's own share."""
    store = MadeUpStore(paid)
    return _measured(_job(paid, store, lambda: store.as_of(_end_of(paid)), seconds_max), peak)


def _measured(job: Reconciliation, peak: Peak) -> Figures:
    with peak() as peak_bytes:
        runs = [job.run()]
        while not runs[-1].complete:
            runs.append(job.run())
        return Figures(runs, peak_bytes())


def _job(paid: PaidOrders, store: DocumentStore, moment: Callable[[], Moment], seconds_max: float) -> Reconciliation:
    return Reconciliation(
        stripe=lambda: AtStripe(paid),
        store=store,
        moment=moment,
        settle=_nothing_is_missing,
        naming=Naming(),
        log=silent,
        now=lambda: _end_of(paid),
        monotonic=time.perf_counter,
        sleep=lambda _: None,
        seconds_max=seconds_max,
    )


def _end_of(paid: PaidOrders) -> datetime:
    return NOW + paid.orders * paid.between + timedelta(hours=2)


def _nothing_is_missing(event: Cause, _now: datetime) -> Outcome:
    raise AssertionError(f"{event.event_id} was settled long ago")


def _fill(client: firestore.Client, paid: PaidOrders) -> None:
    write_all(client, {"inventory/shirt": {"stock": 10, "reserved": 0}})
    for first in range(0, paid.orders, ORDERS_AT_ONCE):
        documents: dict[str, Fields] = {}
        for number in range(first, min(first + ORDERS_AT_ONCE, paid.orders)):
            documents |= paid.documents(number)
        write_all(client, documents)


# --- Memory ----------------------------------------------------------------------------------------------------------


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Everything that Python allocates. Measuring takes longer than the work."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextmanager
def resident() -> Iterator[Callable[[], int]]:
    """The peak growth of the process. Takes no time, but needs Linux.

    https://docs.kernel.org/filesystems/proc.html: `clear_refs`
    """
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    yield lambda: _status("VmHWM") - before


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
