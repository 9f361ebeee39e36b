"""The function as it runs in production: functions-framework under gunicorn, with threads, as a process of its own."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.support.builders import SECRET, body_of, signature_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def result(self) -> str | None:
        """The result it names; None if it names none."""
        found = json.loads(self.body).get("result")
        return None if found is None else str(found)


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def deliver(self, event: Mapping[str, object], *, secret: str = SECRET) -> Answer:
        """Deliver an event as Stripe does, signed now."""
        body = body_of(event)
        return self.post(body, {"Stripe-Signature": signature_of(body, secret=secret, at=datetime.now(UTC))})

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        request = urllib.request.Request(self.url, body, dict(headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), dict(error.headers))

    def log_lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def worker(self) -> int:
        """The process that serves, gunicorn's one worker; another one if it has died."""
        workers = _children_of(self.pid)
        if len(workers) != 1:
            raise RuntimeError(f"the server has {len(workers)} workers, not one: has one just died?")
        return workers[0]

    def resident_megabytes(self) -> float:
        """The memory of the process that serves."""
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.worker())], capture_output=True, text=True, check=True
        )
        return int(told.stdout) / 1024


@contextmanager
def production_server(project: str, firestore_host: str, folder: Path, **environment: str) -> Iterator[Server]:
    """Serve `stripe_webhook` on a free port until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    settings = {
        "GOOGLE_CLOUD_PROJECT": project,
        "FIRESTORE_EMULATOR_HOST": firestore_host,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "THREADS": "16",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "functions_framework",
                "--target",
                "stripe_webhook",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
            ],
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
            stdout=output,
        )
    try:
        _wait_until_serving(process, port)
        yield Server(port, process.pid, log)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _children_of(pid: int) -> list[int]:
    told = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in told.stdout.split()]


def _wait_until_serving(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(2_000):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(10)
            # gunicorn listens first, and then makes its worker.
            if probe.connect_ex(("127.0.0.1", port)) == 0 and _children_of(process.pid):
                return
        try:
            process.wait(timeout=0.01)
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError("the server did not start within 20 seconds")
