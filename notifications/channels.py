"""The list of channels. Each is a folder here, and a line below; to drop one, remove both."""

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
"""The module of each, whose `channel_from(kit)` builds it. Imported only if the shop uses the channel."""

SEND_SECONDS_MAX: Final = 10.0
"""How long a channel may take to send one message, with all its requests."""


@frozen
class ChannelKit:
    """What channels are built from."""

    environment: Mapping[str, str]
    """Settings and secrets. Each channel parses its own."""
    store: DocumentStore
    queries: Callable[[], Queries]
    project: str | None
    """The Google Cloud project; None if the environment does not name one."""
    outbox: Outbox | None
    """Set in the emulators: then channels store messages there, and call no provider."""
    now: Callable[[], datetime]

    def transport(self, provider: Callable[[], Transport]) -> Transport:
        """The provider, which is set up only if there is no outbox; otherwise the outbox."""
        outbox = self.outbox
        return provider() if outbox is None else lambda message, key: outbox.put(key, message)


def channel_from(kind: EffectKind, kit: ChannelKit) -> Channel:
    """The channel for this kind of messages, one of CHANNELS.

    Raises:
        SettingsError: a setting is missing or cannot be used.
    """
    return cast("_ChannelModule", import_module(CHANNELS[kind])).channel_from(kit)


class _ChannelModule(Protocol):
    def channel_from(self, kit: ChannelKit) -> Channel: ...
