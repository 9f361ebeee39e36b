"""What every test that meets the emulators shares."""

import os

import pytest
from google.cloud import firestore

from tests.support.emulated_shop import a_database


@pytest.fixture(scope="session")
def firestore_host() -> str:
    return _emulator_at("FIRESTORE_EMULATOR_HOST")


@pytest.fixture(scope="session")
def functions_host() -> str:
    return _emulator_at("FUNCTIONS_EMULATOR_HOST")


@pytest.fixture
def firestore_client(firestore_host: str) -> firestore.Client:
    """A database of the test's own."""
    return a_database()


def _emulator_at(variable: str) -> str:
    """Where the emulator listens; `make test` and `make emulators` set it."""
    host = os.environ.get(variable)
    if not host:
        pytest.fail(f"{variable} is not set: run the tests with `make test`", pytrace=False)
    return host
