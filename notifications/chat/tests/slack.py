"""A stand-in for a Slack incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import json
from typing import Any

from tests.support.provider import Provider, Refusal
from tests.support.scripted_server import Request, http_answer

PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


def slack() -> Provider:
    return Provider(_take)


def slack_answer(code: int, reason: str, *headers: str) -> bytes:
    """Slack declares its plain text as HTML."""
    return http_answer(reason.encode(), code, "Content-Type: text/html", *headers)


def as_read(text: str) -> str:
    """The displayed text. Raises AssertionError if it could mention somebody or contain a link."""
    assert not {"<", ">"} & set(text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _take(request: Request) -> tuple[Any, bytes]:
    if request.method != "POST" or request.path != PATH:
        raise Refusal(slack_answer(404, "no_service"))
    try:
        message = json.loads(request.body)
    except ValueError:
        message = None
    if request.headers["Content-Type"] != "application/json" or not isinstance(message, dict):
        raise Refusal(slack_answer(400, "invalid_payload"))
    if not message.get("text"):
        raise Refusal(slack_answer(400, "no_text"))
    return message, slack_answer(200, "ok")
