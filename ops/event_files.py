"""Parses Stripe's events from a file, as written by its API, command line or dashboard. Pure."""

import json
from collections.abc import Iterator
from typing import Final

from webhooks.stripe_fields import Json

_EVENTS: Final = ("event", "v2.core.event")


class NoEvents(ValueError):
    """The text contains something else than events. The message says where, and quotes nothing."""


def events_in(text: str) -> tuple[Json, ...]:
    """All events in the text: one object, several one after the other (JSON Lines), or lists of them.

    Raises:
        NoEvents: it contains something else.
    """
    return tuple(event for value in _values_in(text) for event in _events_of(value))


def _values_in(text: str) -> Iterator[object]:
    decoder, position = json.JSONDecoder(), 0
    while rest := text[position:].lstrip():
        start = len(text) - len(rest)
        try:
            value, position = decoder.raw_decode(text, start)
        except ValueError:
            raise NoEvents(f"line {_line_of(text, start)} does not begin complete JSON") from None
        yield value


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _events_of(value: object) -> Iterator[Json]:
    match value:
        case list(values) | {"object": "list", "data": list(values)}:
            for each in values:
                yield from _events_of(each)
        case {"object": kind} if isinstance(value, dict) and kind in _EVENTS:
            yield value
        case _:
            raise NoEvents("it contains something that is not a Stripe event")
