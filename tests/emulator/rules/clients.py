"""The clients of the shop's database, and their attempts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from database.ids import OPERATORS
from tests.emulator.rules.emulated_project import Attempt, Documents, Fields, Operation, Value, Written


@dataclass(frozen=True, slots=True)
class Client:
    name: str
    claims: Mapping[str, Value] | None

    def gets(self, path: str) -> Attempt:
        return Attempt(self.claims, Operation.GET, path)

    def lists(self, collection: str, *, at_most: int | None = None, skips: int = 0, **equal_to: Value) -> Attempt:
        return Attempt(self.claims, Operation.LIST, collection, equal_to, limit=at_most, offset=skips)

    def lists_everywhere(self, collection: str) -> Attempt:
        return Attempt(self.claims, Operation.LIST_EVERYWHERE, collection)

    def sets(self, path: str, fields: Fields, alongside: Documents = MappingProxyType({})) -> Attempt:
        return Attempt(self.claims, Operation.SET, path, fields, alongside)

    def updates(self, path: str, alongside: Documents = MappingProxyType({}), /, **fields: Written) -> Attempt:
        return Attempt(self.claims, Operation.UPDATE, path, fields, alongside)

    def deletes(self, path: str) -> Attempt:
        return Attempt(self.claims, Operation.DELETE, path)


UNAUTHENTICATED: Final = Client("an unauthenticated caller", None)
ALICE: Final = Client("a customer", {"sub": "alice"})
_AS_KNOWN: Final[Mapping[str, Value]] = {
    "sub": "alice",
    "email": "alice@example.com",
    "email_verified": True,
    "phone_number": "+491701234567",
}
KNOWN_ALICE: Final = Client("a customer whose address and number are verified", _AS_KNOWN)
UNVERIFIED_ALICE: Final = Client("a customer whose address is not verified", {**_AS_KNOWN, "email_verified": False})
CHANGED_ALICE: Final = Client("a customer with a new address", {**_AS_KNOWN, "email": "alice@example.org"})
BOB: Final = Client("another customer", {"sub": "bob"})
ADMIN: Final = Client("an admin", {"sub": "ada", "admin": True, "email": "ada@example.com"})
NAMELESS_ADMIN: Final = Client("an admin without an address", {"sub": "ann", "admin": True})
VIEWER: Final = Client("a viewer", {"sub": "vic", "viewer": True, "email": "vic@example.com"})
TEXT_VIEWER: Final = Client("a user whose viewer claim is a text", {"sub": "tim", "viewer": "true"})
FORMER_ADMIN: Final = Client("a former admin", {"sub": "fay", "admin": False})
TEXT_ADMIN: Final = Client("a user whose admin claim is a text", {"sub": "tex", "admin": "true"})
NUMBER_ADMIN: Final = Client("a user whose admin claim is a number", {"sub": "nim", "admin": 1})
OPERATORS_NAMESAKE: Final = Client("a customer whose user id is the operators'", {"sub": OPERATORS})
ADMIN_NAMESAKE: Final = Client("an admin whose user id is the operators'", {"sub": OPERATORS, "admin": True})
SELF_MADE_ADMIN: Final = Client("a user whose own document says admin", {"sub": "mallory"})
