"""A connection to Firestore that counts every RPC in its transport."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from database.connection import Connection, Transport, connect
from database.http_answers import Answer

_Transport = TypeVar("_Transport", bound=Transport)


class RpcCounter:
    """A transport that notes the name of every RPC."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.names: list[str] = []

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        self.names.append(name_of(path))
        return self._transport.post(path, body, headers, seconds=seconds)


def name_of(path: str) -> str:
    """The name of this path's RPC: the last word."""
    return path.rpartition(":")[2].partition("?")[0]


def counted(project: str) -> tuple[Connection, RpcCounter]:
    return connected_through(RpcCounter, project)


def connected_through(transport_on: Callable[[Transport], _Transport], project: str) -> tuple[Connection, _Transport]:
    """A connection to the emulator through a transport of the caller's, and that transport."""
    connection = connect(project)
    transport = transport_on(connection.transport)
    return replace(connection, transport=transport), transport
