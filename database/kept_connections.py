"""HTTP/1.1 connections to one server, kept from call to call, and replaced as soon as one of them fails.

Python's own client, since what a richer one does for a request costs most of the processor time that HTTP saves:
docs/decisions/0015-firestore-over-rest.md.
"""

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from database.errors import AnswerTooLarge
from orders.outcome import StoreUnavailable

ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of a body: room for a hundred products with all that is said of them. A customer can write an order whose every byte
takes twenty in JSON, and some three hundred in memory."""
IDLE_SECONDS_MAX: Final = 60.0
"""What was idle for longer is not used again: while its processor is frozen, an instance sees no connection die."""


class Answer(NamedTuple):
    code: int
    body: bytes


class KeptConnections:
    """As many connections as there are calls at a time. Threads may share them, processes may not."""

    def __init__(self, origin: str) -> None:
        """The origin is a URL without a path. Nothing is connected before the first call."""
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        """Each with when its last call ended."""
        url = urlsplit(origin)
        self._netloc, self._host = url.netloc, url.hostname or ""
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._port = url.port or (HTTPS_PORT if self._tls else HTTP_PORT)

    def __del__(self) -> None:
        self._close_idle()

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Send the body, once, and return the whole answer, whatever its code.

        Raises:
            StoreUnavailable: no whole answer came within so many seconds. What was asked may have been done.
            AnswerTooLarge: it was larger than ANSWER_BYTES_MAX. What was asked was done.
        """
        end = time.monotonic() + seconds
        try:
            connection = self._kept() or self._opened(end)
            answer = _exchanged(connection, path, body, {"Host": self._netloc, **headers}, end)
        except (OSError, HTTPException) as error:
            # What has broken this connection may have broken all of them.
            self._close_idle()
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
        if connection.sock:
            self._idle.append((connection, time.monotonic()))
        return answer

    def _close_idle(self) -> None:
        while connection := self._kept():
            connection.close()

    def _kept(self) -> HTTPConnection | None:
        """The idle connection that was used last, if there is one that is not known to have ended."""
        while True:
            try:
                connection, idle_since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - idle_since < IDLE_SECONDS_MAX and not _has_ended(connection.sock):
                return connection
            connection.close()

    def _opened(self, end: float) -> HTTPConnection:
        connection, reached = HTTPConnection(self._host, self._port), self._reached(end)
        try:
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reached.settimeout(_seconds_until(end))
            connection.sock = self._tls.wrap_socket(reached, server_hostname=self._host) if self._tls else reached
        except OSError:
            reached.close()
            raise
        return connection

    def _reached(self, end: float) -> socket.socket:
        """The first of the server's addresses that can be connected to. They share the time until the end."""
        failure = OSError(f"{self._host} has no address")
        addresses = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        for tried, (*_, address) in enumerate(addresses):
            share = _seconds_until(end) / (len(addresses) - tried)
            try:
                return socket.create_connection((str(address[0]), self._port), share)
            except OSError as error:
                failure = error
        raise failure


def _exchanged(connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str], end: float) -> Answer:
    """The answer. The connection is closed unless it can be kept."""
    sock: socket.socket = connection.sock
    try:
        sock.settimeout(_seconds_until(end))
        connection.request("POST", path, body, headers)
        sock.settimeout(_seconds_until(end))
        with connection.getresponse() as response:
            return Answer(response.status, b"".join(_parts_of(response, sock, end)))
    except (OSError, HTTPException, AnswerTooLarge):
        connection.close()
        raise


def _parts_of(response: HTTPResponse, sock: socket.socket, end: float) -> Iterator[bytes]:
    left = ANSWER_BYTES_MAX
    while part := response.read1():
        if (left := left - len(part)) < 0:
            raise AnswerTooLarge(f"an answer has more than {ANSWER_BYTES_MAX} bytes")
        yield part
        sock.settimeout(_seconds_until(end))
    if response.length:
        raise IncompleteRead(b"", response.length)


def _seconds_until(end: float) -> float:
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def _has_ended(sock: socket.socket) -> bool:
    """Whether anything has come in that nobody has asked for: as a rule, that the server has closed the connection."""
    incoming = select.poll()
    incoming.register(sock, select.POLLIN)
    return bool(incoming.poll(0))
