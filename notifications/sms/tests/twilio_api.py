"""A stand-in for Twilio: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource."""

import re
from base64 import b64decode
from typing import Any, Final
from urllib.parse import parse_qs

from tests.support.provider import Provider, Refusal, json_answer
from tests.support.scripted_server import Request

ACCOUNT: Final = f"AC{'1' * 32}"
API_KEY: Final = f"SK{'2' * 32}"
SERVICE: Final = f"MG{'3' * 32}"
SECRET: Final = "0123456789abcdef0123456789abcdef"
KEY_SECRET: Final = "fedcba9876543210fedcba9876543210"
KNOWN: Final = {f"{ACCOUNT}:{SECRET}", f"{API_KEY}:{KEY_SECRET}"}


def twilio() -> Provider:
    return Provider(_take)


def twilio_error(status: int, code: int, *headers: str) -> bytes:
    """Its message contains the number, as Twilio's does."""
    message = f"The 'To' number +491511234567 is to blame, or {SECRET}"
    more = f"https://www.twilio.com/docs/errors/{code}"
    return json_answer(status, {"code": code, "message": message, "more_info": more, "status": status}, *headers)


def _take(request: Request) -> tuple[Any, bytes]:
    if request.method != "POST" or request.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
        raise Refusal(twilio_error(404, 20404))
    scheme, _, credentials = (request.headers["Authorization"] or "").partition(" ")
    if scheme != "Basic" or b64decode(credentials).decode() not in KNOWN:
        raise Refusal(twilio_error(401, 20003))
    if request.headers["Content-Type"] != "application/x-www-form-urlencoded":
        raise Refusal(twilio_error(400, 20001))
    form = {name: value for name, (value,) in parse_qs(request.body.decode(), strict_parsing=True).items()}
    _check(form)
    sid = "SM00000000000000000000000000000000"
    return form, json_answer(201, {"sid": sid, "status": "queued", "error_code": None, **form})


def _check(form: dict[str, str]) -> None:
    if not re.fullmatch(r"\+[1-9][0-9]{1,14}", form.get("To", "")):
        raise Refusal(twilio_error(400, 21211))
    if len(form.keys() & {"From", "MessagingServiceSid"}) != 1:
        raise Refusal(twilio_error(400, 21603))
    if not form.get("Body"):
        raise Refusal(twilio_error(400, 21602))
    if len(form["Body"]) > 1_600:
        raise Refusal(twilio_error(400, 21617))
    if form.keys() - {"To", "From", "MessagingServiceSid", "Body"}:
        raise Refusal(twilio_error(400, 20001))
