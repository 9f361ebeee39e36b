"""Why a payment was declined. Never a card's data: only the codes, which may be shown."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Decline:
    code: str | None
    """https://docs.stripe.com/error-codes."""
    decline_code: str | None
    """https://docs.stripe.com/declines/codes."""
    declined_at: datetime
    payment_intent_id: str | None
    charge_id: str | None

    def is_same_attempt(self, other: "Decline") -> bool:
        """Whether both tell of one attempt to pay: Stripe says so of the PaymentIntent, its charge and the session."""
        if self.charge_id and other.charge_id:
            return self.charge_id == other.charge_id
        return self.payment_intent_id is not None and self.payment_intent_id == other.payment_intent_id


def later_decline(known: Decline | None, told: Decline) -> Decline:
    """The later of two declines; of one decline told twice, all that is known of it."""
    if known is None:
        return told
    if known.is_same_attempt(told):
        return replace(
            known,
            code=known.code or told.code,
            decline_code=known.decline_code or told.decline_code,
            declined_at=max(known.declined_at, told.declined_at),
            payment_intent_id=known.payment_intent_id or told.payment_intent_id,
            charge_id=known.charge_id or told.charge_id,
        )
    return max(known, told, key=lambda decline: (decline.declined_at, decline.charge_id or ""))
