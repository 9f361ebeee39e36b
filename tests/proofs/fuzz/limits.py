"""The store in memory with Firestore's documented limits: exceeding one is a fault.

The limits: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from database.store import Committed, Create, Document, Update, Write
from tests.support.memory_store import MemoryStore

_DOCUMENT_BYTES_MAX: Final = 1024 * 1024 - 4
_NAME_BYTES_MAX: Final = 1_500
_DEPTH_MAX: Final = 20
_INTEGER_MAX: Final = 2**63 - 1


class NotStorable(Exception):
    """Firestore would always answer INVALID_ARGUMENT."""


class StrictStore(MemoryStore):
    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        for path in paths:
            _check_path(path)
        return super().read(paths, timeout_seconds=timeout_seconds)

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        for write in writes:
            _check_path(write.path)
            if isinstance(write, Create | Update):
                before = (self.get(write.path) or {}) if isinstance(write, Update) else {}
                if _size_of({**before, **write.fields}) > _DOCUMENT_BYTES_MAX:
                    raise NotStorable(f"{write.path.partition('/')[0]}: a document over 1 MiB")
        return super().commit(writes, timeout_seconds=timeout_seconds)


def _check_path(path: str) -> None:
    names = path.split("/")
    if len(names) % 2 or not all(map(_is_name, names)):
        raise NotStorable(f"not a path: {path!a}")


def _is_name(name: str) -> bool:
    is_reserved = len(name) >= 4 and name.startswith("__") and name.endswith("__")
    return 0 < _bytes_of(name) <= _NAME_BYTES_MAX and name not in (".", "..") and not is_reserved


def _size_of(value: object, depth: int = 0) -> int:
    """In bytes, as Firestore counts them."""
    if depth > _DEPTH_MAX:
        raise NotStorable("maps and lists nested too deep")
    match value:
        case None | bool():
            return 1
        case int() if abs(value) <= _INTEGER_MAX:
            return 8
        case float() | datetime():
            return 8
        case str():
            return _bytes_of(value) + 1
        case Mapping():
            if not all(map(_is_name, value)):
                raise NotStorable("a field with an impossible name")
            return sum(_bytes_of(name) + 1 + _size_of(content, depth + 1) for name, content in value.items())
        case list() | tuple():
            return sum(_size_of(content, depth + 1) for content in value)
        case _:
            raise NotStorable(f"a value of type {type(value).__name__}")


def _bytes_of(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise NotStorable("text that is not UTF-8") from None
