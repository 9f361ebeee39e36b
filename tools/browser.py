"""A Chromium for pictures and tests, and pictures small enough to be kept with the code."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tools import chromium

_COLOURS: Final = 64


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


def with_few_colours(png: bytes) -> bytes:
    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()
