"""Renew what shows the messages: the tests' snapshots of them, docs/messages.md and its pictures.

    make messages

A picture is made anew only if its message, or how it is looked at, has changed: fonts differ from machine to machine.
"""

import hashlib
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser

from notifications.notices import Audience
from tools.browser import NoChromium, a_browser, with_few_colours
from tools.messages import LOCALES, SNAPSHOTS, Example, examples, snapshots
from tools.toolchain import ROOT

PAGE: Final = ROOT / "docs" / "messages.md"
FOLDER: Final = ROOT / "docs" / "messages"
MANIFEST: Final = FOLDER / "manifest.json"
"""The digest of each picture's origin, by name."""

_WIDTH, _PHONE_WIDTH = 560, 360
_DARK: Final = ("paid-customer", "payment_failed-customer", "second_payment-operator-under-way")
_PHONE: Final = ("reserved-customer", "refund_due-customer", "review-operator")


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    example: Example
    locale: str
    width: int = _WIDTH
    """In pixels."""
    is_dark: bool = False

    @property
    def html(self) -> str:
        return self.example.text(self.locale).html

    @property
    def origin(self) -> str:
        """A digest of all that it shows."""
        return hashlib.sha256(f"{self.width} {self.is_dark} {self.html}".encode()).hexdigest()


def pictures() -> Iterator[Picture]:
    """Each message in each locale; some also in dark mode, and on a phone."""
    for example in examples():
        for locale in LOCALES:
            yield Picture(f"{example.name}.{locale}.png", example, locale)
        if example.name in _DARK:
            yield Picture(f"{example.name}.dark.png", example, "en", is_dark=True)
        if example.name in _PHONE:
            yield Picture(f"{example.name}.phone.png", example, "de", width=_PHONE_WIDTH)


def manifest() -> Mapping[str, str]:
    return {picture.name: picture.origin for picture in pictures()}


def page() -> str:
    """docs/messages.md."""
    shown = [*pictures()]
    by_audience = {
        audience: [example for example in examples() if example.audience is audience] for audience in Audience
    }
    return "\n".join(
        (
            _HEAD,
            *("## To customers\n", _table(by_audience[Audience.CUSTOMER])),
            *("## To operators\n", _table(by_audience[Audience.OPERATOR])),
            "## Dark mode, and on a phone\n",
            " ".join(_image(picture) for picture in shown if picture.is_dark or picture.width == _PHONE_WIDTH),
            "",
        )
    )


_HEAD: Final = """\
# Messages

Every message as a mail, here from a shop called Kettle & Cup. The words are in `notifications/locales`, one file per
locale; the layout is in `notifications/layouts.py`. [Settings](runbook.md#settings) name the shop, its logo, and the
page where customers see their orders. Each message also has a plain text, and a short one for push, SMS and chat: see
`tests/unit/notifications/snapshots`.

`make messages` writes this page and its pictures. CONTRIBUTING explains how to
[change a message](../CONTRIBUTING.md#change-a-message) and [add a locale](../CONTRIBUTING.md#add-a-locale).
"""


def _table(rows: list[Example]) -> str:
    head = f"| notice | {' | '.join(f'`{locale}`' for locale in LOCALES)} |\n|---|{'---|' * len(LOCALES)}"
    return "\n".join((head, *map(_row, rows), ""))


def _row(example: Example) -> str:
    variant = f", {example.variant.replace('-', ' ')}" if example.variant else ""
    images = " | ".join(_image(Picture(f"{example.name}.{locale}.png", example, locale)) for locale in LOCALES)
    return f"| `{example.kind}`{variant} | {images} |"


def _image(picture: Picture) -> str:
    return f"![{picture.example.text(picture.locale).subject}](messages/{picture.name})"


def main() -> None:
    _write({SNAPSHOTS / name: text for name, text in snapshots().items()})
    known: Mapping[str, str] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    wanted = [each for each in pictures() if known.get(each.name) != each.origin or not (FOLDER / each.name).exists()]
    if wanted:
        FOLDER.mkdir(exist_ok=True)
        with a_browser() as browser:
            for picture in wanted:
                (FOLDER / picture.name).write_bytes(_taken(browser, picture))
    _leave_only(FOLDER, {*manifest(), MANIFEST.name})
    _leave_only(SNAPSHOTS, snapshots())
    _write({MANIFEST: json.dumps(manifest(), indent=2) + "\n", PAGE: page()})
    print(f"{len(wanted)} pictures made, {len(manifest()) - len(wanted)} are as they were.")


def _leave_only(folder: Path, names: Collection[str]) -> None:
    for file in folder.iterdir():
        if file.name not in names:
            file.unlink()


def _write(files: Mapping[Path, str]) -> None:
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _taken(browser: Browser, picture: Picture) -> bytes:
    """Raises ValueError if the message loads anything: a mail must contain all that it shows."""
    scheme: Literal["dark", "light"] = "dark" if picture.is_dark else "light"
    with browser.new_context(viewport={"width": picture.width, "height": 200}, color_scheme=scheme) as context:
        sheet, requests = context.new_page(), list[str]()
        context.on("request", lambda request: requests.append(request.url))
        context.route("**/*", lambda route: route.abort())
        sheet.set_content(picture.html)
        taken = with_few_colours(sheet.screenshot(full_page=True))
    if requests:
        raise ValueError(f"{picture.name} asks for {', '.join(requests)}")
    return taken


if __name__ == "__main__":
    try:
        main()
    except NoChromium as problem:
        sys.exit(str(problem))
