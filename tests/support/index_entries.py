"""How many index entries Firestore writes for a document under the settings of `firestore.indexes.json`.

As documented at https://firebase.google.com/docs/firestore/query-data/index-overview: a field is indexed ascending and
descending, a map by its subfields, an array for `array-contains` with an entry per element; an override changes that
for its field and all below it, and one of the field `*` for a whole collection. A composite index has an entry for each
document with all its fields. An update leaves the entries of unchanged fields alone.

The entry that finds a document by id is not counted: every document has it, whatever is configured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_BY_DEFAULT: Final = ({"order": "ASCENDING"}, {"order": "DESCENDING"}, {"arrayConfig": "CONTAINS"})


@dataclass(frozen=True, slots=True)
class Indexes:
    configured: Mapping[str, Any]
    """The content of `firestore.indexes.json`."""

    def entries_of(self, path: str, before: Mapping[str, Any], fields: Mapping[str, Any]) -> int:
        """The entries written when a document, which may not have existed, changes to these fields."""
        collection, leaves, old = path.split("/")[-2], dict(_leaves_of(fields)), dict(_leaves_of(before))
        changed = {name for name, value in leaves.items() if name not in old or old[name] != value}
        singles = sum(self._field_entries(collection, name, leaves[name]) for name in changed)
        named = (
            {field["fieldPath"] for field in index["fields"]}
            for index in self.configured["indexes"]
            if index["collectionGroup"] == collection
        )
        return singles + sum(names <= leaves.keys() and not names.isdisjoint(changed) for names in named)

    def modes_of(self, collection: str, name: str) -> tuple[Mapping[str, str], ...]:
        """The single-field indexes of a field."""
        overrides = {
            field["fieldPath"]: tuple(field["indexes"])
            for field in self.configured["fieldOverrides"]
            if field["collectionGroup"] == collection
        }
        parts = name.split(".")
        above = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
        return next((overrides[field] for field in (*above, "*") if field in overrides), _BY_DEFAULT)

    def _field_entries(self, collection: str, name: str, value: object) -> int:
        modes = self.modes_of(collection, name)
        if isinstance(value, (list, tuple)):
            return len(value) * sum("arrayConfig" in mode for mode in modes)
        return sum("order" in mode for mode in modes)


def _leaves_of(fields: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Each field that is not a map, by its full path."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _leaves_of(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
