"""Reads events of a charge: https://docs.stripe.com/api/charges/object."""

from collections.abc import Mapping, Sequence
from typing import Final

from orders.events import (
    ChargeRefunded,
    Envelope,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    StripeDelivery,
)
from orders.money import Money
from orders.payments import PaymentState
from orders.refunds import Refunds
from webhooks.declines import payment_failed
from webhooks.payment_methods import authorised_until, slowest_end
from webhooks.refunds import refund_from
from webhooks.stripe_fields import (
    Json,
    Misshapen,
    code_or_none,
    id_in,
    id_or_none,
    list_or_empty,
    money_in,
    object_or_empty,
)

_REFUNDS_MAX: Final = 100
"""As many as Stripe lists at once (https://docs.stripe.com/api/pagination); a document has no room for any number."""
_RELEASE_IS_NO_REFUND_SINCE: Final = "2025-03-31.basil"
"""Before this API version, the release of an authorised amount that was not captured was also reported as a refund.

https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow
"""


def succeeded(
    charge: Json, order_id: str | None, delivery: StripeDelivery
) -> PaymentSucceeded | PaymentProcessing | PaymentCanceled:
    envelope = _envelope(charge, order_id, delivery)
    if not _is_captured(charge):
        # An authorisation (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method) is not yet a payment.
        return PaymentProcessing(**envelope, state=PaymentState.AUTHORISED, until=authorised_until(charge))
    if _is_released(charge):
        return PaymentCanceled(**envelope)
    return PaymentSucceeded(**envelope, money=_captured_money(charge))


def pending(charge: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentProcessing:
    return PaymentProcessing(**_envelope(charge, order_id, delivery), until=slowest_end(charge, delivery.created_at))


def failed(charge: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentFailed:
    outcome = object_or_empty(charge, "outcome")
    # A charge that Stripe itself blocks has no decline code, and the payer is not to know why it was blocked.
    reason = code_or_none(outcome, "reason") if outcome.get("type") == "issuer_declined" else None
    return payment_failed(_envelope(charge, order_id, delivery), code_or_none(charge, "failure_code"), reason)


def refunded(
    charge: Json, order_id: str | None, delivery: StripeDelivery
) -> ChargeRefunded | PaymentProcessing | PaymentCanceled:
    envelope = _envelope(charge, order_id, delivery)
    if not _is_captured(charge) and charge.get("amount_captured"):
        # Captured in part, and more may follow. Its refunds are reported by their own events.
        return PaymentProcessing(**envelope, state=PaymentState.AUTHORISED, until=authorised_until(charge))
    if not _is_captured(charge) or _is_released(charge):
        # Only an authorisation was released: https://docs.stripe.com/refunds#cancel-payment.
        return PaymentCanceled(**envelope)
    paid, released = _captured_money(charge), _released_amount(charge, delivery)
    total = max(money_in(charge, "amount_refunded").amount - released, 0)
    # Until API version 2022-11-15 a charge carried its refunds as a list.
    listed = _without_release(list_or_empty(charge, "refunds"), released)
    if len(listed) > _REFUNDS_MAX:
        raise Misshapen(f"refunds must be a list of at most {_REFUNDS_MAX} refunds")
    # Its list does not say when a refund failed: the charge may be reported long after that, and after a new refund.
    read = [refund_from(refund, envelope["payment_intent_id"] or envelope["charge_id"]) for refund in listed]
    defects = [defect for _, defect in read if defect]
    return ChargeRefunded(
        **envelope,
        paid=paid,
        amount_refunded=total,
        refunds=Refunds.of(*(refund for refund, _ in read)),
        restock_defect="; ".join(defects) or None,
    )


def _envelope(charge: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_or_none(charge, "payment_intent"),
        "charge_id": id_in(charge, "id"),
    }


def _is_captured(charge: Json) -> bool:
    captured = charge.get("captured")
    if not isinstance(captured, bool):
        raise Misshapen("captured must be true or false")
    return captured


def _is_released(charge: Json) -> bool:
    """Whether nothing was captured of a charge that counts as captured, as when its authorisation is reversed.

    Without this it would pay for an order without a price. https://docs.stripe.com/payments/multicapture
    """
    return _captured_money(charge).amount == 0


def _captured_money(charge: Json) -> Money:
    # Older API versions have no amount_captured; they captured the whole amount.
    return money_in(charge, "amount_captured" if "amount_captured" in charge else "amount")


def _released_amount(charge: Json, delivery: StripeDelivery) -> int:
    """How much of the reported refund was only authorised, and was released when the rest was captured."""
    if delivery.api_version is None or delivery.api_version >= _RELEASE_IS_NO_REFUND_SINCE:
        return 0
    return max(money_in(charge, "amount").amount - _captured_money(charge).amount, 0)


def _without_release(refunds: Sequence[object], released: int) -> Sequence[object]:
    """The refunds without the one that reports the release: the earliest, and so the last in the list."""
    oldest = refunds[-1] if released and refunds else None
    return refunds[:-1] if isinstance(oldest, Mapping) and oldest.get("amount") == released else refunds
