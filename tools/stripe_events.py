"""Stripe's events about a card payment, as its webhooks carry them, with the fields that a shop may look at. Pure.

The objects: https://docs.stripe.com/api/payment_intents/object, https://docs.stripe.com/api/charges/object,
https://docs.stripe.com/api/checkout/sessions/object and https://docs.stripe.com/api/refunds/object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

API_VERSION: Final = "2026-10-28.endive"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CardPayment:
    """One payment for an order. All of Stripe's ids are made of its name."""

    name: str
    order_id: str
    amount: int
    """In minor units."""
    currency: str
    at: int
    """In seconds, as Stripe counts time."""

    @property
    def payment_intent_id(self) -> str:
        return f"pi_{self.name}"

    @property
    def charge_id(self) -> str:
        return f"ch_{self.name}"

    def common(self) -> Json:
        """What its PaymentIntent, its charge and its session have in common."""
        metadata = {"orderId": self.order_id}
        return {"created": self.at, "currency": self.currency, "livemode": False, "metadata": metadata}


def payment_event(payment: CardPayment, event_type: str) -> Json:
    """The event of this type for the payment; the same one when it is asked for again."""
    event_id = f"evt_{payment.name}_{event_type.replace('.', '_')}"
    return _event(event_id, event_type, OBJECT_OF[event_type](payment), payment.at)


def refund_event(name: str, payment_ids: Mapping[str, str | None], amount: int, currency: str, at: int) -> Json:
    """A refund of so much has succeeded. It names its payment alone, as with Stripe, where the order is not copied."""
    refund: Json = {
        "id": f"re_{name}",
        "object": "refund",
        "amount": amount,
        "created": at,
        "currency": currency,
        "metadata": {},
        "reason": "requested_by_customer",
        "status": "succeeded",
        **payment_ids,
    }
    return _event(f"evt_{name}_refund_created", "refund.created", refund, at)


def _event(event_id: str, event_type: str, stripe_object: Json, at: int) -> Json:
    return {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": at,
        "data": {"object": stripe_object},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    }


def _paid_intent(payment: CardPayment) -> Json:
    paid = {"amount_received": payment.amount, "latest_charge": payment.charge_id}
    return _intent(payment, "succeeded", **paid)


def _processing_intent(payment: CardPayment) -> Json:
    return _intent(payment, "processing", latest_charge=payment.charge_id)


def _declined_intent(payment: CardPayment) -> Json:
    # Each attempt has a charge of its own.
    charge_id = f"{payment.charge_id}_declined"
    error = {
        "charge": charge_id,
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
        "type": "card_error",
    }
    return _intent(payment, "requires_payment_method", last_payment_error=error, latest_charge=charge_id)


def _canceled_intent(payment: CardPayment) -> Json:
    return _intent(payment, "canceled", cancellation_reason="abandoned", canceled_at=payment.at)


def _intent(payment: CardPayment, status: str, **fields: object) -> Json:
    return {
        **payment.common(),
        "id": payment.payment_intent_id,
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_received": 0,
        "capture_method": "automatic",
        "last_payment_error": None,
        "latest_charge": None,
        "payment_method_types": ["card"],
        "status": status,
        **fields,
    }


def _charge(payment: CardPayment) -> Json:
    return {
        **payment.common(),
        "id": payment.charge_id,
        "object": "charge",
        "amount": payment.amount,
        "amount_captured": payment.amount,
        "amount_refunded": 0,
        "captured": True,
        "paid": True,
        "payment_intent": payment.payment_intent_id,
        "payment_method_details": {"type": "card"},
        "refunded": False,
        "status": "succeeded",
    }


def _paid_session(payment: CardPayment) -> Json:
    if payment.amount == 0:
        # There is no payment: https://docs.stripe.com/payments/checkout/no-cost-orders.
        return _session(payment, status="complete", payment_status="no_payment_required", payment_intent=None)
    return _session(payment, status="complete", payment_status="paid", payment_intent=payment.payment_intent_id)


def _expired_session(payment: CardPayment) -> Json:
    # Nobody has tried to pay in it, so there is no PaymentIntent.
    return _session(payment, status="expired", payment_status="unpaid", payment_intent=None)


def _session(payment: CardPayment, **fields: object) -> Json:
    return {
        **payment.common(),
        "id": f"cs_test_{payment.name}",
        "object": "checkout.session",
        "amount_subtotal": payment.amount,
        "amount_total": payment.amount,
        "client_reference_id": None,
        "mode": "payment",
        "payment_link": None,
        "payment_method_types": ["card"],
        **fields,
    }


OBJECT_OF: Final[Mapping[str, Callable[[CardPayment], Json]]] = {
    "payment_intent.succeeded": _paid_intent,
    "payment_intent.processing": _processing_intent,
    "payment_intent.payment_failed": _declined_intent,
    "payment_intent.canceled": _canceled_intent,
    "charge.succeeded": _charge,
    "checkout.session.completed": _paid_session,
    "checkout.session.expired": _expired_session,
}
"""The types of event that can be made, each with the object that it carries."""
