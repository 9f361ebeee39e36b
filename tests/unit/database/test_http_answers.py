"""Parsing HTTP answers, however their bytes arrive, and what is not an answer."""

import pytest

from database import http_answers
from database.errors import AnswerTooLarge
from database.http_answers import HEAD_BYTES_MAX, Answer, Incoming, NotAnAnswer, answer_in

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(received: bytes, piece: int = 1 << 20) -> tuple[Answer, bool]:
    """What is parsed if this many bytes arrive at a time, and then nothing more."""
    pieces = iter([received[at : at + piece] for at in range(0, len(received), piece)])
    return answer_in(Incoming(lambda: next(pieces, b"")))


ANSWERS = {
    OK + b"Content-Length: 4\r\n\r\ndone": (Answer(200, b"done"), True),
    b"HTTP/1.1 204\r\ncontent-length:0\r\n\r\n": (Answer(204, b""), True),
    CHUNKED + b"2\r\ndo\r\n2;of=what\r\nne\r\n0\r\n\r\n": (Answer(200, b"done"), True),
    CHUNKED + b"A\r\n\r\n23456\r\n9\r\n0\r\nWhen: now\r\nWhat: this\r\n\r\n": (Answer(200, b"\r\n23456\r\n9"), True),
    b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\n.": (Answer(200, b"."), True),
    # Their connections cannot be reused.
    OK + b"CONNECTION: Close\r\nContent-Length: 4\r\n\r\ndone": (Answer(200, b"done"), False),
    b"HTTP/1.0 503 No\r\nContent-Length: 2\r\n\r\nno": (Answer(503, b"no"), False),
}


@pytest.mark.parametrize(("received", "means"), ANSWERS.items())
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_an_answer_is_whole_however_it_arrives(received: bytes, means: tuple[Answer, bool], piece: int) -> None:
    assert read(received, piece) == means


@pytest.mark.parametrize("received", ANSWERS)
def test_an_answer_that_breaks_off_is_none(received: bytes) -> None:
    for at in range(len(received)):
        with pytest.raises(NotAnAnswer):
            read(received[:at])


def test_nothing_can_follow_an_answer_that_is_longer_than_it_says() -> None:
    assert read(OK + b"Content-Length: 4\r\n\r\ndone?") == (Answer(200, b"done"), False)


@pytest.mark.parametrize(
    "received",
    [
        *(b"\0\r\n\r\n", b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
        # Without a length, only the connection's end shows where it ends, or nothing does.
        *(OK + b"\r\ndone", OK + b"Content-Length: many\r\n\r\n", OK + b"Content-Length: -1\r\n\r\ndone"),
        *(CHUNKED + b"2\r\ndone\r\n0\r\n\r\n", CHUNKED + b"\r\n", CHUNKED + b"x\r\n", CHUNKED + b"-2\r\n"),
    ],
    ids=lambda received: ascii(received[:60]),
)
def test_what_is_not_http_or_has_no_end_is_no_answer(received: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        read(received)


@pytest.mark.parametrize("begun", [OK + b"X: ", CHUNKED])
def test_a_line_without_end_is_not_waited_for(begun: bytes) -> None:
    with pytest.raises(NotAnAnswer, match=f"within {HEAD_BYTES_MAX} bytes"):
        read(begun + b"1" * 2 * HEAD_BYTES_MAX, 1_000)


def test_a_head_can_be_as_long_as_may_be() -> None:
    head = (OK + b"Content-Length: 0\r\nX: ").ljust(HEAD_BYTES_MAX, b"x")
    assert read(head + b"\r\n\r\n", HEAD_BYTES_MAX) == (Answer(200, b""), True)


@pytest.mark.parametrize("as_sent", ["in one", "in chunks"])
def test_a_too_large_answer_is_read_only_up_to_the_limit(as_sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answers, "ANSWER_BYTES_MAX", 1_000)

    def sent(size: int) -> bytes:
        if as_sent == "in one":
            return OK + f"Content-Length: {size}\r\n\r\n".encode() + b"x" * size
        return CHUNKED + b"1\r\nx\r\n" + f"{size - 1:x}\r\n".encode() + b"x" * (size - 1) + b"\r\n0\r\n\r\n"

    assert len(read(sent(1_000))[0].body) == 1_000
    with pytest.raises(AnswerTooLarge, match="more than 1000 bytes"):
        read(sent(1_001)[:-500])
