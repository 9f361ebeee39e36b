"""An HTTP/1.1 server on this machine that answers as a test says: late, in pieces, or not at all."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.client import parse_headers
from socketserver import StreamRequestHandler, ThreadingTCPServer
from ssl import SSLContext
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Message
    body: bytes
    connection: object
    """Equal for all requests on one connection."""


class Hangup(Exception):
    """Raised by an answer to end the connection."""


@dataclass
class ScriptedServer:
    answer: Callable[[Request], Iterable[bytes]]
    """The pieces of the answer, beginning with the status line; each is sent as soon as it is yielded."""
    origin: str = ""
    requests: list[Request] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set at the end; an answer may wait for it."""

    @property
    def connections(self) -> int:
        return len({request.connection for request in self.requests})

    def hang(self) -> Iterator[bytes]:
        self.stopped.wait()
        yield b""


def http_answer(body: bytes, code: int = HTTPStatus.OK, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {code} As Scripted", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


@contextmanager
def listening(server: ScriptedServer, tls: SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Listens until the block ends, over TLS if given; `origin` is its URL."""

    class Handler(StreamRequestHandler):
        def setup(self) -> None:
            if tls:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            while line := self.rfile.readline():
                headers = parse_headers(self.rfile)
                body = self.rfile.read(int(headers["Content-Length"] or 0))
                method, path, _ = line.decode().split()
                server.requests.append(Request(method, path, headers, body, self.client_address))
                try:
                    for piece in server.answer(server.requests[-1]):
                        self.wfile.write(piece)
                except Hangup:
                    return

        def finish(self) -> None:
            with self.request:
                super().finish()

    class Listener(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The client has disconnected, as some tests intend."""

    with Listener(("localhost", 0), Handler) as listener:
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        server.origin = f"{'https' if tls else 'http'}://localhost:{listener.server_address[1]}"
        try:
            yield server
        finally:
            server.stopped.set()
            listener.shutdown()
