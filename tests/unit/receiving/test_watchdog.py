"""How long a client is waited for, and what happens to its connection then."""

import contextlib
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from receiving.watchdog import Watchdog, end_receiving
from tests.support.settling import Clock

LONG = 60.0
"""Seconds that no test really waits."""


class Connection(socket.socket):
    """Records how it was shut down."""

    def __init__(self) -> None:
        super().__init__()
        self.close()
        self.shut: list[int] = []

    def shutdown(self, how: int) -> None:
        self.shut.append(how)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watchdog(clock: Clock) -> Watchdog:
    return Watchdog(clock.monotonic, patient_max=2)


def is_cut_off(clock: Clock, watchdog: Watchdog, *, seconds: float, seconds_max: float) -> bool:
    """Whether a connection that takes these seconds, of at most these, is cut off."""
    connection = Connection()
    with contextlib.suppress(TimeoutError), watchdog.watching(connection, seconds_max):
        clock.sleep(seconds)
        watchdog.end_overdue()
    assert connection.shut in ([], [socket.SHUT_RD])
    return bool(connection.shut)


@pytest.mark.parametrize(("seconds", "cut_off"), [(4.9, False), (5.0, True), (9.0, True)])
def test_receiving_ends_when_the_time_is_up(clock: Clock, watchdog: Watchdog, seconds: float, *, cut_off: bool) -> None:
    assert is_cut_off(clock, watchdog, seconds=seconds, seconds_max=5.0) == cut_off


def test_a_cut_off_client_is_told_so_and_watched_no_longer(clock: Clock, watchdog: Watchdog) -> None:
    def receive() -> None:
        with watchdog.watching(Connection(), 5.0):
            clock.sleep(5.0)
            assert watchdog.end_overdue() is None
            raise ValueError("an incomplete chunk")

    with pytest.raises(TimeoutError):
        receive()


def test_a_client_that_is_in_time_is_left_alone_afterwards(clock: Clock, watchdog: Watchdog) -> None:
    connection = Connection()
    with watchdog.watching(connection, 5.0):
        pass
    clock.sleep(5.0)
    assert watchdog.end_overdue() is None
    assert connection.shut == []


def test_an_error_of_the_block_passes(watchdog: Watchdog) -> None:
    with pytest.raises(ValueError, match="broken"), watchdog.watching(Connection(), 5.0):
        raise ValueError("broken")


def test_while_many_are_waited_for_others_get_a_quarter_of_a_second(clock: Clock, watchdog: Watchdog) -> None:
    with watchdog.watching(Connection(), LONG):
        assert not is_cut_off(clock, watchdog, seconds=0.25, seconds_max=5.0)
        with watchdog.watching(Connection(), LONG):
            assert not is_cut_off(clock, watchdog, seconds=0.2, seconds_max=5.0)
            assert is_cut_off(clock, watchdog, seconds=0.25, seconds_max=5.0)
            assert is_cut_off(clock, watchdog, seconds=0.1, seconds_max=0.1)
        assert not is_cut_off(clock, watchdog, seconds=0.25, seconds_max=5.0)


def test_it_looks_again_when_the_next_time_is_up(clock: Clock, watchdog: Watchdog) -> None:
    with watchdog.watching(Connection(), 8.0), watchdog.watching(Connection(), 5.0):
        clock.sleep(1.0)
        assert watchdog.end_overdue() == 4.0


def test_it_is_woken_only_for_a_client_that_may_be_cut_off_earlier(
    watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[float] = []
    monkeypatch.setattr(watchdog._changed, "notify", lambda: woken.append(watchdog._looks_at))
    with ExitStack() as watched:
        for seconds in (9.0, 9.0):
            watched.enter_context(watchdog.watching(Connection(), seconds))
    assert len(woken) == 1


def test_a_connection_that_is_gone_is_no_error() -> None:
    with socket.socket() as connection:
        pass
    end_receiving(connection)


@pytest.mark.parametrize("others", [0, 1])
def test_a_thread_that_waits_is_told_that_nothing_more_comes(others: int) -> None:
    watchdog = Watchdog(time.monotonic, patient_max=2)
    with ExitStack() as watched:
        for _ in range(others):
            watched.enter_context(watchdog.watching(Connection(), LONG))
        assert received_from_a_silent_client(watchdog) == [b"{", b""]
        # By now the watchdog waits for the others, or for none.
        assert received_from_a_silent_client(watchdog) == [b"{", b""]


def received_from_a_silent_client(watchdog: Watchdog) -> list[bytes]:
    """From a client that sends the beginning of a body and then only reads."""
    server, client = socket.socketpair()
    received = []
    with server, client:
        client.sendall(b"{")
        # If nothing ends it, the test fails instead of waiting for ever.
        server.settimeout(10)
        with contextlib.suppress(TimeoutError), watchdog.watching(server, 0.01):
            received.extend([server.recv(10), server.recv(10)])
        server.sendall(b"408")
        assert client.recv(10) == b"408"
    return received


def test_one_thread_watches_all_and_none_before_there_is_anything_to_watch() -> None:
    before = set(threading.enumerate())
    watchdog = Watchdog(time.monotonic, patient_max=2)
    assert set(threading.enumerate()) == before
    for _ in range(3):
        with watchdog.watching(Connection(), LONG):
            (thread,) = set(threading.enumerate()) - before
            # A server does not wait for daemon threads when it ends.
            assert (thread.name, thread.daemon) == ("watchdog", True)
