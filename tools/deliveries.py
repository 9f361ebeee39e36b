"""Plays Stripe's part: signs an event and posts it to the webhook."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import stripe

from tools.posting import Answer, NotAnswered, post
from webhooks.signing_secrets import EMULATORS_SECRET

_FORGED: Final = "signature verification failed"


class OtherSecret(NotAnswered):
    """The webhook does not accept the emulators' secret."""

    def __init__(self) -> None:
        super().__init__(
            f"The webhook does not take {EMULATORS_SECRET}, with which this was signed: .secret.local names another "
            f"secret. Let it say STRIPE_WEBHOOK_SECRET={EMULATORS_SECRET},whsec_... (yours after the comma), and start "
            "the emulators again."
        )


def deliver(webhook: str, event: Mapping[str, object], secret: str = EMULATORS_SECRET) -> Answer:
    """The webhook's answer to the event, signed now.

    Raises:
        NotAnswered: there was no answer; OtherSecret if the emulators' secret is not accepted.
    """
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    answer = post(webhook, body.encode(), {"Stripe-Signature": signature})
    if secret == EMULATORS_SECRET and (answer.status, answer.said) == (HTTPStatus.BAD_REQUEST, _FORGED):
        raise OtherSecret
    return answer
