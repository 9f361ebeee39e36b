"""An incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from effects.outside import Failed
from notifications.posting import Answer, Post, answer_to
from orders.frozen import frozen
from service.environment import SettingsError

CHAT_WEBHOOK_URL: Final = "CHAT_WEBHOOK_URL"

_URL: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]+")
# Slack's error codes: no_service, channel_is_archived.
_REASON: Final = re.compile(rb"[a-z_]{1,40}")


@frozen
class Webhook:
    """Posts messages to a room. It supports no idempotency keys: if an answer is lost, a message appears twice."""

    url: str = field(repr=False)
    """A secret: it is enough to post."""

    def post(self, message: Mapping[str, object], key: str) -> None:  # noqa: ARG002 - it knows none
        """Raises Failed."""
        body = json.dumps(message).encode()
        answer = answer_to(Post(self.url, body, {"Content-Type": "application/json"}), "the chat")
        if _is_page(answer):
            raise Failed("the chat answered with a web page: its address is not a webhook's", retryable=False)
        if not answer.is_success:
            reason = f" ({answer.body.decode()})" if _REASON.fullmatch(answer.body) else ""
            raise Failed(
                f"the chat answers {answer.code}{reason}", retryable=answer.is_passing, retry_after=answer.retry_after
            )


def webhook_from(environment: Mapping[str, str]) -> Webhook:
    """The webhook of the room in which operators are notified. Raises SettingsError."""
    url = environment.get(CHAT_WEBHOOK_URL, "").strip()
    if not _URL.fullmatch(url):
        raise SettingsError(f"{CHAT_WEBHOOK_URL} must be an address that begins with https://")
    return Webhook(url)


def _is_page(answer: Answer) -> bool:
    """Whether the answer is a page: then the message was not accepted, whatever the status says."""
    return answer.is_success and answer.body.lstrip().startswith(b"<")
