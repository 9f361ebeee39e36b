"""More of the table: a process that performs an effect loses an RPC or dies, and another performs it after it."""

import functools
import http.client
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from google.cloud import firestore

from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from effects.attempt import Ending
from effects.effect import Effect, EffectKind
from effects.outside import Failed
from effects.performing import Effects
from effects.schedule import LEASE
from orders.outcome import Transient
from service.wiring import patience, performing
from settlement.settle import Patience
from tests.proofs.faults.faulty_transport import Fault, FaultyTransport
from tests.proofs.faults.scenarios import PAID, SCENARIOS, STOCK
from tests.proofs.faults.trial import DEATHS, PATIENCE_SECONDS, Cell, a_shop, die, settle
from tests.support.auditor import complaints, unperformed
from tests.support.builders import NOW, TERMS
from tests.support.counted_rpcs import connected_through
from tests.support.emulated_shop import documents_in
from tests.support.recording import silent
from tests.support.scripted_server import Request, ScriptedServer, http_answer, listening

NAME: Final = "a message is sent"
EFFECT_ID: Final = f"{PAID.event_id}_mail_customer"
_MAILING = replace(TERMS, customer_channels=frozenset({EffectKind.MAIL}))
_SECONDS_MAX: Final = 10.0


@dataclass
class Provider:
    """Records its requests, and can hold one until its sender is dead."""

    origin: str = ""
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    """Keys and bodies."""
    holds: bool = False
    holding: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: Request) -> Iterable[bytes]:
        self.asked.append((request.headers["Idempotency-Key"], request.body))
        if self.holds:
            self.holding.set()
            # The sender does not live to see the answer.
            return ()
        return [http_answer(b"{}")]


@contextmanager
def a_provider() -> Iterator[Provider]:
    provider = Provider()
    with listening(ScriptedServer(provider.answer)) as server:
        provider.origin = server.origin
        yield provider


@dataclass(frozen=True, slots=True)
class _Mailer:
    origin: str

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object]:
        """At another moment it would say something else."""
        return {"to": effect.user_id, "written": now.isoformat()}

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=_SECONDS_MAX)
        try:
            connection.request("POST", "/", json.dumps(dict(payload)), {"Idempotency-Key": effect.key})
            connection.getresponse().read()
        except OSError as error:
            raise Failed(type(error).__name__, retryable=True) from error
        finally:
            connection.close()


def cells(faults: Sequence[Fault]) -> Iterator[Cell]:
    """Every RPC of performing an effect, with each fault."""
    for number, rpc in enumerate(_rpcs(), start=1):
        yield from (Cell(NAME, number, rpc, fault) for fault in faults)


def wrong_in(cell: Cell) -> list[str]:
    """Everything wrong after the fault, and after another performance without one."""
    with a_provider() as provider:
        project = a_shop_with_an_effect()
        if cell.fault in DEATHS:
            die(_struck, (project, provider.origin, cell.rpc, cell.fault))
        else:
            _struck(project, provider.origin, cell.rpc, cell.fault)
        return wrong_after(provider, project)


def wrong_if_killed_while_asking() -> list[str]:
    """The same if the sender is killed after the provider has the request and before the answer."""
    with a_provider() as provider:
        project, provider.holds = a_shop_with_an_effect(), True
        die(_struck, (project, provider.origin), provider.holding)
        provider.holds = False
        return [*wrong_after(provider, project), *(["not held"] if len(provider.asked) != 2 else [])]


def endings_of_two_at_once(project: str, origin: str) -> list[str]:
    """The results of two processes that have both read that it is due."""
    both = threading.Barrier(2, timeout=_SECONDS_MAX)

    class Prepared(_Mailer):
        def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object]:
            both.wait()
            return super().prepare(effect, now)

    def perform(_: int) -> str:
        effects = effects_on(connect(project), origin, NOW)
        return str(replace(effects, performers={EffectKind.MAIL: Prepared(origin)}).perform(EFFECT_ID))

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(perform, range(2)))


def wrong_after(provider: Provider, project: str) -> list[str]:
    """Before the lease ends, nobody calls; afterwards, the same is requested under the same key."""
    client, asked = firestore.Client(project=project), len(provider.asked)
    wrong = [f"before the lease is over: {complaint}" for complaint in complaints(documents_in(client), _STOCK)]
    state = _state(client)
    early = effects_on(connect(project), provider.origin, NOW).perform(EFFECT_ID)
    if state == "PROCESSING" and (early is not Ending.NOT_DUE or len(provider.asked) != asked):
        wrong.append(f"somebody else had the lease, and it was {early}")
    effects_on(connect(project), provider.origin, NOW + LEASE).perform(EFFECT_ID)
    documents: Mapping[str, Mapping[str, Any]] = documents_in(client)
    wrong += [*complaints(documents, _STOCK), *unperformed(documents.items())]
    if {key for key, _ in provider.asked} != {EFFECT_ID} or len(set(provider.asked)) != 1:
        wrong.append(f"asked with other words or another key: {provider.asked}")
    if documents[f"effects/{EFFECT_ID}"]["attempts"] < len(provider.asked):
        wrong.append(f"asked more often than anybody began: {provider.asked}")
    return wrong


def a_shop_with_an_effect() -> str:
    """A database with a settled payment whose customer's mail is due."""
    scenario = replace(SCENARIOS["a payment"], terms=_MAILING)
    project = a_shop(scenario)
    settle(scenario.terms, scenario.event, connect(project), delivery=0)
    return project


def effects_on(connection: Connection, origin: str, now: datetime, how_long: Patience | None = None) -> Effects:
    mailer = {EffectKind.MAIL: _Mailer(origin)}
    return performing(FirestoreStore(connection), _MAILING, silent, how_long or patience(), mailer, lambda: now)


def _rpcs() -> list[str]:
    connection, transport = connected_through(FaultyTransport, a_shop_with_an_effect())
    with a_provider() as provider:
        effects_on(connection, provider.origin, NOW).perform(EFFECT_ID)
    return transport.names


def _struck(project: str, origin: str, at: int = 0, fault: Fault | None = None) -> None:
    """Perform it while one of its RPCs fails."""
    connection, _ = connected_through(functools.partial(FaultyTransport, at=at, fault=fault), project)
    how_long = patience(total_seconds=PATIENCE_SECONDS) if fault is Fault.OUTAGE else patience()
    try:
        effects_on(connection, origin, NOW, how_long).perform(EFFECT_ID)
    except Transient:
        return


def _state(client: firestore.Client) -> object:
    return client.document(f"effects/{EFFECT_ID}").get().get("state")


_STOCK: Final = {"shirt": STOCK}
