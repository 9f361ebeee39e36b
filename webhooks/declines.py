"""What is kept of why a payment was declined: Stripe's codes, and only those that its customer may see."""

from typing import Final

from orders.declines import Decline
from orders.events import Envelope, PaymentFailed

_NOT_FOR_CUSTOMERS: Final = frozenset({"fraudulent", "lost_card", "merchant_blacklist", "stolen_card"})
"""Stripe asks to show these as `generic_decline` (https://docs.stripe.com/declines/codes), and customers see theirs."""


def payment_failed(envelope: Envelope, code: str | None, decline_code: str | None) -> PaymentFailed:
    decline = Decline(
        code=code,
        decline_code="generic_decline" if decline_code in _NOT_FOR_CUSTOMERS else decline_code,
        declined_at=envelope["delivery"].created_at,
        payment_intent_id=envelope["payment_intent_id"],
        charge_id=envelope["charge_id"],
    )
    return PaymentFailed(**envelope, decline=decline)
