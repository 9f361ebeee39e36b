"""A shop's performers, by its settings."""

import sys
from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from checkout.expiring import Expiring
from effects.effect import EffectKind, a_message
from effects.outside import Failed, Performer
from effects.refunding import Refunding
from notifications.channels import CHANNELS, ChannelKit
from notifications.delivery import Delivery
from notifications.outbox import FOLDER
from service.environment import SettingsError
from service.performers import asking_stripe, sending_messages
from service.settings import settings_from
from service.wiring import service_from
from settlement.terms import AutoRefund
from tests.support.builders import NOW
from tests.support.channels import Remembering, no_queries
from tests.support.memory_store import MemoryStore

A_PUSH = a_message(EffectKind.PUSH, "customer", "order-1", "evt_1", "alice")


class _Module(ModuleType):
    """A channel that records its kit."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("a_channel")
        self.kits: list[ChannelKit] = []
        self.error = error

    def channel_from(self, kit: ChannelKit) -> Remembering:
        self.kits.append(kit)
        if self.error:
            raise self.error
        return Remembering()


def a_channel(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> _Module:
    """The only existing channel: for push."""
    module = _Module(error)
    monkeypatch.setitem(sys.modules, "a_channel", module)
    monkeypatch.setattr("service.performers.CHANNELS", {EffectKind.PUSH: "a_channel"})
    monkeypatch.setattr("notifications.channels.CHANNELS", {EffectKind.PUSH: "a_channel"})
    return module


def performers(**environment: str) -> Mapping[EffectKind, Performer]:
    return sending_messages(environment, settings_from(environment), MemoryStore(), no_queries, lambda: NOW)


def test_a_channel_is_built_for_whom_it_is_switched_on_and_otherwise_not(monkeypatch: pytest.MonkeyPatch) -> None:
    module = a_channel(monkeypatch)
    assert performers() == {}
    assert performers(OPERATOR_CHANNELS="mail") == {}
    assert module.kits == []
    named = {"SHOP_NAME": "Corner Shop", "SHOP_ID": "corner", "GOOGLE_CLOUD_PROJECT": "shop"}
    (performer,) = performers(CUSTOMER_CHANNELS="push", **named).values()
    assert isinstance(performer, Delivery)
    assert (performer.kind, performer.shop.name, performer.shop_id) == (EffectKind.PUSH, "Corner Shop", "corner")
    (kit,) = module.kits
    assert (kit.project, kit.outbox, kit.environment["SHOP_NAME"]) == ("shop", None, "Corner Shop")


@pytest.mark.parametrize("name", ["FUNCTIONS_EMULATOR", "FIRESTORE_EMULATOR_HOST"])
def test_in_the_emulators_a_channel_has_an_outbox(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    module = a_channel(monkeypatch)
    performers(CUSTOMER_CHANNELS="push", **{name: "here"})
    assert [kit.outbox and kit.outbox.folder for kit in module.kits] == [FOLDER]


def test_what_a_channel_lacks_stops_nothing_else_and_its_messages_wait_for_better_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_channel(monkeypatch, SettingsError("MAIL_FROM is missing"))
    performer = performers(CUSTOMER_CHANNELS="push")[EffectKind.PUSH]
    for attempt in (partial(performer.prepare, A_PUSH, NOW), partial(performer.perform, A_PUSH, {})):
        with pytest.raises(Failed, match="MAIL_FROM is missing") as failed:
            attempt()
        assert failed.value.retryable


def test_the_service_builds_them_when_the_first_effect_is_performed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = a_channel(monkeypatch)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    service = service_from({"CUSTOMER_CHANNELS": "push", "GOOGLE_CLOUD_PROJECT": "demo-shop"})
    service.webhook_endpoint()
    assert module.kits == []
    assert isinstance(service.effects().performers[EffectKind.PUSH], Delivery)
    assert service.effects() is service.effects()
    assert len(module.kits) == 1


def test_stripe_is_asked_as_the_settings_say() -> None:
    clients: list[Any] = ["stripe", "store", "settle", "now"]
    stripe, store, settle, now = clients
    settings = settings_from({"SHOP_ID": "corner", "AUTO_REFUND": "all"})
    assert asking_stripe(stripe, settings, store, settle, now) == {
        EffectKind.STRIPE_REFUND: Refunding(stripe, store, AutoRefund.ALL, "corner"),
        EffectKind.STRIPE_EXPIRE_SESSION: Expiring(stripe, store, settle, now),
    }


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_registered_channel_can_be_imported(kind: EffectKind) -> None:
    assert hasattr(__import__(CHANNELS[kind], fromlist=["channel_from"]), "channel_from")
