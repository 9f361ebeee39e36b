"""Each test runs on the store in memory and on the real emulator, some also on what stands in for them."""

import pytest

from tests.contract.database import Database, InFirestore, InGroups, InMemory, InRehearsal
from tests.support.memory_store import MemoryStore


@pytest.fixture(params=["memory", "firestore"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param == "memory":
        return InMemory()
    return InFirestore(request.getfixturevalue("firestore_client"))


@pytest.fixture(params=["memory", "rehearsal", "groups", "firestore"])
def queried(request: pytest.FixtureRequest) -> Database:
    """Databases that also answer queries. A rehearsal makes the same promises as what it rehearses."""
    match request.param:
        case "memory":
            return InMemory()
        case "rehearsal":
            return InRehearsal(MemoryStore())
        case "groups":
            return InGroups(InMemory())
        case _:
            return InFirestore(request.getfixturevalue("firestore_client"))
