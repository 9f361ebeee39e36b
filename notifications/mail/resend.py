"""Mail by Resend, which sends what it is asked for under one key once a day: https://resend.com/docs/api-reference.

By requests, which Google's own client libraries bring, rather than by Resend's library, which takes 0.07 s to import.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import requests

from effects.outside import Failed
from notifications.mail.mail import AUTOMATIC, Mail
from notifications.mail.settings import MAIL_SECRET
from service.environment import SettingsError

ORIGIN: Final = "https://api.resend.com"
CONNECT_SECONDS_MAX: Final = 3.0
ANSWER_SECONDS_MAX: Final = 6.5

# https://resend.com/docs/api-reference/errors
_OTHER_MAIL: Final = "invalid_idempotent_request"
_NAME: Final = re.compile(r"[a-z_]{1,60}")
_SECONDS: Final = re.compile(r"[0-9]{1,6}")


def resend_with(secret: str | None, origin: str = ORIGIN) -> "ResendTransport":
    """Raises SettingsError."""
    if secret is None:
        raise SettingsError(f"{MAIL_SECRET} must be a key for Resend's API")
    return ResendTransport(secret, origin)


@dataclass(frozen=True, slots=True)
class ResendTransport:
    secret: str = field(repr=False)
    origin: str = ORIGIN
    connect_seconds: float = CONNECT_SECONDS_MAX
    answer_seconds: float = ANSWER_SECONDS_MAX

    def send(self, mail: Mail, key: str) -> None:
        """Raises Failed: with Resend's name for what is wrong, and none of its words, which may name the recipient."""
        try:
            answer = self._posted(_request(mail), key)
        except requests.RequestException as error:
            raise Failed(f"Resend does not answer: {type(error).__name__}", retryable=True) from None
        said = _object(answer)
        if answer.ok and isinstance(said.get("id"), str):
            return
        name = said.get("name")
        known = name if isinstance(name, str) and _NAME.fullmatch(name) else "no reason given"
        raise Failed(
            f"Resend answers {answer.status_code} ({known})",
            retryable=_is_passing(answer.status_code, known),
            retry_after=_pause(answer.headers.get("Retry-After", "")),
        )

    def _posted(self, request: dict[str, Any], key: str) -> requests.Response:
        with requests.Session() as session:
            # A password file (~/.netrc) would take the key's place.
            session.trust_env = False
            return session.post(
                f"{self.origin}/emails",
                json=request,
                headers={"Authorization": f"Bearer {self.secret}", "Idempotency-Key": key},
                timeout=(self.connect_seconds, self.answer_seconds),
                allow_redirects=False,
            )


def _request(mail: Mail) -> dict[str, Any]:
    """https://resend.com/docs/api-reference/emails/send-email."""
    return {
        "from": str(mail.sender),
        "to": list(mail.to),
        **({"reply_to": mail.reply_to} if mail.reply_to else {}),
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": AUTOMATIC,
    }


def _is_passing(status: int, name: str) -> bool:
    """Whether the same may be accepted later."""
    match status:
        case HTTPStatus.CONFLICT:
            # Else another attempt is still under way, with the same key.
            return name != _OTHER_MAIL
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.TOO_MANY_REQUESTS:
            return True
        case _:
            # A success without the mail's id came from somebody in between.
            return status < HTTPStatus.MULTIPLE_CHOICES or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _pause(text: str) -> timedelta | None:
    return timedelta(seconds=int(text)) if _SECONDS.fullmatch(text) else None
