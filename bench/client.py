"""The production server of a function, and a client that takes next to no time."""

import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tests.support.production_server import Server, starting_server

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)


def serving(
    project: str, *, source: str = "main.py", target: str = "stripe_webhook", firestore_host: str | None = None
) -> AbstractContextManager[Server]:
    """Serve a function of this repository until the block ends, by default on the emulator."""
    function = {"FUNCTION_SOURCE": source, "FUNCTION_TARGET": target}
    # Keep the compiled modules for later starts, whatever this machine's setting.
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    host = firestore_host or os.environ["FIRESTORE_EMULATOR_HOST"]
    return starting_server(project, host, Path(os.devnull), **function, **compiled)


class Client:
    """A bare socket: the time of Python's own HTTP client would count as the server's."""

    def __init__(self, server: Server) -> None:
        """Connects once the server listens."""
        self._server = server
        self._socket = server.connect()

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post on a kept connection, as Cloud Run does. Raises RuntimeError unless the answer is 200."""
        lines = {"Host": "shop", **headers, "Content-Length": len(body)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body
        try:
            status, answer = self._answer(request)
        except ConnectionError:
            # gunicorn closes connections after two idle seconds.
            self.close()
            self._socket = self._server.connect()
            status, answer = self._answer(request)
        if status != HTTPStatus.OK:
            raise RuntimeError(f"answered {status}: {answer!r}")

    def close(self) -> None:
        self._socket.close()

    def _answer(self, request: bytes) -> tuple[int, bytes]:
        self._socket.sendall(request)
        received = b""
        while _HEAD_END not in received:
            received += self._more(received)
        head, _, body = received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if length is None:
            raise RuntimeError(f"no Content-Length: {received!r}")
        while len(body) < int(length[1]):
            body += self._more(received)
        return int(head.split(maxsplit=2)[1]), body

    def _more(self, received: bytes) -> bytes:
        more = self._socket.recv(65_536)
        if not more:
            raise RuntimeError(f"closed after {received!r}") if received else ConnectionError("closed")
        return more
