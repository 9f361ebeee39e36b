"""The whole service on the real emulators: customers write to Firestore, Stripe posts to the Functions emulator."""

import os
import uuid
from collections.abc import Generator

import pytest
from google.cloud import firestore

from tests.e2e.running_shop import RunningShop
from tools import logs


@pytest.fixture
def shop(firestore_host: str, functions_host: str) -> RunningShop:
    """The shop that the functions serve, with names that no other test uses."""
    project = os.environ.get("GCLOUD_PROJECT", "demo-shop")
    return RunningShop(firestore.Client(project=project), functions_host, prefix=uuid.uuid4().hex[:8])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, with what fails, what the functions and Firestore said last: the reason is often there."""
    report = yield
    if report.failed:
        report.sections.append(("The emulators", logs.ends_for_the_command(os.environ)))
    return report
