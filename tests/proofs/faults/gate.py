"""The gate to a server that is about to be killed: in the transport, below everything the service knows.

A snapshot lacks whatever is committed after it, but a database loses nothing that it has acknowledged. So the server
goes in two steps: first it still does its commits, but their answers are lost; then nothing reaches it any more, and
the snapshot is complete.
"""

import threading
from collections.abc import Mapping
from enum import Enum, auto
from http import HTTPStatus

from database.connection import Transport
from database.kept_connections import Answer
from orders.outcome import StoreUnavailable
from tests.support.counted_rpcs import name_of


class _State(Enum):
    OPEN = auto()
    ANSWERS_LOST = auto()
    CLOSED = auto()


class Gate:
    """Counts the commits that are in flight. Reads change nothing, so it does not wait for them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.commits_unanswered = 0
        """Commits that were done, but whose sender got no answer."""
        self._changed = threading.Condition()
        self._state = _State.OPEN
        self._commits_in_flight = 0
        self._cut_off: set[int] = set()

    def lose_answers(self, *, commits: int, seconds_max: float) -> None:
        """From now on no sender of a commit gets an answer, to that or anything later.

        Returns when so many commits were done without an answer, or when time is out.
        """
        with self._changed:
            self._state = _State.ANSWERS_LOST
            wanted = self.commits_unanswered + commits
            self._changed.wait_for(lambda: self.commits_unanswered >= wanted, seconds_max)

    def close(self) -> None:
        """From now on nothing is sent. Returns when the server has done everything that was."""
        with self._changed:
            self._state = _State.CLOSED
            self._changed.wait_for(lambda: not self._commits_in_flight)

    def open(self) -> None:
        with self._changed:
            self._state = _State.OPEN
            self._cut_off.clear()

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        is_commit = name_of(path) == "commit"
        with self._changed:
            self._refuse_if_cut_off()
            self._commits_in_flight += is_commit
        is_done = False
        try:
            answer = self._transport.post(path, body, headers, seconds=seconds)
            is_done = answer.code == HTTPStatus.OK
        finally:
            is_answered = not is_commit or self._end_of_commit(is_done=is_done)
        if not is_answered:
            raise StoreUnavailable("injected")
        return answer

    def _refuse_if_cut_off(self) -> None:
        if self._state is _State.CLOSED or threading.get_ident() in self._cut_off:
            raise StoreUnavailable("injected")

    def _end_of_commit(self, *, is_done: bool) -> bool:
        """Whether its sender gets the answer."""
        with self._changed:
            is_answered = self._state is _State.OPEN
            self._commits_in_flight -= 1
            if not is_answered:
                self._cut_off.add(threading.get_ident())
                self.commits_unanswered += is_done
            self._changed.notify_all()
            return is_answered
