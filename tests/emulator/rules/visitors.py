"""Who comes to the shop, and what they try."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from database.ids import OPERATORS
from tests.emulator.rules.emulated_project import Attempt, Fields, Operation, Value, Written


@dataclass(frozen=True, slots=True)
class Visitor:
    name: str
    claims: Mapping[str, Value] | None

    def gets(self, path: str) -> Attempt:
        return Attempt(self.claims, Operation.GET, path)

    def lists(self, collection: str, **equal_to: Value) -> Attempt:
        return Attempt(self.claims, Operation.LIST, collection, equal_to)

    def lists_everywhere(self, collection: str) -> Attempt:
        return Attempt(self.claims, Operation.LIST_EVERYWHERE, collection)

    def sets(self, path: str, fields: Fields) -> Attempt:
        return Attempt(self.claims, Operation.SET, path, fields)

    def updates(self, path: str, **fields: Written) -> Attempt:
        return Attempt(self.claims, Operation.UPDATE, path, fields)

    def deletes(self, path: str) -> Attempt:
        return Attempt(self.claims, Operation.DELETE, path)


STRANGER: Final = Visitor("a stranger", None)
ALICE: Final = Visitor("a customer", {"sub": "alice"})
BOB: Final = Visitor("another customer", {"sub": "bob"})
ADMIN: Final = Visitor("an admin", {"sub": "ada", "admin": True})
FORMER_ADMIN: Final = Visitor("a former admin", {"sub": "fay", "admin": False})
ALMOST_ADMIN: Final = Visitor("an admin in words", {"sub": "tex", "admin": "true"})
NUMBERED_ADMIN: Final = Visitor("an admin in numbers", {"sub": "nim", "admin": 1})
NAMESAKE: Final = Visitor("a customer named as operators are", {"sub": OPERATORS})
NAMED_ADMIN: Final = Visitor("an admin named as operators are", {"sub": OPERATORS, "admin": True})
SELF_MADE_ADMIN: Final = Visitor("an admin by document", {"sub": "mallory"})
