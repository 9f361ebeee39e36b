"""A stand-in for Firebase Cloud Messaging: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.support.provider import Provider, Refusal, json_answer
from tests.support.scripted_server import Request

PROJECT: Final = "shop-project"
PHONE = f"fMSgCCHkQJ:APA91b{'x' * 130}"
TABLET = f"dKIhgfd7Tz:APA91b{'y' * 130}"
BROWSER = "cRN4ZNy1Rk-pFHdMxOdZ4q"
MESSAGE = {
    "userId": "alice",
    "tokens": [PHONE, TABLET, BROWSER],
    "title": "Your order 1 is paid",
    "body": "Thank you.",
    "data": {"orderId": "1", "type": "paid"},
    "link": "https://shop.example/orders/1",
}
ACCESS_TOKEN: Final = "ya29.access"
FIELDS: Final = {"fid", "token", "notification", "data", "android", "apns", "webpush"}
MESSAGE_BYTES_MAX: Final = 4_096

_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


def fcm(fates: Mapping[str, bytes] | None = None) -> Provider:
    """Devices accept the message, except those in `fates`, which get that answer."""
    answers = fates or {}

    def take(request: Request) -> tuple[Any, bytes]:
        message = _message_in(request)
        address = str(message.get("fid") or message.get("token"))
        if address in answers:
            raise Refusal(answers[address])
        return message, json_answer(200, {"name": f"projects/{PROJECT}/messages/0:1500415314455276"})

    return Provider(take)


def fcm_error(code: int, status: str, fcm_code: str | None = None, *headers: str, **more: Any) -> bytes:
    """As in https://firebase.google.com/docs/cloud-messaging/error-codes."""
    details = [{"@type": _FCM_ERROR, "errorCode": fcm_code}] if fcm_code else []
    if "field" in more:
        details.append({"@type": _BAD_REQUEST, "fieldViolations": [{"field": more["field"]}]})  # type: ignore[dict-item]
    error = {"code": code, "message": more.get("message", "so it is"), "status": status, "details": details}
    return json_answer(code, {"error": error}, *headers)


UNREGISTERED: Final = fcm_error(404, "NOT_FOUND", "UNREGISTERED", message="Requested entity was not found.")
INVALID_TOKEN: Final = fcm_error(
    400,
    "INVALID_ARGUMENT",
    "INVALID_ARGUMENT",
    message="The registration token is not a valid FCM registration token",
)
INVALID_FIELD: Final = fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.token")
INVALID_MESSAGE: Final = fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.data[0].value")
OTHER_SENDER: Final = fcm_error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")
BUSY: Final = fcm_error(503, "UNAVAILABLE", "UNAVAILABLE")


def _message_in(request: Request) -> dict[str, Any]:
    if request.headers["Authorization"] != f"Bearer {ACCESS_TOKEN}":
        raise Refusal(fcm_error(401, "UNAUTHENTICATED"))
    if request.headers["Content-Type"] != "application/json":
        raise Refusal(fcm_error(400, "INVALID_ARGUMENT"))
    if request.method != "POST" or request.path != f"/v1/projects/{PROJECT}/messages:send":
        raise Refusal(fcm_error(404, "NOT_FOUND"))
    content = json.loads(request.body)
    message: dict[str, Any] = content.get("message")
    if content.keys() != {"message"} or message.keys() - FIELDS or len(message.keys() & {"fid", "token"}) != 1:
        raise Refusal(fcm_error(400, "INVALID_ARGUMENT", field="message"))
    _check(message)
    return message


def _check(message: dict[str, Any]) -> None:
    if not all(isinstance(value, str) for value in message["data"].values()):
        raise Refusal(INVALID_MESSAGE)
    if len(json.dumps([message["notification"], message["data"]])) > MESSAGE_BYTES_MAX:
        raise Refusal(fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", message="Android message is too big"))
    if len(message["apns"]["headers"]["apns-collapse-id"].encode()) > 64:
        raise Refusal(fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field="message.apns"))
    if not message["webpush"].get("fcm_options", {"link": "https://"})["link"].startswith("https://"):
        raise Refusal(fcm_error(400, "INVALID_ARGUMENT", field="message.webpush.fcm_options.link"))
