"""Connections are kept while they work, and replaced when they do not."""

import gc
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from select import select
from urllib.parse import urlsplit

import pytest

from database import http_answers, kept_connections
from database.errors import AnswerTooLarge
from database.http_answers import Answer
from database.kept_connections import KeptConnections
from orders.outcome import StoreUnavailable
from tests.support.scripted_server import Hangup, Request, ScriptedServer, http_answer, listening

DONE = http_answer(b"done")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with listening(ScriptedServer(lambda _: [DONE])) as server:
        yield server


def post(connections: KeptConnections, *, seconds: float = 5) -> Answer:
    return connections.post("/path?query", b"body", {"Authorization": "Bearer token"}, seconds=seconds)


def test_one_connection_serves_calls_that_follow_one_another(server: ScriptedServer) -> None:
    connections = KeptConnections(server.origin)
    assert [post(connections) for _ in range(3)] == [Answer(200, b"done")] * 3
    assert server.connections == 1
    assert {(request.path, request.body, request.headers["Authorization"]) for request in server.requests} == {
        ("/path?query", b"body", "Bearer token")
    }


def test_an_answer_that_ends_its_connection_is_whole(server: ScriptedServer) -> None:
    server.answer = lambda _: [http_answer(b"done", 200, "Connection: close")]
    connections = KeptConnections(server.origin)
    assert [post(connections), post(connections)] == [Answer(200, b"done")] * 2
    assert server.connections == 2


def test_an_answer_that_is_too_large_is_not_read_to_its_end_and_its_connection_is_not_kept(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answers, "ANSWER_BYTES_MAX", 1_000)
    connections, answers = KeptConnections(server.origin), [b"x" * 1_000, b"x" * 1_001]
    server.answer = lambda _: [http_answer(answers.pop(0))]
    assert post(connections).body == b"x" * 1_000
    with pytest.raises(AnswerTooLarge, match="more than 1000 bytes"):
        post(connections)
    assert not connections._idle


def test_each_address_of_a_server_has_its_share_of_the_time(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 443))
    live = socket.getaddrinfo("localhost", urlsplit(server.origin).port, type=socket.SOCK_STREAM)[0]
    asked = list[tuple[str, float]]()

    def reached(address: tuple[str, int], seconds: float) -> socket.socket:
        asked.append((address[0], seconds))
        if address[0] == dead[-1][0]:
            raise TimeoutError("timed out")
        connected = socket.socket(live[0])
        connected.connect(live[-1])
        return connected

    found = [dead, live]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", reached)
    assert post(KeptConnections(server.origin), seconds=10).code == 200
    assert [address for address, _ in asked] == [dead[-1][0], live[-1][0]]
    assert asked[0][1] <= 5 < asked[1][1] <= 10


@pytest.mark.parametrize("code", [302, 429, 503])
def test_an_answer_of_any_code_is_an_answer_and_nothing_is_sent_twice(server: ScriptedServer, code: int) -> None:
    server.answer = lambda _: [http_answer(b"no", code, "Location: /elsewhere", "Retry-After: 0")]
    assert post(KeptConnections(server.origin)) == Answer(code, b"no")
    assert len(server.requests) == 1


def dripping(server: ScriptedServer) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    while not server.stopped.wait(0.001):
        yield b"x"


def broken_off(_: ScriptedServer) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ndo\r\n"
    raise Hangup


def ended(_: ScriptedServer) -> Iterator[bytes]:
    yield b""
    raise Hangup


def cut_short(_: ScriptedServer) -> Iterator[bytes]:
    yield DONE[:-1]
    raise Hangup


TROUBLES: dict[str, Callable[[ScriptedServer], Iterable[bytes]]] = {
    "is cut short": cut_short,
    "hangs": ScriptedServer.hang,
    "drips": dripping,
    "breaks off": broken_off,
    "ends": ended,
    "babbles": lambda _: [b"\0\r\n\r\n"],
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_connection_that_fails_is_replaced_with_all_that_are_kept(
    server: ScriptedServer, trouble: Callable[[ScriptedServer], Iterable[bytes]]
) -> None:
    connections = two_kept(server)
    server.answer, began_at = lambda _: trouble(server), time.monotonic()
    with pytest.raises(StoreUnavailable):
        post(connections, seconds=0.1)
    assert time.monotonic() - began_at < 1
    assert len(server.requests) == 3, "nothing is sent twice"
    server.answer = lambda _: [DONE]
    assert post(connections) == Answer(200, b"done")
    assert server.connections == 3


def test_a_connection_that_the_server_has_closed_is_not_used_again(server: ScriptedServer) -> None:
    def last(_: Request) -> Iterator[bytes]:
        yield DONE
        raise Hangup

    server.answer, connections = last, KeptConnections(server.origin)
    post(connections)
    ((kept, _),) = connections._idle
    assert select([kept], [], [], 5) == ([kept], [], []), "the end of the connection has arrived"
    assert post(connections) == Answer(200, b"done")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_takes_no_connection_up_is_not_waited_for(scheme: str) -> None:
    with socket.create_server(("localhost", 0)) as nobody:
        began_at = time.monotonic()
        with pytest.raises(StoreUnavailable, match="timed out"):
            post(KeptConnections(f"{scheme}://localhost:{nobody.getsockname()[1]}"), seconds=0.1)
        assert time.monotonic() - began_at < 1


def test_connections_that_were_idle_for_long_are_not_used_again(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = KeptConnections(server.origin)
    post(connections)
    monkeypatch.setattr(kept_connections, "IDLE_SECONDS_MAX", 0)
    assert post(connections) == Answer(200, b"done")
    assert server.connections == 2


def test_nobody_who_listens_is_no_answer(server: ScriptedServer) -> None:
    with pytest.raises(StoreUnavailable, match="refused"):
        post(KeptConnections("http://127.0.0.1:1"))


def test_connections_in_a_cycle_of_garbage_are_closed_also_those_that_are_older_than_what_keeps_them(
    server: ScriptedServer,
) -> None:
    connection = socket.create_connection(("127.0.0.1", int(server.origin.rpartition(":")[2])))
    connections = KeptConnections(server.origin)
    connections._idle.append((connection, time.monotonic()))
    cycle: list[object] = [connections]
    cycle.append(cycle)
    gone = weakref.ref(connection)
    del connection, connections, cycle
    gc.collect()
    assert gone() is None


def two_kept(server: ScriptedServer) -> KeptConnections:
    """Both calls are made before either is answered."""
    both, connections = threading.Barrier(2), KeptConnections(server.origin)

    def together(_: Request) -> Iterator[bytes]:
        both.wait(5)
        yield DONE

    server.answer = together
    with ThreadPoolExecutor(2) as callers:
        assert list(callers.map(lambda _: post(connections), range(2))) == [Answer(200, b"done")] * 2
    assert server.connections == 2
    return connections
