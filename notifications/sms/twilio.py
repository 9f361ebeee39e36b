"""Sends SMS by Twilio: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from effects.outside import Failed, Skipped
from notifications.posting import Answer, Post, answer_to
from orders.frozen import frozen

ORIGIN: Final = "https://api.twilio.com"

# Error codes for which a retry may help although the status says bad request (https://www.twilio.com/docs/api/errors):
# too many requests, a full queue for this sender, maintenance.
_PASSING: Final = frozenset({20429, 21611, 21730})
# This person can get no SMS, and nobody has to act.
_UNREACHABLE: Final = {
    21211: "the customer's phone number is not valid",
    21610: "the customer has unsubscribed from this sender",
    21614: "the customer's phone number takes no SMS",
}


@frozen
class Twilio:
    """It supports no idempotency keys: if an answer is lost, the SMS is sent again, and may arrive twice."""

    account: str
    user: str
    """The account, or one of its API keys."""
    secret: str = field(repr=False)
    sender: Mapping[str, str]
    """The number or service, as a field of the request."""
    origin: str = ORIGIN

    def send(self, message: Mapping[str, object], key: str) -> Skipped | None:  # noqa: ARG002 - it knows none
        """Send the text; Skipped if this number can get none.

        Raises:
            Failed: it was not sent, or that is unknown.
        """
        answer = answer_to(self._post(str(message["to"]), str(message["text"])), "Twilio")
        # Only 201 means that Twilio has created a message.
        if answer.code == HTTPStatus.CREATED:
            return None
        return _refused(answer)

    def _post(self, to: str, text: str) -> Post:
        return Post(
            f"{self.origin}/2010-04-01/Accounts/{self.account}/Messages.json",
            urlencode({"To": to, **self.sender, "Body": text}).encode(),
            {
                "Authorization": f"Basic {b64encode(f'{self.user}:{self.secret}'.encode()).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )


def _refused(answer: Answer) -> Skipped:
    """Why the number gets no SMS. Raises Failed for any other reason."""
    code = answer.fields.get("code")
    known = code if isinstance(code, int) else None
    if known in _UNREACHABLE:
        return Skipped(_UNREACHABLE[known])
    retryable = answer.is_passing or answer.is_success or known in _PASSING
    said = f"Twilio answers {answer.code}" + (f", error {known}" if known else "")
    raise Failed(said, retryable=retryable, retry_after=answer.retry_after)
