"""Clients that keep a server waiting: each sends one byte a second, and reconnects when dropped."""

import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from tests.support.http_client import signed_now

BYTE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.05

_MADE_UP: Final = b"Stripe-Signature: " + signed_now(b"", secret="whsec_made_up")["Stripe-Signature"].encode()
_LONG: Final = b"Content-Length: 1000"


def _begun(*lines: bytes, method: bytes = b"POST", body: bytes = b"{") -> bytes:
    return b"\r\n".join([method + b" / HTTP/1.1", b"Host: shop", *lines, b"", body])


SIGNED: Final = _begun(_MADE_UP, _LONG)
UNSIGNED: Final = _begun(_LONG)
IN_CHUNKS: Final = _begun(_MADE_UP, b"Transfer-Encoding: chunked", body=b"3e8\r\n{")
OF_EVERY_KIND: Final = (
    SIGNED,
    UNSIGNED,
    IN_CHUNKS,
    _begun(_MADE_UP, _LONG, body=b""),
    _begun(_MADE_UP, _LONG, b"Connection: close"),
    _begun(_MADE_UP, _LONG, b"Expect: 100-continue"),
    _begun(_MADE_UP, b"Content-Length: 2"),  # what comes after it looks like the next request
    _begun(_MADE_UP, b"Content-Length: 9999999"),
    _begun(_MADE_UP, b"Transfer-Encoding: chunked", body=b"no size\r\n"),
    _begun(_LONG, method=b"GET"),
)


@contextmanager
def slow_clients(port: int, requests: Sequence[bytes], count: int) -> Iterator[Counter[str]]:
    """Clients that send these requests in turn, until the block ends.

    Counts what they see: "connected", and each status that they get.
    """
    crowd = _Crowd(port)
    for number in range(count):
        crowd.connect(requests[number % len(requests)])
    thread = threading.Thread(target=crowd.linger)
    thread.start()
    try:
        yield crowd.seen
    finally:
        crowd.over.set()
        thread.join()


class _Crowd:
    def __init__(self, port: int) -> None:
        self.seen: Counter[str] = Counter()
        self.over = threading.Event()
        self._port = port
        self._connections = selectors.DefaultSelector()
        self._dropped: list[bytes] = []

    def connect(self, request: bytes) -> None:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.sendall(request)
        connection.settimeout(0)
        self._connections.register(connection, selectors.EVENT_READ, request)
        self.seen["connected"] += 1

    def linger(self) -> None:
        next_byte_at = time.monotonic() + BYTE_SECONDS
        while not self.over.is_set():
            for key, _ in self._connections.select(_LOOK_SECONDS):
                self._receive(key)
            if time.monotonic() >= next_byte_at:
                next_byte_at += BYTE_SECONDS
                # Not at once: a client that reconnects at once would be a flood, not slow.
                while self._dropped:
                    self.connect(self._dropped.pop())
                for key in self._all():
                    # Only receiving shows whether it was dropped.
                    with suppress(OSError):
                        key.fileobj.send(b"x")  # type: ignore[union-attr]
        for key in self._all():
            self._drop(key)

    def _all(self) -> list[selectors.SelectorKey]:
        return list(self._connections.get_map().values())

    def _receive(self, key: selectors.SelectorKey) -> None:
        try:
            received = key.fileobj.recv(4096)  # type: ignore[union-attr]
        except OSError:
            received = b""
        if received.startswith(b"HTTP/1.1 "):
            self.seen[received[9:12].decode()] += 1
        if not received:
            self._drop(key)
            self._dropped.append(key.data)

    def _drop(self, key: selectors.SelectorKey) -> None:
        self._connections.unregister(key.fileobj)
        key.fileobj.close()  # type: ignore[union-attr]
