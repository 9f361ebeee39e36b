r"""The audit entries of an order as a chain: each has its number, its hash, and the hash of the one before it. Pure.

So that anybody can check a chain, in any language, this is what is hashed: SHA-256 over the entry's canonical form, in
UTF-8. `hash` is written in 64 small hexadecimal digits. The canonical form is one line of JSON, without a line feed:

- an object of all the entry's fields but `hash`, so `sequence` and `previousHash` are among them;
- in every object, the names in the order of their code points; no spaces between tokens;
- a text as JSON has it, in which only `"`, `\` and the characters below U+0020 are escaped: as `\b`, `\f`, `\n`, `\r`
  and `\t`, all others as `\u` and four small hexadecimal digits;
- a number is an integer, in decimal digits; no field holds any other;
- a time is a text, in UTC and with six digits of its second: `2026-03-14T15:09:26.000000Z`. Firestore keeps exactly
  that much of a time, so what is read is what was hashed;
- `null`, `true`, `false`, arrays and objects as JSON has them.

Where no number is beyond ±(2^53 - 1), that is RFC 8785. The first entry has `sequence` 1 and `previousHash` null. Every
next one counts one more, and names the hash of the one before it.
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
    """How many entries the chain has, which is also the number of the latest one."""
    hash: str


def chained(fields: Mapping[str, object], head: Head | None) -> dict[str, object]:
    """The fields of an entry that comes next in the chain, with its place in it.

    Args:
        head: what comes before it; None if it is the first.
    """
    place = {"sequence": head.count + 1 if head else 1, "previousHash": head.hash if head else None}
    placed = {**fields, **place}
    return {**placed, "hash": hash_of(placed)}


def hash_of(fields: Mapping[str, object]) -> str:
    """The hash that an entry with these fields must have, whatever its own field says.

    Raises:
        TypeError: a value is of a kind that no entry holds.
    """
    return sha256(canonical({name: value for name, value in fields.items() if name != "hash"})).hexdigest()


def canonical(value: object) -> bytes:
    """The value in the form that is hashed.

    Raises:
        TypeError: a value in it is of a kind that no entry holds.
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
