"""Converts writes and documents to Firestore's JSON and back.

The formats: https://cloud.google.com/firestore/docs/reference/rest/v1/Write and
https://cloud.google.com/firestore/docs/reference/rest/v1/Value.
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from database.store import Create, Delete, Fields, Increase, Update, Write


class Opaque:
    """Stands in for a value of a type that this service does not use, such as a reference or a geographical point."""

    def __repr__(self) -> str:
        return "a value of another kind"


def encoded(write: Write, name: str) -> dict[str, object]:
    """A `Write` to the document with this full name. Field names must need no escaping in a field path."""
    match write:
        case Create(fields=fields):
            return {"update": _document(name, fields), "currentDocument": {"exists": False}}
        case Update(fields=fields, version=version):
            return {
                "update": _document(name, fields),
                "updateMask": {"fieldPaths": list(fields)},
                "currentDocument": {"updateTime": version},
            }
        case Increase(amounts=amounts):
            # Sorted, so that the results match whether Firestore returns them in this sequence or alphabetically.
            transforms = [{"fieldPath": field, "increment": encoded_value(n)} for field, n in sorted(amounts.items())]
            return {
                # Only transforms: without a mask, the document would be replaced by an empty one.
                "update": _document(name, {}),
                "updateMask": {},
                "updateTransforms": transforms,
                "currentDocument": {"exists": True},
            }
        case Delete(version=version):
            return {"delete": name, "currentDocument": {"updateTime": version}}


def values_in(body: bytes) -> int:
    """How many values an answer contains, at least; parsing it would take too long to find that out."""
    # Each is an object with a single key, such as `nullValue`. In a text, a quote follows a backslash.
    return body.count(b'Value":')


def decoded(holder: Mapping[str, Any]) -> Fields:
    """The fields of a `Document`, or of a map in one, whatever is in them."""
    return {name: _decoded(value) for name, value in holder.get("fields", {}).items()}


def figures_in(transform_results: Sequence[Mapping[str, Any]], increase: Increase) -> Fields:
    """A commit's results for an `Increase`: doubles for fields that were doubles."""
    return dict(zip(sorted(increase.amounts), map(_decoded, transform_results), strict=True))


def _document(name: str, fields: Mapping[str, object]) -> dict[str, object]:
    return {"name": name, "fields": _encoded_fields(fields)}


def _encoded_fields(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: encoded_value(value) for name, value in fields.items()}


def encoded_value(value: object) -> dict[str, object]:
    match value:
        case None:
            return {"nullValue": None}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"integerValue": str(value)}
        case str():
            return {"stringValue": value}
        case datetime():
            return {"timestampValue": value.astimezone(UTC).isoformat()}
        case Mapping():
            return {"mapValue": {"fields": _encoded_fields(value)}}
        case list() | tuple():
            return {"arrayValue": {"values": [encoded_value(item) for item in value]}}
        case _:
            raise TypeError(f"a {type(value).__name__} is nothing that this service writes")


def _decoded(value: Mapping[str, Any]) -> object:
    content: Any
    kind, content = next(iter(value.items()), ("", None))
    match kind:
        case "nullValue":
            return None
        case "booleanValue" | "stringValue":
            return content
        case "integerValue":
            return int(content)
        case "doubleValue":
            # A whole number comes without a decimal point; NaN and the infinities come as strings.
            return float(content)
        case "bytesValue":
            return b64decode(content)
        case "timestampValue":
            return datetime.fromisoformat(content)
        case "mapValue":
            return decoded(content)
        case "arrayValue":
            return [_decoded(item) for item in content.get("values", ())]
        case _:
            return Opaque()
