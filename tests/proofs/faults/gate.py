"""The gate to a server that is about to be killed, at the gRPC channel where the client library cannot know of it.

A snapshot lacks what is committed after it, and a database loses nothing that it has acknowledged. So a server goes in
two steps: first it still does what is committed and nobody hears of it, then nothing reaches it any more, and the
snapshot is whole.
"""

import threading
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import grpc

from tests.proofs.faults.interceptor import Unavailable


class _State(Enum):
    OPEN = auto()
    DEAF = auto()
    CLOSED = auto()


class Gate(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Counts the commits that are on their way. Reads change nothing: nobody waits for them."""

    def __init__(self) -> None:
        self.commits_unheard = 0
        """Commits that were done, and whose sender was told that there is no answer."""
        self._changed = threading.Condition()
        self._state = _State.OPEN
        self._commits_in_flight = 0
        self._cut_off: set[int] = set()

    def lose_answers(self, *, commits: int, seconds_max: float) -> None:
        """From now on nobody hears that a commit was done, nor anything after it; returns when so many went unheard.

        Or when time is out.
        """
        with self._changed:
            self._state = _State.DEAF
            wanted = self.commits_unheard + commits
            self._changed.wait_for(lambda: self.commits_unheard >= wanted, seconds_max)

    def close(self) -> None:
        """From now on nothing leaves; returns when the server has done all that had left."""
        with self._changed:
            self._state = _State.CLOSED
            self._changed.wait_for(lambda: not self._commits_in_flight)

    def open(self) -> None:
        with self._changed:
            self._state = _State.OPEN
            self._cut_off.clear()

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        with self._changed:
            self._refuse_who_is_cut_off()
            self._commits_in_flight += 1
        is_done = False
        try:
            call = proceed(details, request)
            is_done = call.exception() is None  # Waits until the server has answered.
        finally:
            is_heard = self._answered(is_done=is_done)
        if not is_heard:
            raise Unavailable
        return call

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        with self._changed:
            self._refuse_who_is_cut_off()
        return proceed(details, request)

    def _refuse_who_is_cut_off(self) -> None:
        if self._state is _State.CLOSED or threading.get_ident() in self._cut_off:
            raise Unavailable

    def _answered(self, *, is_done: bool) -> bool:
        """Whether whoever sent it may know."""
        with self._changed:
            is_heard = self._state is _State.OPEN
            self._commits_in_flight -= 1
            if not is_heard:
                self._cut_off.add(threading.get_ident())
                self.commits_unheard += is_done
            self._changed.notify_all()
            return is_heard
