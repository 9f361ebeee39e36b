"""Folding in memory, with a clock that only moves in sleep."""

from dataclasses import replace
from datetime import datetime

from database.store import DocumentStore
from inventory.takings import Folded
from settlement.folding import RUN_SECONDS_MAX, Folding
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.settling import Clock, patience_of


def folding_on(
    store: MemoryStore, through: DocumentStore | None = None, *, clock: Clock | None = None, now: datetime = NOW
) -> Folding:
    """Folds the takings in this store.

    Args:
        through: the store it reads and writes with, if it is another one.
    """
    patience = replace(patience_of(clock or Clock()), total_seconds=RUN_SECONDS_MAX)
    return Folding(through or store, store.takings_after, patience, lambda: now)


def folded(store: MemoryStore, through: DocumentStore | None = None, *, now: datetime = NOW) -> Folded:
    return folding_on(store, through, now=now).fold()
