"""One cell of the table: a scenario whose n-th RPC fails in one way, and its result after one more delivery."""

import functools
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from google.cloud import firestore

from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from orders.events import OrderEvent, StripeEvent
from orders.outcome import Transient
from service.wiring import patience, settling
from settlement.settle import Patience
from settlement.terms import Terms
from tests.proofs.faults.faulty_transport import Fault, FaultyTransport
from tests.proofs.faults.scenarios import SCENARIOS, STOCK, Scenario, time_of
from tests.support.auditor import complaints
from tests.support.counted_rpcs import connected_through
from tests.support.emulated_shop import a_database, documents_in, emptied, write_all
from tests.support.recording import silent

# No need to wait an outage out: the delivery only has to end in an error.
PATIENCE_SECONDS = 0.2
DEATHS = (Fault.DEATH_BEFORE, Fault.DEATH_AFTER)
_DEATH_SECONDS_MAX = 60

_starting = multiprocessing.get_context("forkserver")
_starting.set_forkserver_preload(["tests.proofs.faults.performing"])


@dataclass(frozen=True)
class Cell:
    scenario: str
    rpc: int
    """Counted from 1."""
    name: str
    """The RPC's name."""
    fault: Fault

    def __str__(self) -> str:
        return f"{self.scenario}, {self.rpc}. {self.name}, {self.fault}"


def cells(faults: Sequence[Fault], scenarios: Iterable[str] = SCENARIOS) -> Iterator[Cell]:
    """Every RPC of each scenario, counted in a run without faults, with each fault."""
    for name in scenarios:
        for number, rpc in enumerate(_rpcs_of(name), start=1):
            yield from (Cell(name, number, rpc, fault) for fault in faults)


def wrong_in(cell: Cell) -> list[str]:
    """Everything wrong after the fault and one more delivery without one."""
    scenario = SCENARIOS[cell.scenario]
    project = a_shop(scenario)
    if cell.fault in DEATHS:
        die(_strike, (cell, project))
    else:
        _strike(cell, project)
    client = firestore.Client(project=project)
    after_the_fault = documents_in(client)
    settle(scenario.terms, scenario.event, connect(project), delivery=2)
    documents = documents_in(client)
    return [*_wrong_halfway(after_the_fault), *_wrong_at_the_end(scenario, documents)]


@functools.cache
def _rpcs_of(name: str) -> list[str]:
    scenario = SCENARIOS[name]
    connection, transport = connected_through(FaultyTransport, a_shop(scenario))
    # No fault here; the first query of all may take longer than an outage needs to last.
    settle(scenario.terms, scenario.event, connection, delivery=2)
    return transport.names


def a_shop(scenario: Scenario) -> str:
    """The cells' database, in which only the events before have been settled."""
    client = emptied(_the_database())
    connection = connect(client.project)
    write_all(client, scenario.documents())
    for event in scenario.before:
        settle(scenario.terms_before, event, connection, delivery=0)
    return str(client.project)


@functools.cache
def _the_database() -> firestore.Client:
    """One for all cells, which run in sequence: making one takes the emulator longer than most cells."""
    return a_database()


def _strike(cell: Cell, project: str) -> None:
    """Deliver the event with the fault. Whether acknowledged or not, it is delivered again."""
    scenario = SCENARIOS[cell.scenario]
    connection, _ = connected_through(functools.partial(FaultyTransport, at=cell.rpc, fault=cell.fault), project)
    # A process that dies never waits; on a busy machine, a short patience would end before its death.
    how_long = patience() if cell.fault in DEATHS else patience(total_seconds=PATIENCE_SECONDS)
    try:
        settle(scenario.terms, scenario.event, connection, delivery=1, how_long=how_long)
    except Transient:
        return


def die(work: Callable[..., object], args: Sequence[object], when: threading.Event | None = None) -> None:
    """Work in a process that is killed: by itself, or at this event."""
    child = _starting.Process(target=work, args=args)
    child.start()
    if when and when.wait(_DEATH_SECONDS_MAX):
        child.kill()
    child.join(_DEATH_SECONDS_MAX)
    if child.exitcode != -signal.SIGKILL:
        child.kill()
        raise AssertionError(f"{args}: the process ended with {child.exitcode}, and should have been killed")


def settle(
    terms: Terms, event: OrderEvent, connection: Connection, *, delivery: int, how_long: Patience | None = None
) -> None:
    settled = settling(FirestoreStore(connection), terms, silent, how_long or patience())
    settled(_delivered(event, delivery), time_of(event))


def _delivered(event: OrderEvent, delivery: int) -> OrderEvent:
    if not isinstance(event, StripeEvent):
        return event
    delivered_at = time_of(event) + timedelta(seconds=delivery)
    return replace(event, delivery=replace(event.delivery, delivered_at=delivered_at))


def _wrong_halfway(documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Nothing may be half done, even before the next delivery."""
    return [f"before the next delivery: {complaint}" for complaint in complaints(documents, {"shirt": STOCK})]


def _wrong_at_the_end(scenario: Scenario, documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    wrong = complaints(documents, {"shirt": STOCK})
    status = documents.get("orders/order-1", {}).get("status")
    if status != scenario.status:
        wrong.append(f"the order is {status}, and should be {scenario.status}")
    inventory = documents["inventory/shirt"]
    if (inventory["stock"], inventory["reserved"]) != scenario.level:
        wrong.append(f"the inventory is {inventory}, and should be {scenario.level}")
    return wrong
