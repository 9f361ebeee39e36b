"""The function as it runs in production: functions-framework under gunicorn, with threads, as a process of its own."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Final

from bench.payments import SECRET
from tools.toolchain import ROOT

START_SECONDS_MAX: Final = 30.0
FAREWELL_SECONDS_MAX: Final = 20.0
POLL_SECONDS: Final = 0.002
_HOST: Final = "127.0.0.1"


class Server:
    """A server that may still be starting."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._connection = http.client.HTTPConnection(_HOST, port, timeout=START_SECONDS_MAX)

    def wait_until_listening(self) -> None:
        end = time.monotonic() + START_SECONDS_MAX
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):
                self._connection.connect()
                return
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"the server does not listen; its exit code: {self._process.returncode}")

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post on a connection that is kept, as Cloud Run keeps its own. Raises unless it is answered 200."""
        try:
            answer = self._answer(body, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            # gunicorn ends connections that were idle for two seconds.
            self._connection.close()
            answer = self._answer(body, headers)
        said = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"answered {answer.status}: {said!r}")

    def resident_megabytes(self) -> float:
        """The memory of the process that serves: gunicorn's one worker."""
        worker = _told_by("pgrep", "-P", str(self._process.pid)).split()[0]
        return int(_told_by("ps", "-o", "rss=", "-p", worker)) / 1024

    def close(self) -> None:
        self._connection.close()

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        self._connection.request("POST", "/", body, dict(headers))
        return self._connection.getresponse()


@contextlib.contextmanager
def serving(project: str, *, source: str = "main.py", target: str = "stripe_webhook") -> Iterator[Server]:
    """Start to serve a function of this repository on a free port; it ends with the block."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = free.getsockname()[1]
    options = ("--source", source, "--target", target, "--host", _HOST, "--port", str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "functions_framework", *options],
        cwd=ROOT,
        env={
            **os.environ,
            "GOOGLE_CLOUD_PROJECT": project,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "THREADS": "16",
            # What the first start compiles, later ones find, whatever this machine does elsewhere.
            "PYTHONDONTWRITEBYTECODE": "",
        },
        stdout=subprocess.DEVNULL,
    )
    server = Server(process, port)
    try:
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(FAREWELL_SECONDS_MAX)


def _told_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
