"""The n-th RPC fails: in the transport, below everything the service knows."""

import os
import signal
import sys
from collections.abc import Mapping
from enum import StrEnum

from database.connection import Transport
from database.http_answers import Answer
from orders.outcome import StoreUnavailable
from tests.support.counted_rpcs import RpcCounter, name_of


class Fault(StrEnum):
    NOT_SENT = "not sent"
    """The request never leaves."""
    ANSWER_LOST = "answer lost"
    """The server does it, but no answer arrives: an ambiguous commit. The service repeats it, and it is refused."""
    ANSWERS_LOST = "answers lost"
    """The second try has no answer either."""
    OUTAGE = "outage"
    """Neither this request nor any later one leaves."""
    DEATH_BEFORE = "death before"
    """The process is killed before the request leaves."""
    DEATH_AFTER = "death after"
    """The process is killed once the server has done it."""


class FaultyTransport(RpcCounter):
    """Counts RPCs from 1, and makes one fail. Without a fault it only counts."""

    def __init__(self, transport: Transport, at: int = 0, fault: Fault | None = None) -> None:
        super().__init__(transport)
        self.at, self.fault = at, fault

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        number = len(self.names) + 1
        if number not in self._struck():
            return super().post(path, body, headers, seconds=seconds)
        if self.fault is Fault.DEATH_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault in (Fault.NOT_SENT, Fault.OUTAGE):
            self.names.append(name_of(path))
        else:
            super().post(path, body, headers, seconds=seconds)
        if self.fault is Fault.DEATH_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        raise StoreUnavailable("injected")

    def _struck(self) -> range:
        """The numbers of the failing RPCs."""
        match self.fault:
            case None:
                return range(0)
            case Fault.OUTAGE:
                return range(self.at, sys.maxsize)
            case Fault.ANSWERS_LOST:
                return range(self.at, self.at + 2)
            case _:
                return range(self.at, self.at + 1)
