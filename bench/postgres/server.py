"""A temporary PostgreSQL server on a free port, durable, reached by TLS only.

It runs with PostgreSQL's defaults, fsync included. PostgreSQL refuses to run as root, so root starts it as another
user.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import trustme
from psycopg import sql

HOST: Final = "localhost"
_DEBIAN: Final = "/usr/lib/postgresql"
_PROGRAMS: Final = ("initdb", "postgres")
# Debian's package creates the first; every system has the second.
_UNPRIVILEGED: Final = ("postgres", "nobody")
_START_SECONDS_MAX: Final = 30.0
_END_SECONDS_MAX: Final = 30.0
_POLL_SECONDS: Final = 0.05
_SCHEMA: Final = Path(__file__).with_name("schema.sql")


class NoServer(Exception):
    """No PostgreSQL can be started here. The message says why."""


@dataclass(frozen=True, slots=True)
class Programs:
    initdb: str
    postgres: str
    user: pwd.struct_passwd | None
    """The user to run them as; None for the current one."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    process: subprocess.Popen[bytes]
    account: str
    """The user and the password, as the beginning of a URL."""
    port: int
    folder: Path

    def create_database(self, name: str) -> tuple[str, psycopg.Connection]:
        """A new database with the bench's tables, empty: its URL (TLS, certificate checked) and a connection."""
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        database = self.connect(name)
        database.execute(_SCHEMA.read_text())
        roots = self.folder / "roots.pem"
        return f"{self.account}{HOST}:{self.port}/{name}?sslmode=verify-full&sslrootcert={roots}", database

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """As the server's owner, in autocommit, over its socket, without TLS."""
        return psycopg.connect(f"{self.account}/{database}?host={self.folder}&port={self.port}", autocommit=True)


def find_programs(search_path: str | None = None) -> Programs:
    """Raises NoServer."""
    places = [search_path or os.environ.get("PATH", ""), *_debians_newest_first()]
    for place in places:
        initdb, postgres = (shutil.which(program, path=place) for program in _PROGRAMS)
        if initdb and postgres:
            return Programs(initdb, postgres, _unprivileged_user())
    raise NoServer(f"no PostgreSQL server is installed: neither PATH nor {_DEBIAN} has {' and '.join(_PROGRAMS)}")


@contextlib.contextmanager
def running_postgres(authority: trustme.CA) -> Iterator[PostgresServer]:
    """A server without databases, its certificate issued by the authority, until the block ends.

    Raises NoServer.
    """
    programs = find_programs()
    with tempfile.TemporaryDirectory(prefix="bench-postgres-", ignore_cleanup_errors=True) as created:
        folder = Path(created)
        password, certificate = secrets.token_hex(16), authority.issue_cert(HOST)
        (folder / "password").write_text(password)
        (folder / "key.pem").touch(mode=0o600)
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        for number, pem in enumerate(certificate.cert_chain_pems):
            pem.write_to_path(str(folder / "chain.pem"), append=number > 0)
        authority.cert_pem.write_to_path(str(folder / "roots.pem"))
        if programs.user:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, programs.user.pw_uid, programs.user.pw_gid)
        _initialise(programs, folder)
        with _started(programs, folder, password) as server:
            yield server


def _initialise(programs: Programs, folder: Path) -> None:
    options = [
        *("--pgdata", str(folder / "data"), "--username", "bench", "--pwfile", str(folder / "password")),
        # Only what it writes once started has to be durable, not its empty files.
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
    ]
    if _process(programs, [programs.initdb, *options], folder).wait():
        raise NoServer(f"initdb: {_said_in(folder)}")


def _process(programs: Programs, command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Runs as the programs' user, without root's groups; its output goes to the folder's log."""
    user = programs.user
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def _said_in(folder: Path) -> str:
    return (folder / "log").read_text().strip()


@contextlib.contextmanager
def _started(programs: Programs, folder: Path, password: str) -> Iterator[PostgresServer]:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": str(folder),
        "ssl": "on",
        "ssl_cert_file": str(folder / "chain.pem"),
        "ssl_key_file": str(folder / "key.pem"),
    }
    command = [programs.postgres, "-D", str(folder / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    process = _process(programs, command, folder)
    server = PostgresServer(process, f"postgresql://bench:{password}@", port, folder)
    try:
        _wait_until_serving(server)
        yield server
    finally:
        # Immediate shutdown: its data is no longer needed. https://www.postgresql.org/docs/current/server-shutdown.html
        process.send_signal(signal.SIGQUIT)
        process.wait(_END_SECONDS_MAX)


def _wait_until_serving(server: PostgresServer) -> None:
    end = time.monotonic() + _START_SECONDS_MAX
    while server.process.poll() is None and time.monotonic() < end:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise NoServer(f"postgres does not serve: {_said_in(server.folder)}")


def _debians_newest_first() -> Sequence[str]:
    folders = [folder for folder in Path(_DEBIAN).glob("*/bin") if folder.parent.name.isdigit()]
    return [str(folder) for folder in sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)]


def _unprivileged_user() -> pwd.struct_passwd | None:
    """The user to run as; None for the current one. Raises NoServer if there is no such user."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer(f"PostgreSQL refuses to run as root, and there is no user {' or '.join(_UNPRIVILEGED)}")
