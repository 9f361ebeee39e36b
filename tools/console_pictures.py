"""Renew the pictures of the console in docs/console, of a shop generated from a seed, always at the same moment.

    make pictures

Runs inside the emulators, in a database that no function watches. A picture is taken again only if its contents or its
settings have changed, since fonts differ from machine to machine.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from google.cloud import firestore
from playwright.sync_api import Browser, Page, expect

from database.store import Fields
from tools import addresses, console, site
from tools.browser import NoChromium, a_browser, with_few_colours
from tools.living.past import documents_after, supplies
from tools.living.plots import chance_of, customers
from tools.living.present import put
from tools.living.scenes import DAYS, visits_until
from tools.living.shop import terms_of_the_emulators
from tools.toolchain import BUILD, ROOT
from tools.web_sdk import CONSOLE

FOLDER: Final = ROOT / "docs" / "console"
MANIFEST: Final = FOLDER / "manifest.json"
"""The digest of each picture's origin, by name."""
PROJECT: Final = "demo-pictures"
NOW: Final = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
SEED: Final = "kettle"

_STEP_SECONDS_MAX: Final = 30
_WIDTH, _PHONE_WIDTH = 1_180, 390


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    path: str
    """The path behind the console's address; `{id}` becomes the id of its order."""
    width: int = _WIDTH
    """In pixels."""
    is_dark: bool = False
    of: str | None = None
    """The status of its order."""
    button: str | None = None
    """What is pressed before the picture is taken."""


expect.set_options(timeout=_STEP_SECONDS_MAX * 1_000)

PICTURES: Final = (
    Picture("today.png", "#/today"),
    Picture("today.phone.png", "#/today", _PHONE_WIDTH, is_dark=True),
    Picture("orders.png", "#/orders"),
    Picture("order.png", "#/order/{id}", of="partially_refunded"),
    Picture("order.dark.png", "#/order/{id}", is_dark=True, of="review"),
    Picture("stock.png", "#/stock"),
    Picture("product.png", "#/stock/french-press", button="Draw"),
    Picture("events.png", "#/events"),
)


def origin(picture: Picture) -> str:
    """A digest of all that it shows, and how."""
    scripts = sorted(
        file for file in CONSOLE.rglob("*") if file.suffix in {".js", ".css", ".html"} and "sdk" not in file.parts
    )
    made_by = [ROOT / "tools" / "living" / f"{name}.py" for name in ("past", "plots", "scenes")]
    digest = hashlib.sha256(repr(picture).encode())
    for file in (*scripts, *made_by, Path(__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def shop_documents() -> dict[str, Fields]:
    """The shop's documents at that moment, by path."""
    chance = chance_of(SEED)
    visits = visits_until(NOW, customers(chance), chance)
    supplied = supplies(NOW - timedelta(days=DAYS), NOW, console.OPERATOR)
    return documents_after(visits, supplied, NOW, terms_of_the_emulators(), chance)


def main() -> None:
    known: Mapping[str, str] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    wanted = [each for each in PICTURES if known.get(each.name) != origin(each) or not (FOLDER / each.name).exists()]
    if wanted:
        FOLDER.mkdir(exist_ok=True)
        found, documents = addresses.found(os.environ, BUILD), shop_documents()
        put(firestore.Client(project=PROJECT), documents)
        console.let_operator_in(found)
        with site.served(console.site_for(found, PROJECT)) as address, a_browser() as browser:
            for picture in wanted:
                (FOLDER / picture.name).write_bytes(taken(browser, address, picture, documents))
    MANIFEST.write_text(json.dumps({each.name: origin(each) for each in PICTURES}, indent=2) + "\n")
    print(f"{len(wanted)} pictures made, {len(PICTURES) - len(wanted)} are as they were.")


def taken(browser: Browser, address: str, picture: Picture, documents: Mapping[str, Fields]) -> bytes:
    scheme: Literal["dark", "light"] = "dark" if picture.is_dark else "light"
    with browser.new_context(
        base_url=address,
        viewport={"width": picture.width, "height": 760},
        color_scheme=scheme,
        locale="en-IE",
        timezone_id="UTC",
        reduced_motion="reduce",
    ) as context:
        context.set_default_timeout(_STEP_SECONDS_MAX * 1_000)
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        page.goto("/")
        page.get_by_label("E-mail").fill(console.OPERATOR)
        page.get_by_label("Password").fill(console.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("banner")).to_contain_text(console.OPERATOR)
        page.goto(f"/{picture.path.format(id=_order_in(documents, picture.of))}")
        _wait(page)
        if picture.button:
            page.get_by_role("button", name=picture.button).click()
            expect(page.get_by_role("figure")).to_be_visible()
        return with_few_colours(page.screenshot(full_page=True))


def _wait(page: Page) -> None:
    """Wait until everything that the page has requested is there."""
    expect(page.locator(".reads")).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)
    expect(page.locator(".reads output")).to_have_text(re.compile(r"[1-9]"))


def _order_in(documents: Mapping[str, Fields], status: str | None) -> str:
    """The latest order with this status."""
    orders = (
        (fields["createdAt"], path)
        for path, fields in documents.items()
        if path.startswith("orders/") and fields["status"] == status
    )
    return max(orders, default=("", ""), key=str)[1].removeprefix("orders/")


if __name__ == "__main__":
    try:
        main()
    except NoChromium as problem:
        sys.exit(str(problem))
