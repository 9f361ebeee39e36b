"""Which channels there are: a folder beside, and a line here. To do without one, remove both."""

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Final, Protocol, cast

from database.store import DocumentStore, Queries
from effects.effect import EffectKind
from notifications.channel import Channel, Transport
from notifications.outbox import Outbox
from orders.frozen import frozen

CHANNELS: Final[Mapping[EffectKind, str]] = {
    EffectKind.MAIL: "notifications.mail.channel",
    EffectKind.PUSH: "notifications.push.channel",
    EffectKind.SMS: "notifications.sms.channel",
    EffectKind.CHAT: "notifications.chat.channel",
}
"""The module of each, whose `channel_from(kit)` makes it. It is imported only where the shop uses the channel."""

SEND_SECONDS_MAX: Final = 10.0
"""How long a channel may take to send one message, with everything that it asks on the way."""


@frozen
class ChannelKit:
    """What a channel is made from."""

    environment: Mapping[str, str]
    """The settings and secrets. Each channel parses its own."""
    store: DocumentStore
    queries: Callable[[], Queries]
    project: str | None
    """The Google Cloud project; None where the environment does not name one."""
    outbox: Outbox | None
    """Set in the emulators: then a channel puts there what it would send, and asks nobody outside."""
    now: Callable[[], datetime]

    def transport(self, provider: Callable[[], Transport]) -> Transport:
        """By what messages leave: the provider, which is set up only if there is no outbox."""
        outbox = self.outbox
        return provider() if outbox is None else lambda message, key: outbox.put(key, message)


def channel_from(kind: EffectKind, kit: ChannelKit) -> Channel:
    """The channel for messages of this kind, one of CHANNELS.

    Raises:
        SettingsError: one of its settings is missing, or cannot be used.
    """
    return cast("_ChannelModule", import_module(CHANNELS[kind])).channel_from(kit)


class _ChannelModule(Protocol):
    def channel_from(self, kit: ChannelKit) -> Channel: ...
