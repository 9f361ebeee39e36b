"""A provider is called once, within seconds, and no error contains anything of the request."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from effects.outside import Failed
from notifications.posting import Answer, Post, answer_to, answers_to
from tests.support.scripted_server import Hangup, Request, ScriptedServer, http_answer, listening

Answering = Callable[[Request], Iterable[bytes]]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.posting.ANSWER_SECONDS_MAX", 0.5)


def a_post(server: ScriptedServer, path: str = "/secret") -> Post:
    return Post(f"{server.origin}{path}", b"words", {"Authorization": "Bearer secret"})


def asked(answering: Answering, path: str = "/secret") -> Answer:
    with listening(ScriptedServer(answering)) as server:
        return answer_to(a_post(server, path), "the provider")


def test_the_whole_answer_is_given_whatever_it_is() -> None:
    answer = asked(lambda request: [http_answer(b'{"a": 1}', 418, "Retry-After: 7")])
    assert (answer.code, answer.fields, answer.retry_after) == (418, {"a": 1}, timedelta(seconds=7))


def test_a_code_whose_body_breaks_off_still_counts() -> None:
    def broken_off(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{"
        raise Hangup

    assert asked(broken_off).code == HTTPStatus.CREATED


def test_only_the_beginning_of_an_endless_body_is_read() -> None:
    def endless(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
        while True:
            yield b"x" * 4096

    assert len(asked(endless).body) < 100_000


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for() -> None:
    def dripping(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while not server.stopped.wait(0.02):
            yield b"X-Padding: x\r\n"

    server = ScriptedServer(dripping)
    with listening(server), pytest.raises(Failed, match="Timeout"):
        answer_to(a_post(server), "the provider")


def test_an_error_says_nothing_of_what_was_sent_or_where() -> None:
    with listening(ScriptedServer(lambda request: [])) as server:
        gone = a_post(server)
    with pytest.raises(Failed) as failed:
        answer_to(gone, "the provider")
    assert (str(failed.value), failed.value.retryable) == ("the provider does not answer: ConnectionError", True)
    assert repr(gone) == "Post()"


def test_each_is_asked_once_and_one_that_fails_spoils_no_other() -> None:
    def every_other(request: Request) -> Iterable[bytes]:
        if not request.path.endswith("0"):
            raise Hangup
        return [http_answer(b"")]

    with listening(ScriptedServer(every_other)) as server:
        answers = answers_to([a_post(server, f"/{number}") for number in (10, 11, 20)], "the provider")
        assert [type(answer) for answer in answers] == [Answer, Failed, Answer]
        assert len(server.requests) == 3
        assert answers_to([], "the provider") == []


def test_neither_a_password_file_nor_a_proxy_of_the_environment_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert asked(lambda request: [http_answer(request.headers["Authorization"].encode())]).body == b"Bearer secret"


def test_no_redirect_takes_the_secret_elsewhere() -> None:
    answer = asked(lambda request: [http_answer(b"", 302 if request.path == "/secret" else 200, "Location: /other")])
    assert (answer.code, answer.is_success, answer.is_passing) == (302, False, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 99_999])
def test_whatever_is_no_object_has_no_fields(body: bytes) -> None:
    assert Answer(200, body).fields == {}


def test_only_what_passes_can_be_helped_by_another_try() -> None:
    assert [code for code in (200, 302, 400, 404, 408, 429, 500, 503) if Answer(code).is_passing] == [
        408,
        429,
        500,
        503,
    ]
