"""Where the service keeps its shop: the emulator, or a stand-in that answers faster."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from google.cloud import firestore

from bench.postgres.firestore_stand_in import AS_OWNER
from bench.postgres.judging import PRODUCTS, RESERVED, Verdict, product_of, verdict_of_documents
from bench.processors import listener_on
from bench.shop import STOCK, a_reserved_order
from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.kept_connections import KeptConnections
from database.messages import decoded
from database.store import Create, Fields
from tests.support.emulated_shop import WRITES_PER_COMMIT, a_project, documents_in
from tools.toolchain import ROOT


@dataclass(frozen=True, slots=True)
class Firestore:
    address: str
    """Its HTTP address, as `host:port`."""
    process: int
    connection: Connection
    """For the bench itself, not the service."""
    documents: Callable[[], Mapping[str, Fields]]
    """All documents of the shop, by path."""

    def stock_up(self) -> None:
        level = {"stock": STOCK, "reserved": RESERVED}
        self._put({f"inventory/{product_id}": level for product_id in PRODUCTS})

    def open_orders(self, order_ids: Sequence[str]) -> None:
        self._put({f"orders/{order_id}": a_reserved_order([product_of(order_id)]) for order_id in order_ids})

    def judge(self) -> Verdict:
        return verdict_of_documents(self.documents())

    def _put(self, documents: Mapping[str, Fields]) -> None:
        writes = [Create(path, fields) for path, fields in documents.items()]
        for first in range(0, len(writes), WRITES_PER_COMMIT):
            FirestoreStore(self.connection).commit(writes[first : first + WRITES_PER_COMMIT], timeout_seconds=60)


def emulator() -> Firestore:
    """An empty database in the emulator that FIRESTORE_EMULATOR_HOST names."""
    address, client = os.environ["FIRESTORE_EMULATOR_HOST"], firestore.Client(project=a_project())
    process = listener_on(int(address.rpartition(":")[2]))
    return Firestore(address, process, connect(client.project), lambda: documents_in(client))


@contextmanager
def stand_in() -> Iterator[Firestore]:
    """`firestore_stand_in.py`, empty, until the block ends."""
    command = [sys.executable, "-m", "bench.postgres.firestore_stand_in"]
    with printing_its_port(command) as (process, port):
        address = f"127.0.0.1:{port}"
        connection = Connection(a_project(), KeptConnections(f"http://{address}"), lambda _: AS_OWNER)
        yield Firestore(address, process, connection, lambda: _listed(connection))


def _listed(connection: Connection) -> Mapping[str, Fields]:
    found: dict[str, Fields] = {}
    while page := connection.call("page", {"first": len(found)}, timeout_seconds=60):
        found |= {one["name"].removeprefix(f"{connection.documents}/"): decoded(one) for one in page}
    return found


@contextmanager
def printing_its_port(command: Sequence[str]) -> Iterator[tuple[int, str]]:
    """A process that prints the port it listens on, until the block ends: its id, and the port."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None or not (port := process.stdout.readline().decode().strip()):
                raise RuntimeError(f"{command} does not start")
            yield process.pid, port
        finally:
            process.terminate()
