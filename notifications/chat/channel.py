"""Messages for operators in a chat, by an incoming webhook like Slack's, which many chats support."""

from collections.abc import Mapping
from typing import Final

from notifications.channel import Person, Transport
from notifications.channels import ChannelKit
from notifications.chat.webhook import webhook_from
from notifications.texts import Text
from orders.frozen import frozen

# Slack has three: https://docs.slack.dev/messaging/formatting-message-text#escaping. Other chats read an @ anywhere as
# the beginning of a mention, unless a character follows that cannot be in a name.
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\N{WORD JOINER}"})


@frozen
class Chat:
    """Sends all operators the same message, in one room."""

    transport: Transport

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object]:  # noqa: ARG002 - it is all in the text
        """The message, with what to do. Customers choose ids, so nothing in it may mention anybody."""
        return {"text": f"*{text.subject.translate(_ESCAPED)}*\n{text.body.translate(_ESCAPED)}"}

    def send(self, message: Mapping[str, object], key: str) -> None:
        """Raises Failed."""
        self.transport(message, key)


def channel_from(kit: ChannelKit) -> Chat:
    """Raises SettingsError."""
    return Chat(kit.transport(lambda: webhook_from(kit.environment).post))
