"""HTTP/1.1 connections to one server, kept open between calls, all replaced as soon as one of them fails."""

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
"""At once: as much as a TLS record carries."""
IDLE_SECONDS_MAX: Final = 60.0
"""A connection idle for longer is not used again: while its processor is frozen, an instance does not see it die."""


class KeptConnections:
    """As many connections as there are calls at a time. Threads may share them, processes may not."""

    def __init__(self, origin: str) -> None:
        """The origin is a URL without a path. It connects on the first call."""
        self._idle: deque[tuple[socket.socket, float]] = deque()
        """Each with the time when its last call ended."""
        url = urlsplit(origin)
        self._netloc, self._host = url.netloc, url.hostname or ""
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._port = url.port or (HTTPS_PORT if self._tls else HTTP_PORT)
        # Not __del__: in a reference cycle, the sockets may be collected first.
        weakref.finalize(self, _close, self._idle)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Send the body once, and return the whole answer, whatever its code.

        Raises:
            StoreUnavailable: no whole answer came in time. The request may have been carried out.
            AnswerTooLarge: it was larger than ANSWER_BYTES_MAX. The request was carried out.
        """
        end = time.monotonic() + seconds
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._netloc}", "Accept-Encoding: identity"]
        lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        try:
            connection = self._kept() or self._opened(end)
            answer, can_be_kept = _exchanged(connection, "\r\n".join(lines).encode("latin-1") + body, end)
        except (OSError, NotAnAnswer) as error:
            # Whatever broke this connection may have broken all of them.
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
        """The most recently used idle connection that has not visibly ended, or None."""
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
        """A connection to the first of the server's addresses that answers. They share the remaining time."""
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
    """The answer, and whether the connection can be kept. Closes the connection if there is no answer."""
    try:
        connection.settimeout(_seconds_until(end))
        connection.sendall(request)
        return answer_in(Incoming(_until(end, connection)))
    except BaseException:
        connection.close()
        raise


def _until(end: float, connection: socket.socket) -> Callable[[], bytes]:
    """A function that receives more from the connection until time is up."""

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
    """Whether anything unexpected has arrived: usually that the server has closed the connection."""
    incoming = select.poll()
    incoming.register(sock, select.POLLIN)
    return bool(incoming.poll(0))
