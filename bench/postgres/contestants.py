"""The contestants: servers that differ only in what settles. Each has its own shop, judged by its records."""

import os
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import trustme

from bench.postgres.firestores import Firestore, printing_its_port
from bench.postgres.judging import FIRST, PRODUCTS, RESERVED, Verdict, product_of, verdict
from bench.postgres.metadata import metadata_server
from bench.postgres.server import PostgresServer
from bench.processors import family_of
from bench.shop import STOCK, UNIT_AMOUNT
from tests.support.production_server import Server, starting_server

CURRENCY: Final = "eur"


@dataclass(frozen=True, slots=True)
class Contestant:
    server: Server
    secret: str
    """The secret that signs its events."""
    database: Callable[[], frozenset[int]]
    """The current processes of its database."""
    beside: frozenset[int]
    """The processes between server and database, whose time is counted for neither."""
    open_orders: Callable[[Sequence[str]], None]
    """Create these orders as reserved, each for one unit."""
    judge: Callable[[], Verdict]


@contextmanager
def the_service(firestore: Firestore, authority: trustme.CA) -> Iterator[Contestant]:
    """The deployed webhook: it reaches its database over TLS, with tokens as on a Google machine."""
    firestore.stock_up()
    secret = _a_secret()
    with (
        tempfile.TemporaryDirectory() as created,
        _tls_in_front_of(firestore.address, authority, folder := Path(created)) as (proxy, origin),
        metadata_server() as metadata,
    ):
        environment = {
            "STRIPE_WEBHOOK_SECRET": secret,
            "BENCH_FIRESTORE_ORIGIN": origin,
            "SSL_CERT_FILE": str(folder / "roots.pem"),
            "GCE_METADATA_HOST": metadata,
            # The developer's own credentials would otherwise be used.
            "GOOGLE_APPLICATION_CREDENTIALS": "",
        }
        with _serving("ours.py", "stripe_webhook", firestore.connection.project, **environment) as server:
            yield Contestant(
                server,
                secret,
                lambda: frozenset({firestore.process}),
                frozenset({proxy}),
                firestore.open_orders,
                firestore.judge,
            )


@contextmanager
def on_postgres(postgres: PostgresServer, target: str) -> Iterator[Contestant]:
    """An entry point of `webhook.py`, with its own database in this server."""
    secret, url, database = _a_secret(), *postgres.create_database(target)
    with database:
        database.cursor().executemany(
            "INSERT INTO inventory VALUES (%s, %s, %s)", [(product, STOCK, RESERVED) for product in PRODUCTS]
        )
        environment = {"STRIPE_WEBHOOK_SECRET": secret, "DATABASE_URL": url}
        with _serving("webhook.py", target, "demo-shop", **environment) as server:
            yield Contestant(
                server,
                secret,
                lambda: family_of(postgres.process.pid),
                frozenset(),
                lambda order_ids: _open_orders(database, order_ids),
                lambda: _verdict_of_postgres(database),
            )


@contextmanager
def _serving(source: str, target: str, project: str, **environment: str) -> Iterator[Server]:
    """As deployed: nothing emulated, modules compiled."""
    settings = {
        "FUNCTION_SOURCE": f"bench/postgres/{source}",
        "FUNCTION_TARGET": target,
        # Tells a function that it runs on Google's machines.
        "K_SERVICE": target,
        "FUNCTIONS_EMULATOR": "",
        "PYTHONDONTWRITEBYTECODE": "",
        **environment,
    }
    with starting_server(project, "", Path(os.devnull), **settings) as server:
        server.wait_until_serving()
        yield server


def _a_secret() -> str:
    return f"whsec_{secrets.token_hex(16)}"


@contextmanager
def _tls_in_front_of(upstream: str, authority: trustme.CA, folder: Path) -> Iterator[tuple[int, str]]:
    """The id of the TLS proxy's process, and its origin."""
    authority.cert_pem.write_to_path(str(folder / "roots.pem"))
    certificate = folder / "certificate.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    command = [sys.executable, "-m", "bench.postgres.tls_in_front", upstream, str(certificate)]
    with printing_its_port(command) as (process, port):
        yield process, f"https://localhost:{port}"


def _open_orders(database: psycopg.Connection, order_ids: Sequence[str]) -> None:
    cursor = database.cursor()
    cursor.executemany(
        "INSERT INTO orders (id, user_id, status, amount, currency) VALUES (%s, 'alice', 'reserved', %s, %s)",
        [(order_id, UNIT_AMOUNT, CURRENCY) for order_id in order_ids],
    )
    cursor.executemany(
        "INSERT INTO order_lines VALUES (%s, %s, 1)", [(order_id, product_of(order_id)) for order_id in order_ids]
    )


def _verdict_of_postgres(database: psycopg.Connection) -> Verdict:
    orders: dict[str, str] = dict(database.execute("SELECT id, status FROM orders").fetchall())
    entries = database.execute("SELECT order_id FROM audit_log WHERE result = %s", (FIRST,)).fetchall()
    levels = database.execute("SELECT product_id, stock, reserved FROM inventory").fetchall()
    return verdict(
        orders,
        Counter(order_id for (order_id,) in entries),
        {product: (stock, reserved) for product, stock, reserved in levels},
    )
