"""Stands in for an incoming webhook of Slack's.

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
    """Slack calls its plain text HTML."""
    return http_answer(reason.encode(), code, "Content-Type: text/html", *headers)


def as_read(text: str) -> str:
    """What is on display. Raises AssertionError if it could mention somebody, or lead somewhere."""
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
