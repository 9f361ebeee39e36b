"""The command line's `Reader` in memory. `tests/contract` checks it and the one on Firestore alike."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from database.store import Fields
from ops.reading import Found, Query, Where
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore


class MemoryReader:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def read(self, *paths: str) -> Mapping[str, Found]:
        return {found.path: found for found in self._everything() if found.path in paths}

    def find(self, query: Query) -> tuple[Found, ...]:
        return self._all(query)[: query.at_most]

    def count(self, query: Query) -> int:
        return len(self._all(query))

    def _all(self, query: Query) -> tuple[Found, ...]:
        there = [each for each in self._everything() if _is_in(each.path, query)]
        wanted = [each for each in there if all(_holds(where, each.fields) for where in query.where)]
        ordered = [each for each in wanted if query.order_by is None or query.order_by in each.fields]
        ordered.sort(key=lambda each: _place(query, each), reverse=query.is_descending)
        return tuple(each for each in ordered if _is_behind(query, each))

    def _everything(self) -> Iterator[Found]:
        """In an order of creation, each a little later than the one before."""
        for number, (path, fields) in enumerate(self._store.documents()):
            yield Found(path, fields, NOW + timedelta(microseconds=number))


def _is_in(path: str, query: Query) -> bool:
    collection, _, document_id = path.rpartition("/")
    is_there = collection.rpartition("/")[2] == query.collection if query.is_group else collection == query.collection
    return is_there and document_id.startswith(query.prefix)


def _holds(where: Where, fields: Fields) -> bool:
    if where.field not in fields:
        return False
    value = fields[where.field]
    if where.operator in (">=", "<=") and type(value) is not type(where.value):
        # Firestore compares only values of the same type.
        return False
    match where.operator:
        case "==":
            return value == where.value
        case "in":
            return isinstance(where.value, list | tuple) and value in where.value
        case ">=":
            return value >= where.value  # type: ignore[operator, no-any-return]
        case "<=":
            return value <= where.value  # type: ignore[operator, no-any-return]
        case other:
            raise AssertionError(f"{other} is none of the operators")


def _place(query: Query, found: Found) -> tuple[bool, object, str]:
    return _placed(found.fields.get(query.order_by) if query.order_by else None, found.id)


def _placed(value: object, document_id: str) -> tuple[bool, object, str]:
    # Firestore sorts null first.
    return value is not None, value or "", document_id


def _is_behind(query: Query, found: Found) -> bool:
    if query.after is None:
        return True
    here, there = _place(query, found), _placed(*query.after)
    return here < there if query.is_descending else here > there
