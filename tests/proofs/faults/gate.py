"""The gate to a server that is about to be killed: in the gRPC channel, below everything the client library knows.

A snapshot lacks whatever is committed after it, but a database loses nothing that it has acknowledged. So the server
goes in two steps: first it still does its commits, but their answers are lost; then nothing reaches it any more, and
the snapshot is complete.
"""

import threading
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import grpc

from tests.proofs.faults.interceptor import Unavailable


class _State(Enum):
    OPEN = auto()
    ANSWERS_LOST = auto()
    CLOSED = auto()


class Gate(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Counts the commits that are in flight. Reads change nothing, so it does not wait for them."""

    def __init__(self) -> None:
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

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        with self._changed:
            self._refuse_if_cut_off()
            self._commits_in_flight += 1
        is_done = False
        try:
            call = proceed(details, request)
            is_done = call.exception() is None  # Waits until the server has answered.
        finally:
            is_answered = self._end_of_commit(is_done=is_done)
        if not is_answered:
            raise Unavailable
        return call

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        with self._changed:
            self._refuse_if_cut_off()
        return proceed(details, request)

    def _refuse_if_cut_off(self) -> None:
        if self._state is _State.CLOSED or threading.get_ident() in self._cut_off:
            raise Unavailable

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
