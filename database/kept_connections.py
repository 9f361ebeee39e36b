"""HTTP/1.1 connections to one server, kept from call to call, and replaced as soon as one of them fails."""

import select
import socket
import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTP_PORT, HTTPS_PORT
from typing import Final
from urllib.parse import urlsplit

from database.http_answers import Answer, Incoming, NotAnAnswer, answer_in
from orders.outcome import StoreUnavailable

RECEIVED_BYTES_MAX: Final = 16 * 1024
"""At once: as much as TLS carries in a record."""
IDLE_SECONDS_MAX: Final = 60.0
"""What was idle for longer is not used again: while its processor is frozen, an instance sees no connection die."""


class KeptConnections:
    """As many connections as there are calls at a time. Threads may share them, processes may not."""

    def __init__(self, origin: str) -> None:
        """The origin is a URL without a path. Nothing is connected before the first call."""
        self._idle: deque[tuple[socket.socket, float]] = deque()
        """Each with when its last call ended."""
        url = urlsplit(origin)
        self._netloc, self._host = url.netloc, url.hostname or ""
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._port = url.port or (HTTPS_PORT if self._tls else HTTP_PORT)
        # Not __del__: of a cycle of garbage, the sockets may have gone first.
        weakref.finalize(self, _close, self._idle)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Send the body, once, and return the whole answer, whatever its code.

        Raises:
            StoreUnavailable: no whole answer came within so many seconds. What was asked may have been done.
            AnswerTooLarge: it was larger than ANSWER_BYTES_MAX. What was asked was done.
        """
        end = time.monotonic() + seconds
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._netloc}", "Accept-Encoding: identity"]
        lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        try:
            connection = self._kept() or self._opened(end)
            answer, can_be_kept = _exchanged(connection, "\r\n".join(lines).encode("latin-1") + body, end)
        except (OSError, NotAnAnswer) as error:
            # What has broken this connection may have broken all of them.
            self._close_idle()
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
        if can_be_kept:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return answer

    def _close_idle(self) -> None:
        while connection := self._kept():
            connection.close()

    def _kept(self) -> socket.socket | None:
        """The idle connection that was used last, if there is one that is not known to have ended."""
        while True:
            try:
                connection, idle_since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - idle_since < IDLE_SECONDS_MAX and not _has_ended(connection):
                return connection
            connection.close()

    def _opened(self, end: float) -> socket.socket:
        reached = self._reached(end)
        try:
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reached.settimeout(_seconds_until(end))
            return self._tls.wrap_socket(reached, server_hostname=self._host) if self._tls else reached
        except OSError:
            reached.close()
            raise

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


def _close(idle: deque[tuple[socket.socket, float]]) -> None:
    for connection, _ in idle:
        connection.close()


def _exchanged(connection: socket.socket, request: bytes, end: float) -> tuple[Answer, bool]:
    """The answer, and whether the connection can be kept. It is closed if there is none."""
    try:
        connection.settimeout(_seconds_until(end))
        connection.sendall(request)
        return answer_in(Incoming(_until(end, connection)))
    except BaseException:
        connection.close()
        raise


def _until(end: float, connection: socket.socket) -> Callable[[], bytes]:
    """Receives more from the connection, until the end of the time."""

    def receive() -> bytes:
        connection.settimeout(_seconds_until(end))
        return connection.recv(RECEIVED_BYTES_MAX)

    return receive


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
