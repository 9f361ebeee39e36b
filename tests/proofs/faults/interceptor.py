"""The n-th RPC goes wrong: in the gRPC channel, below everything the client library knows."""

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Never

import grpc


class Fault(StrEnum):
    NOT_SENT = "not sent"
    """The request never leaves."""
    ANSWER_LOST = "answer lost"
    """The server does all of it, but there is no answer: the ambiguous commit."""
    OUTAGE = "outage"
    """Neither this request nor any later one leaves."""
    DEATH_BEFORE = "death before"
    """The process is killed before the request leaves."""
    DEATH_AFTER = "death after"
    """The process is killed once the server has done all of it."""


class Unavailable(grpc.RpcError, grpc.Call):
    """What gRPC raises when a server cannot be reached; interceptors pass it on in place of the call."""

    def result(self, timeout: float | None = None) -> Never:
        raise self

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "injected"

    def initial_metadata(self) -> tuple[()]:
        return ()

    def trailing_metadata(self) -> tuple[()]:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> float:
        return 0.0

    def cancel(self) -> bool:
        return False

    def add_callback(self, callback: Callable[[], None]) -> bool:
        del callback
        return False


class FaultyChannel(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Counts RPCs from 1, and makes one go wrong. Without a fault it only counts."""

    def __init__(self, at: int = 0, fault: Fault | None = None) -> None:
        self.at, self.fault = at, fault
        self.names: list[str] = []

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        def send() -> Any:
            call = proceed(details, request)
            call.exception()  # Waits until the server has answered.
            return call

        return self._call(send, details)

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        return self._call(lambda: proceed(details, request), details)

    def _call(self, send: Callable[[], Any], details: Any) -> Any:
        self.names.append(str(details.method).rpartition("/")[2])
        number = len(self.names)
        if self.fault is Fault.OUTAGE and number >= self.at:
            raise Unavailable
        if self.fault is None or number != self.at:
            return send()
        if self.fault is Fault.NOT_SENT:
            raise Unavailable
        if self.fault is Fault.DEATH_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        send()
        if self.fault is Fault.DEATH_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Unavailable
