"""Describes how documents would change, field by field, for the command line and the console. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from database.rehearsal import Difference

_ITS_OWN_TRAIL: Final = ("operatorRequests/", "auditLog/", "webhookEvents/")
_NO_NEWS: Final = frozenset({"updatedAt", "auditHead", "auditCount"})
_FIRST: Final = ("orders/", "inventory/", "products/")
_SAYS_WHAT_IT_IS: Final = {"effects/": ("kind", "refund"), "notifications/": ("type",)}
"""The fields to show of a new effect or notice; the others are the same for each, and are in the data of --json."""
_TEXT_CHARACTERS_MAX: Final = 100

Row = tuple[str, str, str, str]
"""The path of a document, a field, and its text before and after."""


def rows_of(differences: Mapping[str, Difference]) -> Iterator[Row]:
    """The changed fields. Requests, claims and audit entries are left out, since every action writes them."""
    for path in sorted(differences, key=lambda each: (not each.startswith(_FIRST), each)):
        if path.startswith(_ITS_OWN_TRAIL):
            continue
        before, after = differences[path].before or {}, differences[path].after or {}
        for name in sorted(_names_to_show(path, before, after)):
            if before.get(name) != after.get(name):
                yield path, name, in_words(before.get(name)), in_words(after.get(name))


def _names_to_show(path: str, before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    names = {*before, *after} - _NO_NEWS
    said = next((said for folder, said in _SAYS_WHAT_IT_IS.items() if path.startswith(folder)), None)
    return names if before or said is None else names.intersection(said)


def in_words(value: object) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case Mapping():
            return _shortened(", ".join(f"{name}: {in_words(each)}" for name, each in value.items()))
        case list() | tuple():
            return _shortened("; ".join(map(in_words, value)) or "none")
        case _:
            return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _TEXT_CHARACTERS_MAX else f"{text[: _TEXT_CHARACTERS_MAX - 1]}…"
