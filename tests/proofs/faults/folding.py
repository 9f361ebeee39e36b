"""More of the table: a process that folds loses an RPC or dies, and another folds after it."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from google.cloud import firestore

from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.queries import FirestoreQueries
from orders.outcome import Transient
from service.wiring import patience
from settlement.folding import Folding
from tests.proofs.faults.faulty_transport import Fault, FaultyTransport
from tests.proofs.faults.scenarios import PAID, SCENARIOS, SOLD, STOCK
from tests.proofs.faults.trial import DEATHS, PATIENCE_SECONDS, Cell, a_shop, die, settle
from tests.support.auditor import complaints, leftovers
from tests.support.builders import NOW
from tests.support.counted_rpcs import connected_through
from tests.support.emulated_shop import documents_in

NAME: Final = "a fold"
_SCENARIO: Final = SCENARIOS["a payment of what is hot"]


def cells(faults: Sequence[Fault]) -> Iterator[Cell]:
    """Every RPC of a fold, with each fault."""
    connection, transport = connected_through(FaultyTransport, a_shop_with_a_taking())
    folding_on(connection).fold()
    for number, rpc in enumerate(transport.names, start=1):
        yield from (Cell(NAME, number, rpc, fault) for fault in faults)


def wrong_in(cell: Cell) -> list[str]:
    """Everything wrong after the fault, and after another fold without one."""
    project = a_shop_with_a_taking()
    if cell.fault in DEATHS:
        die(_struck, (cell, project))
    else:
        _struck(cell, project)
    client = firestore.Client(project=project)
    wrong = [f"before the next fold: {complaint}" for complaint in complaints(documents_in(client), _STOCK)]
    folding_on(connect(project)).fold()
    documents: Mapping[str, Mapping[str, Any]] = documents_in(client)
    level = documents["inventory/shirt"]
    if (level["stock"], level["reserved"]) != SOLD:
        wrong.append(f"the inventory is {level}, and should be {SOLD}")
    return [*wrong, *complaints(documents, _STOCK), *leftovers(documents)]


def a_shop_with_a_taking() -> str:
    """A database with a paid order whose units are still to be taken."""
    project = a_shop(_SCENARIO)
    settle(_SCENARIO.terms, PAID, connect(project), delivery=0)
    return project


def folding_on(connection: Connection, seconds: float | None = None) -> Folding:
    queries = FirestoreQueries(firestore.Client(project=connection.project))
    how_long = patience() if seconds is None else patience(total_seconds=seconds)
    return Folding(FirestoreStore(connection), queries.takings_after, how_long, lambda: NOW)


def _struck(cell: Cell, project: str) -> None:
    """Fold while one of the RPCs fails."""
    connection, _ = connected_through(functools.partial(FaultyTransport, at=cell.rpc, fault=cell.fault), project)
    try:
        folding_on(connection, PATIENCE_SECONDS if cell.fault is Fault.OUTAGE else None).fold()
    except Transient:
        return


_STOCK: Final = {"shirt": STOCK}
