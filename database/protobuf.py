"""Writes and documents as Firestore's protobuf messages, and back.

The client library does this through a wrapper around every message and every value; on the messages themselves it is
several times as fast: docs/decisions/0010-below-the-client-library.md. What they mean:
https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from google.cloud.firestore_v1 import types

from database.store import Create, Fields, Increase, Update, Write

# protobuf makes its classes when it runs, so that a type checker cannot know them.
_Write: Final[Any] = types.Write.pb()


class Opaque:
    """Takes the place of a value of a kind that this service has no use for: a reference, or a place on the map."""

    def __repr__(self) -> str:
        return "a value of another kind"


def encoded(write: Write, name: str) -> Any:  # noqa: ANN401 - protobuf's own class
    """A `Write` to the document of this full name. Its fields' names must need no escape in a field path."""
    message = _Write()
    message.update.name = name
    match write:
        case Create(fields=fields):
            message.current_document.exists = False
            _encode_fields(fields, message.update.fields)
        case Update(fields=fields, version=version):
            message.current_document.update_time.CopyFrom(version)
            message.update_mask.field_paths.extend(fields)
            _encode_fields(fields, message.update.fields)
        case Increase(amounts=amounts):
            message.current_document.exists = True
            # The transforms and nothing else: without a mask, the document would be replaced by an empty one.
            message.update_mask.SetInParent()
            # Sorted, so that the answers are in order whether Firestore keeps this one or that of the alphabet.
            for field, amount in sorted(amounts.items()):
                message.update_transforms.add(field_path=field).increment.integer_value = amount
    return message


def decoded(document: Any) -> Fields:  # noqa: ANN401 - likewise
    """The fields of a `Document`, whatever its writer put there."""
    return _decoded_fields(document.fields)


def figures_in(transform_results: Any, increase: Increase) -> Fields:  # noqa: ANN401 - likewise
    """What a commit answered to an `Increase`: a double where the field was one."""
    return dict(zip(sorted(increase.amounts), map(_decoded, transform_results), strict=True))


def _encode_fields(fields: Mapping[str, object], into: Any) -> None:  # noqa: ANN401 - likewise
    for name, value in fields.items():
        _encode(value, into[name])


def _encode(value: object, into: Any) -> None:  # noqa: ANN401 - likewise
    match value:
        case None:
            into.null_value = 0
        case bool():
            into.boolean_value = value
        case int():
            into.integer_value = value
        case str():
            into.string_value = value
        case datetime():
            into.timestamp_value.FromDatetime(value)
        case Mapping():
            into.map_value.SetInParent()
            _encode_fields(value, into.map_value.fields)
        case list() | tuple():
            into.array_value.SetInParent()
            for item in value:
                _encode(item, into.array_value.values.add())
        case _:
            raise TypeError(f"a {type(value).__name__} is nothing that this service writes")


def _decoded_fields(fields: Mapping[str, Any]) -> dict[str, object]:
    return {name: _decoded(value) for name, value in fields.items()}


def _decoded(value: Any) -> object:  # noqa: ANN401 - likewise
    match kind := value.WhichOneof("value_type"):
        case "null_value":
            return None
        case "boolean_value" | "integer_value" | "double_value" | "string_value" | "bytes_value":
            return getattr(value, kind)
        case "timestamp_value":
            return value.timestamp_value.ToDatetime(UTC)
        case "map_value":
            return _decoded_fields(value.map_value.fields)
        case "array_value":
            return [_decoded(item) for item in value.array_value.values]
        case _:
            return Opaque()
