"""The function as in production: functions-framework under gunicorn, with threads, in a process of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from tests.support import http_client
from tests.support.http_client import Answer
from tests.support.signing import SECRET
from tests.support.vitals import vitals_of
from tools.toolchain import ROOT

START_SECONDS_MAX: Final = 30.0
END_SECONDS_MAX: Final = 20.0
POLL_SECONDS: Final = 0.002
CONNECTION_SECONDS_MAX: Final = 20.0
_HOST: Final = "127.0.0.1"

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Server:
    """May still be starting."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}/"

    def connect(self) -> socket.socket:
        """A connection, once the server listens. Raises RuntimeError if it never does."""

        def connection() -> socket.socket | None:
            try:
                return socket.create_connection((_HOST, self.port), CONNECTION_SECONDS_MAX)
            except ConnectionRefusedError:
                return None

        return self._awaited(connection)

    def wait_until_serving(self) -> None:
        """Raises RuntimeError if it never does."""
        self.connect().close()
        # gunicorn starts its worker only after it listens.
        self._awaited(lambda: _children_of(self.process.pid))

    def deliver(self, event: Mapping[str, object], *, secret: str = SECRET) -> Answer:
        """Deliver an event as Stripe does, signed now."""
        return http_client.deliver(self.url, event, secret=secret)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        return http_client.request(self.url, body, headers)

    def log_lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def worker(self) -> int:
        """The id of the serving process, gunicorn's only worker; it changes if the worker dies."""
        workers = _children_of(self.process.pid)
        if len(workers) != 1:
            raise RuntimeError(f"the server has {len(workers)} workers, not one: has one just died?")
        return workers[0]

    def resident_megabytes(self) -> float:
        """The memory of the serving process."""
        return vitals_of(self.worker()).resident_bytes / 2**20

    def _awaited(self, look: Callable[[], _Found | None]) -> _Found:
        """The first result that `look` finds."""
        end = time.monotonic() + START_SECONDS_MAX
        while self.process.poll() is None and time.monotonic() < end:
            if found := look():
                return found
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"the server does not serve; its exit code: {self.process.returncode}")


@contextmanager
def starting_server(project: str, firestore_host: str, log: Path, **environment: str) -> Iterator[Server]:
    """Start to serve `stripe_webhook` on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = free.getsockname()[1]
    settings = {
        "FUNCTION_TARGET": "stripe_webhook",
        "HOST": _HOST,
        "PORT": str(port),
        "GOOGLE_CLOUD_PROJECT": project,
        "FIRESTORE_EMULATOR_HOST": firestore_host,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "THREADS": "16",
    }
    # Appends, so that a test can empty it.
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "functions_framework"],
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
            stdout=output,
        )
    try:
        yield Server(port, log, process)
    finally:
        process.terminate()
        process.wait(END_SECONDS_MAX)


@contextmanager
def production_server(project: str, firestore_host: str, folder: Path, **environment: str) -> Iterator[Server]:
    """Serve `stripe_webhook` until the block ends; the server's log is in the folder."""
    with starting_server(project, firestore_host, folder / "server.log", **environment) as server:
        server.wait_until_serving()
        yield server


def _children_of(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]
