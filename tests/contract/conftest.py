"""Every test here runs twice: on the store in memory, and on the real emulator."""

import pytest

from tests.contract.database import Database, InFirestore, InMemory


@pytest.fixture(params=["memory", "firestore"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param == "memory":
        return InMemory()
    return InFirestore(request.getfixturevalue("firestore_client"))
