"""Stands in for a message provider: accepts what the provider documents, and answers as the test says.

It refuses what the provider would refuse, so that a test which sends that fails.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tests.support.scripted_server import Hangup, Request, ScriptedServer, http_answer, listening


class Trouble(Enum):
    """What happens to an answer, although the provider did what it was asked."""

    CUT_OFF = auto()
    """The connection ends before the answer."""
    LATE = auto()
    """The answer never comes."""
    GARBAGE = auto()
    """A server in between answers instead."""


class Refusal(Exception):
    """The provider refuses the request."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer.decode(errors="replace"))
        self.answer = answer


@dataclass
class Provider:
    """Each message that it accepts is in `taken`, as often as it is accepted."""

    take: Callable[[Request], tuple[Any, bytes]]
    """Reads a request: what it asks for, and the answer. Raises Refusal."""
    taken: list[Any] = field(default_factory=list)
    script: list[bytes | Trouble] = field(default_factory=list)
    """For the next requests: an answer instead of accepting, or trouble after accepting."""
    origin: str = ""

    def answer(self, request: Request, server: ScriptedServer) -> Iterable[bytes]:
        scripted = self.script.pop(0) if self.script else None
        if isinstance(scripted, bytes):
            return [scripted]
        try:
            asked, answer = self.take(request)
        except Refusal as refusal:
            return [refusal.answer]
        self.taken.append(asked)
        match scripted:
            case Trouble.CUT_OFF:
                raise Hangup
            case Trouble.LATE:
                return server.hang()
            case Trouble.GARBAGE:
                return [http_answer(b"<html>\xff come back later</html>")]
            case _:
                return [answer]


@contextmanager
def open_for_requests(provider: Provider) -> Iterator[Provider]:
    server = ScriptedServer(lambda request: provider.answer(request, server))
    with listening(server):
        provider.origin = server.origin
        yield provider


def json_answer(code: int, content: object, *headers: str) -> bytes:
    return http_answer(json.dumps(content).encode(), code, "Content-Type: application/json", *headers)
