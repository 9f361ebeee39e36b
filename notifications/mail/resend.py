"""Sends mail by Resend, which supports idempotency keys for a day: https://resend.com/docs/api-reference.

Resend's own library takes 0.07 s to import, and has no timeouts.
"""

import json
import re
from dataclasses import field
from http import HTTPStatus
from typing import Any, Final

from effects.outside import Failed
from notifications.mail.mail import AUTOMATIC, Mail
from notifications.mail.settings import MAIL_SECRET
from notifications.posting import Answer, Post, answer_to
from orders.frozen import frozen
from service.environment import SettingsError

ORIGIN: Final = "https://api.resend.com"

# https://resend.com/docs/api-reference/errors
_OTHER_MAIL: Final = "invalid_idempotent_request"
_NAME: Final = re.compile(r"[a-z_]{1,60}")


def resend_with(secret: str | None) -> "ResendTransport":
    """Raises SettingsError."""
    if secret is None:
        raise SettingsError(f"{MAIL_SECRET} must be a key for Resend's API")
    return ResendTransport(secret)


@frozen
class ResendTransport:
    secret: str = field(repr=False)
    origin: str = ORIGIN

    def send(self, mail: Mail, key: str) -> None:
        """Raises Failed: with Resend's error name, but not its message, which may contain the recipient."""
        headers = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": key, "Content-Type": "application/json"}
        answer = answer_to(Post(f"{self.origin}/emails", json.dumps(_request(mail)).encode(), headers), "Resend")
        if answer.is_success and isinstance(answer.fields.get("id"), str):
            return
        name = answer.fields.get("name")
        known = name if isinstance(name, str) and _NAME.fullmatch(name) else "no reason given"
        raise Failed(
            f"Resend answers {answer.code} ({known})",
            retryable=_is_passing(answer, known),
            retry_after=answer.retry_after,
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


def _is_passing(answer: Answer, name: str) -> bool:
    """Whether the same request may be accepted later.

    A conflict means that another attempt with this key is under way, unless it was for another mail. A success without
    the mail's id did not come from Resend.
    """
    if answer.code == HTTPStatus.CONFLICT:
        return name != _OTHER_MAIL
    return answer.is_passing or answer.is_success
