"""Stands in for a provider of messages: it takes what the provider documents, and answers as a test says.

What it must not be asked, it refuses as the provider would, so that a test which sends that fails.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tests.support.scripted_server import Hangup, Request, ScriptedServer, http_answer, listening


class Trouble(Enum):
    """What becomes of an answer although the provider has done what it was asked for."""

    CUT_OFF = auto()
    """The connection ends before it."""
    LATE = auto()
    """It never comes."""
    GARBAGE = auto()
    """Somebody in between answers instead."""


class Refusal(Exception):
    """The provider does not take this request."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer.decode(errors="replace"))
        self.answer = answer


@dataclass
class Provider:
    """What it took is in `taken`, once for each time that it took it."""

    take: Callable[[Request], tuple[Any, bytes]]
    """What a request asks for, and the answer to it. Raises Refusal."""
    taken: list[Any] = field(default_factory=list)
    script: list[bytes | Trouble] = field(default_factory=list)
    """What the next requests meet with: these answers in the place of being taken, or trouble after it."""
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
