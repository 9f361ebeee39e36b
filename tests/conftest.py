"""What every test that meets the emulators shares, and what becomes of it where there are none."""

import gc
import os
from typing import Final

import pytest
from google.cloud import firestore

from tests.support.emulated_shop import a_database, emptied

NEEDS_EMULATORS: Final = "runs inside the emulators"

# What is imported and collected is never garbage: nothing looks for any in it meanwhile, nor ever again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def firestore_host() -> str:
    return _emulator_at("FIRESTORE_EMULATOR_HOST")


@pytest.fixture(scope="session")
def functions_host() -> str:
    return _emulator_at("FUNCTIONS_EMULATOR_HOST")


@pytest.fixture(scope="session")
def auth_host() -> str:
    return _emulator_at("FIREBASE_AUTH_EMULATOR_HOST")


@pytest.fixture(scope="session")
def own_database(firestore_host: str) -> firestore.Client:
    """No other process uses it. The emulator compiles the rules anew for every project that is named."""
    return a_database()


@pytest.fixture
def firestore_client(own_database: firestore.Client) -> firestore.Client:
    """A database of the test's own, which is empty."""
    return emptied(own_database)


def _emulator_at(variable: str) -> str:
    """Where the emulator listens; `make test` and `make emulators` set it."""
    return os.environ.get(variable) or pytest.skip(NEEDS_EMULATORS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = sum(NEEDS_EMULATORS in str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
    if left_out:
        terminalreporter.write_line(
            f"{left_out} tests need the emulators: `make test` starts them, and runs these too."
        )
