"""The function as it runs in production: functions-framework under gunicorn, with threads, as a process of its own."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from bench.payments import SECRET
from tools.toolchain import ROOT

START_SECONDS_MAX: Final = 30.0
FAREWELL_SECONDS_MAX: Final = 20.0
POLL_SECONDS: Final = 0.002
_HOST: Final = "127.0.0.1"
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)


class Server:
    """A server that may still be starting, and a client that costs next to nothing.

    What Python's own client takes to put a request together and its answer apart would count as the server's time.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._address = (_HOST, port)
        self._socket = socket.socket()

    def wait_until_listening(self) -> None:
        end = time.monotonic() + START_SECONDS_MAX
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):
                self._connect()
                return
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"the server does not listen; its exit code: {self._process.returncode}")

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post on a connection that is kept, as Cloud Run keeps its own. Raises unless it is answered 200."""
        lines = {"Host": "{}:{}".format(*self._address), **headers, "Content-Length": len(body)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body
        try:
            status, said = self._answer(request)
        except ConnectionError:
            # gunicorn ends connections that were idle for two seconds.
            self._connect()
            status, said = self._answer(request)
        if status != HTTPStatus.OK:
            raise RuntimeError(f"answered {status}: {said!r}")

    def resident_megabytes(self) -> float:
        """The memory of the process that serves: gunicorn's one worker."""
        worker = _told_by("pgrep", "-P", str(self._process.pid)).split()[0]
        return int(_told_by("ps", "-o", "rss=", "-p", worker)) / 1024

    def close(self) -> None:
        self._socket.close()

    def _connect(self) -> None:
        self._socket.close()
        self._socket = socket.create_connection(self._address, START_SECONDS_MAX)

    def _answer(self, request: bytes) -> tuple[int, bytes]:
        self._socket.sendall(request)
        said = b""
        while _HEAD_END not in said:
            said += self._heard(said)
        head, _, body = said.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if length is None:
            raise RuntimeError(f"no Content-Length: {said!r}")
        while len(body) < int(length[1]):
            body += self._heard(said)
        return int(head.split(maxsplit=2)[1]), body

    def _heard(self, before: bytes) -> bytes:
        more = self._socket.recv(65_536)
        if not more:
            raise RuntimeError(f"hung up after {before!r}") if before else ConnectionError("hung up")
        return more


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
