"""The whole service on the real emulators: customers write to Firestore, Stripe posts to the Functions emulator."""

import os
import uuid
from collections.abc import Generator, Iterator

import pytest
from google.cloud import firestore
from playwright.sync_api import Browser, Page, expect

from tests.e2e.running_shop import RunningShop
from tests.support.browser import STEP_SECONDS_MAX
from tests.support.console import an_operators_visit
from tools import logs
from tools.browser import a_browser


@pytest.fixture
def shop(firestore_host: str, functions_host: str) -> RunningShop:
    """The shop that the functions serve, with ids that no other test uses."""
    project = os.environ.get("GCLOUD_PROJECT", "demo-shop")
    return RunningShop(firestore.Client(project=project), functions_host, prefix=uuid.uuid4().hex[:8])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=STEP_SECONDS_MAX * 1_000)
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str, auth_host: str) -> Iterator[Page]:
    """The console at the module's address; one sign-in of an operator who may act serves all tests."""
    with an_operators_visit(browser, address, auth_host) as page:
        yield page


@pytest.fixture
def console(signed_in: Page) -> Page:
    """The same, reset after the test before."""
    signed_in.keyboard.press("Escape")
    signed_in.set_viewport_size({"width": 1_280, "height": 800})
    signed_in.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return signed_in


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the latest output of the functions and Firestore to failures: it often has the reason."""
    report = yield
    if report.failed:
        report.sections.append(("The emulators", logs.ends_for_the_command(os.environ)))
    return report
