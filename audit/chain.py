r"""Chains the audit entries of an order: each has its number, its hash, and the hash of the one before it. Pure.

Anybody can check a chain, in any language. The hash is SHA-256 over the entry's canonical form, in UTF-8; `hash` is
written in 64 lower-case hexadecimal digits. The canonical form is one line of JSON, without a line feed:

- an object of all the entry's fields but `hash`, so `sequence` and `previousHash` are among them;
- in every object, names sorted by code point; no spaces between tokens;
- a JSON string, in which only `"`, `\` and the characters below U+0020 are escaped: as `\b`, `\f`, `\n`, `\r` and `\t`,
  all others as `\u` and four lower-case hexadecimal digits;
- a number is an integer, in decimal digits; no field holds any other;
- a time is a string, in UTC with microseconds: `2026-03-14T15:09:26.000000Z`. Firestore stores times with exactly this
  precision, so what is read is what was hashed;
- `null`, `true`, `false`, arrays and objects as JSON has them.

For numbers within ±(2^53 - 1) this is RFC 8785. The first entry has `sequence` 1 and `previousHash` null. Every next
one counts one more, and names the hash of the one before it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from orders.frozen import frozen

HASH_DIGITS: Final = 64


@frozen
class Head:
    """The latest entry of a chain."""

    count: int
    """How many entries the chain has, which is also the latest one's number."""
    hash: str


def chained(fields: Mapping[str, object], head: Head | None) -> dict[str, object]:
    """The fields of the next entry in the chain, with its place in it.

    Args:
        head: the end of the chain; None for the first entry.
    """
    place = {"sequence": head.count + 1 if head else 1, "previousHash": head.hash if head else None}
    placed = {**fields, **place}
    return {**placed, "hash": hash_of(placed)}


def hash_of(fields: Mapping[str, object]) -> str:
    """The hash that an entry with these fields must have; its own `hash` field is ignored.

    Raises:
        TypeError: a value has a type that no entry contains.
    """
    return sha256(canonical({name: value for name, value in fields.items() if name != "hash"})).hexdigest()


def canonical(value: object) -> bytes:
    """The value in the form that is hashed.

    Raises:
        TypeError: a value in it has a type that no entry contains.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case None | bool() | int() | str():
            return value
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            raise TypeError(f"a {type(value).__name__} is nothing that an entry holds")
