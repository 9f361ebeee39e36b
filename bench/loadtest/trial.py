"""The load test, from asking for consent to its last deletion."""

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from google.cloud import firestore

from bench.figures import Figure, parts_in_words, table_of, write_json
from bench.loadtest.report import dollars_at_most, figures_of, parts_of
from bench.loadtest.rush import INSTANCES, Client, Instance, Load, Rush, Wait, rush
from bench.loadtest.shop import MARK, PRODUCTS, MarkedShop
from database.connection import Connection, connect
from database.ids import DEFAULT_DATABASE

Ask = Callable[[str], bool]


class NotRun(Exception):
    """The load test did not run, or left documents behind."""


@dataclass(frozen=True, slots=True)
class Trial:
    project: str
    load: Load
    may_begin: Ask
    """Asks the question; returns whether the answer was yes."""
    say: Callable[[str], None]
    figures_file: Path
    database: str = DEFAULT_DATABASE
    beside_a_shop: bool = False
    """Whether it may run in a database that holds more."""
    wait: Wait = wait

    def run(self) -> bool:
        """Whether every unit and every document adds up. However it ends, all that it wrote is deleted.

        Raises NotRun, Firestore's errors and the service's, and DefaultCredentialsError if nobody is signed in.
        """
        shop = self._shop()
        if shop.documents():
            raise NotRun("An earlier load test has left something, or another is running. CLEAN=1 deletes all of it.")
        if not (self.beside_a_shop or shop.is_alone()):
            raise NotRun(
                "A shop is in this database: its customers would feel the load, and see the products that are bought. "
                "Name a database of its own with ARGS='--database=...', or say FORCE=1."
            )
        self.say(self._plan)
        if not self.may_begin(f"Type {self.project} to begin"):
            raise NotRun("Nothing was written.")
        try:
            shop.stock_up()
            rushes = {phase: self._rush(phase, product_ids) for phase, product_ids in PRODUCTS.items()}
            figures = self._report(rushes, shop)
        finally:
            _clean(shop, self.say)
        return all(figure.verdict != "miss" for figure in figures)

    def clean(self) -> None:
        """Delete what an interrupted load test left behind. Raises what `run` does."""
        _clean(self._shop(), self.say)

    def _shop(self) -> MarkedShop:
        return MarkedShop(firestore.Client(project=self.project, database=self.database))

    @property
    def _plan(self) -> str:
        load, cents = self.load, ceil(100 * dollars_at_most(self.load))
        lines = (
            f"Load test of {self._place}.",
            f"{load.clients} customers at once buy one product, for {load.seconds} s or {load.orders_max:,} orders;",
            "and then many products, for as long or as many. Deleting takes a while more.",
            f"It costs up to ${cents / 100:.2f} at the list price in us-central1, and twice as much in nam5 and eur3;",
            "more if many tries are lost. Functions that are deployed beside this database run and cost, too.",
            f"It writes documents with {MARK} in their ids, deletes them, and touches no others.",
        )
        return "\n  ".join(lines)

    @property
    def _place(self) -> str:
        emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
        where = f" in the emulator at {emulator}" if emulator else ""
        return f"the database {self.database} of the project {self.project}{where}"

    def _rush(self, phase: str, product_ids: Sequence[str]) -> Rush:
        self.say(f"{phase} ...")
        names = [f"{MARK}{phase}-{number}" for number in range(self.load.clients)]
        instances = [Instance(self._connection()) for _ in names[:INSTANCES]]
        served = zip(itertools.cycle(instances), names, strict=False)
        clients = [Client(instance, self._connection(), name) for instance, name in served]
        return rush(clients, product_ids, self.load, self.wait)

    def _connection(self) -> Connection:
        return connect(self.project, self.database)

    def _report(self, rushes: dict[str, Rush], shop: MarkedShop) -> Sequence[Figure]:
        documents = shop.documents()
        figures, parts = figures_of(rushes, documents), parts_of(rushes, documents)
        described = f"{datetime.now(UTC):%Y-%m-%d}, {self._place}, {self.load.clients} clients"
        write_json(figures, parts, described, self.figures_file)
        self.say(f"\n  {described}\n\n{table_of(figures)}\n\nMade of\n\n{parts_in_words(parts)}\n")
        return figures


def _clean(shop: MarkedShop, say: Callable[[str], None]) -> None:
    """Raises NotRun: documents are left."""
    documents = shop.documents()
    say(f"Deleting {len(documents):,} documents; should this be interrupted, CLEAN=1 does the rest ...")
    shop.delete(documents)
    if left := shop.documents():
        raise NotRun(f"{len(left):,} documents are left, such as {next(iter(left))}. CLEAN=1 deletes them.")
    say("Nothing is left.")
