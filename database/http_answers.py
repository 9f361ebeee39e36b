"""Parses an HTTP/1.1 server's answer to a POST: https://www.rfc-editor.org/rfc/rfc9112. Pure.

Python's own client supports more, and parses headers like those of a mail, for twice the processor time.
"""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

from database.errors import AnswerTooLarge

ANSWER_BYTES_MAX: Final = 2 * 1024 * 1024
"""For a body: room for a hundred products with all their fields. A customer can write an order of which each byte takes
twenty in JSON; and as Python's text, each byte of JSON may take four."""
HEAD_BYTES_MAX: Final = 64 * 1024
"""For all that comes before a body, and for each line between its chunks."""


class Answer(NamedTuple):
    code: int
    body: bytes


class NotAnAnswer(ValueError):
    """The answer is malformed or incomplete."""


class Incoming:
    """The bytes that arrive on a connection."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        """`receive` waits for more bytes; none means the end."""
        self._receive = receive
        self._buffer = b""

    def until(self, mark: bytes) -> bytes:
        """The bytes before the mark; the mark is consumed, too."""
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > HEAD_BYTES_MAX:
                raise NotAnAnswer(f"no end of a line or a head within {HEAD_BYTES_MAX} bytes")
            self._buffer += self._more()
        taken, self._buffer = self._buffer[:at], self._buffer[at + len(mark) :]
        return taken

    def exactly(self, size: int) -> bytes:
        parts, missing = [self._buffer], size - len(self._buffer)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        received = b"".join(parts)
        self._buffer = received[size:]
        return received[:size]

    @property
    def has_more(self) -> bool:
        """Whether more has arrived than was asked for."""
        return bool(self._buffer)

    def _more(self) -> bytes:
        if not (part := self._receive()):
            raise NotAnAnswer("the connection has ended before the answer")
        return part


def answer_in(incoming: Incoming) -> tuple[Answer, bool]:
    """The answer, and whether the connection can be used again.

    Raises:
        NotAnAnswer: the answer is malformed or incomplete.
        AnswerTooLarge: it is larger than ANSWER_BYTES_MAX; it was not read to its end.
    """
    version, code, headers = _head_in(incoming)
    while code < HTTPStatus.OK:
        # An interim answer, after which another follows: https://www.rfc-editor.org/rfc/rfc9110#section-15.2.
        version, code, headers = _head_in(incoming)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b"".join(_chunks_in(incoming))
    else:
        body = incoming.exactly(_bounded(_number_in(headers.get("content-length", ""), 10)))
    is_last = version != "HTTP/1.1" or "close" in headers.get("connection", "").lower()
    return Answer(code, body), not is_last and not incoming.has_more


def _head_in(incoming: Incoming) -> tuple[str, int, Mapping[str, str]]:
    """The version, the code, and the headers by their lower-case names."""
    status, *lines = incoming.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
    version, _, rest = status.partition(" ")
    if not version.startswith("HTTP/1."):
        raise NotAnAnswer("the answer is not HTTP/1")
    headers = (line.partition(":") for line in lines)
    return version, _number_in(rest.partition(" ")[0], 10), {name.lower(): value.strip() for name, _, value in headers}


def _chunks_in(incoming: Incoming) -> Iterator[bytes]:
    size_of_all = 0
    while size := _number_in(incoming.until(b"\r\n").partition(b";")[0].decode("latin-1"), 16):
        size_of_all = _bounded(size_of_all + size)
        yield incoming.exactly(size)
        if incoming.until(b"\r\n"):
            raise NotAnAnswer("a chunk is longer than its size")
    while incoming.until(b"\r\n"):
        """Skip trailers."""


def _bounded(size: int) -> int:
    if size > ANSWER_BYTES_MAX:
        raise AnswerTooLarge(f"an answer has more than {ANSWER_BYTES_MAX} bytes")
    return size


def _number_in(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        number = -1
    if number < 0:
        raise NotAnAnswer("the answer has no status, or no length")
    return number
