"""Firebase Cloud Messaging's requests and answers.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

from effects.outside import Failed
from notifications.posting import Answer
from orders.frozen import frozen

# Firebase's installation ids, in all its SDKs: 17 bytes in base64 with the first four bits fixed. A registration token
# is much longer.
_INSTALLATION: Final = re.compile(r"[cdef][A-Za-z0-9_-]{21}")
_MARK_CHARACTERS: Final = 32
"""Apple allows 64 bytes."""
_LEAST_PAUSE: Final = timedelta(minutes=1)
"""The least wait after too many requests: https://firebase.google.com/docs/cloud-messaging/error-codes."""

_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_UNREGISTERED: Final = (404, "UNREGISTERED")
_INVALID: Final = (400, "INVALID_ARGUMENT")
_ADDRESSES: Final = frozenset({"message.token", "message.fid"})
_OF_ADDRESS: Final = re.compile("registration token|installation id", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Z_]{1,40}")


class Fate(Enum):
    """What became of a message to one device."""

    REACHED = auto()
    """FCM has accepted it."""
    DEAD = auto()
    """The device no longer exists."""
    REFUSED = auto()
    """A retry cannot help."""
    UNKNOWN = auto()
    """A retry may help."""


@frozen
class Outcome:
    fate: Fate
    reason: str = ""
    """Contains no address and nothing of the message."""
    retry_after: timedelta | None = None


def body_for(token: str, message: Mapping[str, Any], key: str) -> Mapping[str, object]:
    """The request's body: a message to one device, which replaces an earlier one under this key.

    It replaces a message on display (`tag`, `apns-collapse-id`) and one still waiting for the device (`collapse_key`).
    FCM keeps four waiting messages for an Android device, but only one of those without a key of their own
    (https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible-message-types).
    """
    mark = hashlib.sha256(key.encode()).hexdigest()[:_MARK_CHARACTERS]
    link = message["link"]
    # FCM refuses the whole message because of any other link.
    leads_to = {"fcm_options": {"link": link}} if str(link).startswith("https://") else {}
    return {
        "message": {
            "fid" if _INSTALLATION.fullmatch(token) else "token": token,
            "notification": {"title": message["title"], "body": message["body"]},
            "data": message["data"],
            "android": {"collapse_key": mark, "notification": {"tag": mark}},
            "apns": {"headers": {"apns-collapse-id": mark}},
            "webpush": {"notification": {"tag": mark}, **leads_to},
        }
    }


def outcome_of(answer: Answer | Failed) -> Outcome:
    """What became of a message: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode."""
    if isinstance(answer, Failed):
        return Outcome(Fate.UNKNOWN, str(answer), answer.retry_after)
    if answer.is_success:
        # FCM names a message that it has accepted.
        named = isinstance(answer.fields.get("name"), str)
        return Outcome(Fate.REACHED) if named else Outcome(Fate.UNKNOWN, "FCM's answer cannot be read")
    error = _mapping(answer.fields.get("error"))
    code = _fcm_code(error)
    if (answer.code, code) == _UNREGISTERED or ((answer.code, code) == _INVALID and _is_about_address(error)):
        return Outcome(Fate.DEAD)
    known = code or str(error.get("status"))
    reason = f"FCM answers {answer.code}" + (f" ({known})" if _CODE.fullmatch(known) else "")
    if answer.code == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome(Fate.UNKNOWN, reason, answer.retry_after or _LEAST_PAUSE)
    # SENDER_ID_MISMATCH is refused, too: the device is another project's. Its token is kept, since if the mistake is
    # ours it affects all devices, and nobody could bring the tokens back.
    return Outcome(Fate.UNKNOWN if answer.is_passing else Fate.REFUSED, reason, answer.retry_after)


def _fcm_code(error: Mapping[str, Any]) -> str:
    """FCM's own error code; empty if the error is not FCM's, as for a wrong URL."""
    codes = [detail.get("errorCode") for detail in _details(error, _FCM_ERROR)]
    return next((code for code in codes if isinstance(code, str)), "")


def _is_about_address(error: Mapping[str, Any]) -> bool:
    """Whether only the device's address is invalid, which then never becomes valid.

    FCM names the field, or says so in the message: https://firebase.google.com/docs/cloud-messaging/error-codes.
    """
    fields = {
        _mapping(violation).get("field")
        for detail in _details(error, _BAD_REQUEST)
        for violation in _list(detail.get("fieldViolations"))
    }
    return fields <= _ADDRESSES if fields else bool(_OF_ADDRESS.search(str(error.get("message"))))


def _details(error: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    details = map(_mapping, _list(error.get("details")))
    return (detail for detail in details if detail.get("@type") == kind)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
