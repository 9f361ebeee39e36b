"""What every test that meets the emulators shares."""

import os
import uuid

import pytest
from google.cloud import firestore


@pytest.fixture(scope="session")
def firestore_host() -> str:
    """Where the Firestore emulator listens; `make test` and `make emulators` set it."""
    host = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if not host:
        pytest.fail("FIRESTORE_EMULATOR_HOST is not set: run the tests with `make test`", pytrace=False)
    return host


@pytest.fixture
def firestore_client(firestore_host: str) -> firestore.Client:
    """A database of the test's own: the emulator makes one for every project that is named."""
    return firestore.Client(project=f"demo-{uuid.uuid4().hex[:12]}")
