"""Shows that the simulation notices what a broken shop does wrong."""

from collections.abc import Callable
from typing import NamedTuple

from database.store import Create, Delete, Update, Write
from tests.proofs.simulation.drawing import history_from
from tests.proofs.simulation.history import History
from tests.proofs.simulation.simulation import complaints_about
from tests.support.memory_store import MemoryStore

CAUGHT_WITHIN = 1_000
"""The most histories until one shows the defect."""


class Break(NamedTuple):
    """A part of the shop, and its broken replacement."""

    where: object
    name: str
    instead: object
    first_seed: int = 0
    complaint: str = ""
    drawn: Callable[[int], History] = history_from


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
