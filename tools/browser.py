"""A Chromium for pictures and tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools import chromium


class NoChromium(Exception):
    """There is none here."""


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The machine's own, or else the packaged one. Raises NoChromium."""
    program = chromium.find_chromium()
    if not program:
        raise NoChromium(chromium.MISSING)
    environment: dict[str, str | float | bool] = {**chromium.environment_of(program)}
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, env=environment) as browser,
    ):
        yield browser
