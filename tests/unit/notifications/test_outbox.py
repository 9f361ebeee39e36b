"""What the emulators keep instead of sending."""

from pathlib import Path

import pytest

from notifications.outbox import FOLDER, Outbox
from tools.toolchain import ROOT


def test_it_is_a_folder_of_the_repository_that_is_never_committed() -> None:
    assert FOLDER == ROOT / "build" / "outbox"
    assert "/build/\n" in (ROOT / ".gitignore").read_text()


def test_a_message_is_kept_as_json_under_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "outbox"
    Outbox(folder).put("evt_1_sms_customer", {"to": "+491", "text": "Grüße"})
    (file,) = folder.iterdir()
    assert file.name == "evt_1_sms_customer.json"
    assert file.read_text() == '{\n  "to": "+491",\n  "text": "Grüße"\n}\n'


def test_what_is_unfinished_is_hidden_beside_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "replace", lambda unfinished, target: None)
    Outbox(tmp_path).put("evt_1_sms_customer", {})
    assert [file.name[0] for file in tmp_path.iterdir()] == ["."]


def test_what_is_sent_again_under_the_same_key_is_there_once_and_nothing_unfinished_is_left(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.put_file("evt_1_mail_customer", ".eml", b"first")
    outbox.put_file("evt_1_mail_customer", ".eml", b"again")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("evt_1_mail_customer.eml", b"again")]


def test_no_key_is_a_path_or_too_long_for_a_name(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    for key in ("../../escaped", "a/b", "k" * 200, "k" * 255, "ü" * 100):
        outbox.put(key, {})
    names = {file.name for file in (tmp_path / "outbox").iterdir()}
    assert len(names) == 5
    assert f"{'k' * 200}.json" in names
    assert [each.name for each in tmp_path.iterdir()] == ["outbox"]
