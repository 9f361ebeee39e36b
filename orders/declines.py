"""Why a payment was declined: only codes, which may be shown, and never card data."""

from dataclasses import replace
from datetime import datetime

from orders.frozen import frozen


@frozen
class Decline:
    code: str | None
    """https://docs.stripe.com/error-codes."""
    decline_code: str | None
    """https://docs.stripe.com/declines/codes."""
    declined_at: datetime
    payment_intent_id: str | None
    charge_id: str | None

    def is_same_attempt(self, other: "Decline") -> bool:
        """Whether both report the same attempt to pay: Stripe reports it for PaymentIntent, charge and session."""
        if self.charge_id and other.charge_id:
            return self.charge_id == other.charge_id
        return self.payment_intent_id is not None and self.payment_intent_id == other.payment_intent_id


def later_decline(known: Decline | None, reported: Decline) -> Decline:
    """The later of two declines; for two reports of one decline, all that both say."""
    if known is None:
        return reported
    if known.is_same_attempt(reported):
        return replace(
            known,
            code=known.code or reported.code,
            decline_code=known.decline_code or reported.decline_code,
            declined_at=max(known.declined_at, reported.declined_at),
            payment_intent_id=known.payment_intent_id or reported.payment_intent_id,
            charge_id=known.charge_id or reported.charge_id,
        )
    return max(known, reported, key=lambda decline: (decline.declined_at, decline.charge_id or ""))
