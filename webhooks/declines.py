"""Why a payment was declined: only Stripe's codes, and only those that the customer may see."""

from typing import Final

from orders.declines import Decline
from orders.events import Envelope, PaymentFailed

_NOT_FOR_CUSTOMERS: Final = frozenset({"fraudulent", "lost_card", "merchant_blacklist", "stolen_card"})
"""Stripe asks to show customers `generic_decline` instead of these: https://docs.stripe.com/declines/codes."""


def payment_failed(envelope: Envelope, code: str | None, decline_code: str | None) -> PaymentFailed:
    decline = Decline(
        code=code,
        decline_code="generic_decline" if decline_code in _NOT_FOR_CUSTOMERS else decline_code,
        declined_at=envelope["delivery"].created_at,
        payment_intent_id=envelope["payment_intent_id"],
        charge_id=envelope["charge_id"],
    )
    return PaymentFailed(**envelope, decline=decline)
