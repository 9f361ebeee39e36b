"""A stand-in for Resend, as strict as its documentation: https://resend.com/docs/api-reference."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.support.provider import Provider, Refusal, json_answer
from tests.support.scripted_server import Request

SECRET: Final = "re_a_secret_that_nobody_may_see"


def resend() -> Provider:
    """Each mail comes with a key; per key it sends one mail, however often it is asked."""
    sent: dict[str, Mapping[str, Any]] = {}

    def take(request: Request) -> tuple[Any, bytes]:
        key, mail = _asked_in(request)
        if sent.setdefault(key, mail) != mail:
            raise Refusal(refusal(409, "invalid_idempotent_request"))
        return (key, mail), json_answer(200, {"id": f"mail-{list(sent).index(key)}"})

    return Provider(take)


def refusal(status: int, name: str, *headers: str) -> bytes:
    """Its message must not be repeated."""
    said = {"statusCode": status, "name": name, "message": "alice@mail.example is not welcome"}
    return json_answer(status, said, *headers)


def _asked_in(request: Request) -> tuple[str, Mapping[str, Any]]:
    if request.method != "POST" or request.path != "/emails":
        raise Refusal(refusal(404, "not_found"))
    if request.headers["Authorization"] != f"Bearer {SECRET}":
        raise Refusal(refusal(401, "validation_error"))
    if request.headers["Content-Type"] != "application/json":
        raise Refusal(refusal(415, "unsupported_media_type"))
    key = request.headers["Idempotency-Key"] or ""
    if not 1 <= len(key) <= 256:
        raise Refusal(refusal(400, "invalid_idempotency_key"))
    mail = json.loads(request.body)
    if defect := _defect_of(mail):
        raise Refusal(refusal(422, defect))
    return key, mail


def _defect_of(mail: Mapping[str, Any]) -> str | None:
    texts = ("from", "subject", "text", "html")
    if not all(mail.get(name) for name in (*texts, "to")):
        return "missing_required_field"
    known = {*texts, "to", "reply_to", "headers"}
    is_sound = isinstance(mail.get("reply_to", ""), str) and mail.keys() <= known
    is_sound = is_sound and all(isinstance(mail[name], str) for name in texts)
    return None if is_sound and isinstance(mail["to"], list) and len(mail["to"]) <= 50 else "validation_error"
