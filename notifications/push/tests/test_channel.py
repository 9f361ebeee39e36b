"""How the channel for push is made: with Google's credentials, or into the outbox."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from google.auth.exceptions import DefaultCredentialsError

from notifications.outbox import Outbox
from notifications.push.channel import channel_from
from notifications.push.tests.fcm_api import (
    MESSAGE,
    PROJECT,
)
from service.environment import SettingsError
from tests.support.channels import a_kit


def test_the_emulators_push_into_the_outbox(tmp_path: Path) -> None:
    channel_from(a_kit({}, outbox=Outbox(tmp_path))).send(MESSAGE, "evt_1_push_customer")
    assert json.loads((tmp_path / "evt_1_push_customer.json").read_text()) == MESSAGE


def test_without_credentials_nothing_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    def default(scopes: object) -> object:
        raise DefaultCredentialsError("none")

    monkeypatch.setattr("google.auth.default", default)
    with pytest.raises(SettingsError, match=r"^nothing here may push messages: there are no Google credentials$"):
        channel_from(a_kit({}))


def test_without_a_project_nothing_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.auth.default", lambda scopes: (object(), None))
    said = r"^no Google Cloud project is named, whose devices messages are pushed to$"
    with pytest.raises(SettingsError, match=said):
        channel_from(replace(a_kit({}), project=None))


def test_it_asks_for_the_right_to_push_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def default(scopes: object) -> tuple[object, str]:
        asked.append(scopes)
        return object(), "their-project"

    monkeypatch.setattr("google.auth.default", default)
    channel = channel_from(a_kit({}))
    assert asked == [("https://www.googleapis.com/auth/firebase.messaging",)]
    assert channel.transport.__self__.project == PROJECT  # type: ignore[attr-defined]
