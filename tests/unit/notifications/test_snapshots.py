"""Every text, to be read, and docs/messages.md, which shows them. `make messages` renews both on purpose."""

import json

from notifications.notices import AUDIENCES
from tools.message_pictures import FOLDER, MANIFEST, PAGE, manifest, page, pictures
from tools.messages import LOCALES, SNAPSHOTS, examples, snapshots

BYTES_MAX, BYTES_MAX_ON_AVERAGE = 40_000, 20_000
RENEW = "if it is meant to be another, `make messages` renews what shows it"


def test_every_text_is_as_its_snapshot_shows_it() -> None:
    assert snapshots().keys() == {"paid.html", *(f"{locale}.txt" for locale in LOCALES)}
    assert {file.name: file.read_text() for file in SNAPSHOTS.iterdir()} == snapshots(), RENEW


def test_every_notice_is_shown_to_each_of_its_audiences() -> None:
    shown = {(example.kind, example.audience) for example in examples()}
    assert shown == {(kind, audience) for kind, audiences in AUDIENCES.items() for audience in audiences}


def test_the_page_shows_every_message_as_it_is() -> None:
    assert PAGE.read_text() == page(), RENEW
    assert [example.kind for example in examples() if f"\n| `{example.kind}`" not in PAGE.read_text()] == []
    assert [picture.name for picture in pictures() if f"(messages/{picture.name})" not in PAGE.read_text()] == []


def test_every_picture_was_made_of_its_message_as_it_is() -> None:
    assert json.loads(MANIFEST.read_text()) == manifest(), RENEW
    files = {file.name: file for file in FOLDER.glob("*.png")}
    assert files.keys() == manifest().keys()
    assert [name for name, file in files.items() if not file.read_bytes().startswith(b"\x89PNG")] == []
    sizes = {name: file.stat().st_size for name, file in files.items()}
    assert [name for name, size in sizes.items() if size > BYTES_MAX] == []
    assert sum(sizes.values()) <= BYTES_MAX_ON_AVERAGE * len(sizes)
