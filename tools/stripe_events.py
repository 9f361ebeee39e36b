"""Stripe's objects and events of a payment, as webhooks deliver them, with the fields that a shop may read. Pure.

The objects: https://docs.stripe.com/api/payment_intents/object, https://docs.stripe.com/api/charges/object,
https://docs.stripe.com/api/checkout/sessions/object, https://docs.stripe.com/api/refunds/object and
https://docs.stripe.com/api/disputes/object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from orders.order import Order
from stripe_api.api import API_VERSION

Json = dict[str, Any]
PREFIX: Final = "pi_"
"""Of PaymentIntents' ids."""


@dataclass(frozen=True, slots=True)
class CardPayment:
    """One payment for an order. All its ids at Stripe are derived from its name."""

    name: str
    order_id: str
    amount: int
    """In minor units."""
    currency: str
    at: int
    """In seconds, Stripe's unit."""

    @property
    def payment_intent_id(self) -> str:
        return f"pi_{self.name}"

    @property
    def charge_id(self) -> str:
        return f"ch_{self.name}"

    def common(self) -> Json:
        """The fields that its PaymentIntent, its charge and its session share."""
        metadata = {"orderId": self.order_id}
        return {"created": self.at, "currency": self.currency, "livemode": False, "metadata": metadata}


class NoPrice(ValueError):
    """The order has no price. The message names it."""


def payment_for(order: Order, payment_id: str, amount: int | None, currency: str | None, at: int) -> CardPayment:
    """A payment of what the order asks, unless told otherwise.

    Args:
        payment_id: of its PaymentIntent, with or without Stripe's prefix.
        at: in seconds.

    Raises:
        NoPrice: the order asks nothing, and amount or currency is missing.
    """
    asked = order.asked
    amount = asked.amount if amount is None and asked else amount
    currency = asked.currency if currency is None and asked else currency
    if amount is None or currency is None:
        raise NoPrice(f"Order {order.order_id} is {order.status} and has no price")
    return CardPayment(payment_id.removeprefix(PREFIX), order.order_id, amount, currency, at)


def payment_event(payment: CardPayment, event_type: str) -> Json:
    """The payment's event of this type, the same each time."""
    event_id = f"evt_{payment.name}_{event_type.replace('.', '_')}"
    return event_around(OBJECT_OF[event_type](payment), event_id, event_type, payment.at)


def refund_event(
    name: str, payment_ids: Mapping[str, str | None], amount: int, currency: str, at: int, restock: str | None = None
) -> Json:
    """The event of a successful refund. It names only its payment, as at Stripe if the order is not in its metadata."""
    metadata = {"restock": restock} if restock else {}
    refund = refund_object(f"re_{name}", amount, currency, at, **payment_ids, metadata=metadata)
    return event_around(refund, f"evt_{name}_refund_created", "refund.created", at)


def refund_object(refund_id: str, amount: int, currency: str, at: int, **fields: object) -> Json:
    """Succeeded, unless the fields say otherwise."""
    return {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "created": at,
        "currency": currency,
        "metadata": {},
        "reason": "requested_by_customer",
        "status": "succeeded",
        **fields,
    }


def dispute_event(
    payment: CardPayment, opened_at: int, due_by: int, *, closed_at: int | None = None, status: str = "needs_response"
) -> Json:
    """The customer's bank disputes the whole payment, with evidence due, or has decided. Times in seconds."""
    dispute = {
        "id": f"dp_{payment.name}",
        "object": "dispute",
        "amount": payment.amount,
        "charge": payment.charge_id,
        "created": opened_at,
        "currency": payment.currency,
        "evidence_details": {"due_by": due_by, "has_evidence": False, "past_due": False, "submission_count": 0},
        "livemode": False,
        "metadata": {},
        "payment_intent": payment.payment_intent_id,
        "reason": "fraudulent",
        "status": status,
    }
    word = "created" if closed_at is None else "closed"
    return event_around(dispute, f"evt_{payment.name}_dispute_{word}", f"charge.dispute.{word}", closed_at or opened_at)


def event_around(stripe_object: Json, event_id: str, event_type: str, at: int, **fields: object) -> Json:
    """The event that carries this object."""
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
        **fields,
    }


def thin_event_of(event: Json, event_id: str) -> Json:
    """The event that only names its object: https://docs.stripe.com/event-destinations#thin-payload."""
    stripe_object = event["data"]["object"]
    kind = stripe_object["object"]
    path = f"{kind.replace('.', '/')}s/{stripe_object['id']}"
    return {
        "id": event_id,
        "object": "v2.core.event",
        "context": None,
        "created": f"{datetime.fromtimestamp(event['created'], UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        "livemode": event["livemode"],
        "related_object": {"id": stripe_object["id"], "type": kind, "url": f"/v1/{path}"},
        "snapshot_event": event["id"],
        "type": f"v1.{event['type']}",
    }


def _declined_intent(payment: CardPayment) -> Json:
    # Each attempt has a charge of its own.
    charge_id = f"{payment.charge_id}_declined"
    declined = {"last_payment_error": decline_of(charge_id), "latest_charge": charge_id}
    return intent_object(payment, "requires_payment_method", **declined)


def decline_of(charge_id: str) -> Json:
    """A PaymentIntent's `last_payment_error`."""
    return {
        "charge": charge_id,
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
        "type": "card_error",
    }


def intent_object(payment: CardPayment, status: str, **fields: object) -> Json:
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


def charge_object(payment: CardPayment, **fields: object) -> Json:
    """Paid, unless the fields say otherwise."""
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
        **fields,
    }


def _paid_session(payment: CardPayment) -> Json:
    if payment.amount == 0:
        # There is no payment: https://docs.stripe.com/payments/checkout/no-cost-orders.
        return session_object(payment, status="complete", payment_status="no_payment_required", payment_intent=None)
    return session_object(payment, status="complete", payment_status="paid", payment_intent=payment.payment_intent_id)


def session_object(payment: CardPayment, **fields: object) -> Json:
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
    "payment_intent.succeeded": lambda payment: intent_object(
        payment, "succeeded", amount_received=payment.amount, latest_charge=payment.charge_id
    ),
    "payment_intent.processing": lambda payment: intent_object(payment, "processing", latest_charge=payment.charge_id),
    "payment_intent.payment_failed": _declined_intent,
    "payment_intent.canceled": lambda payment: intent_object(
        payment, "canceled", cancellation_reason="abandoned", canceled_at=payment.at
    ),
    "charge.succeeded": charge_object,
    "checkout.session.completed": _paid_session,
    # Nobody has tried to pay in it, so there is no PaymentIntent.
    "checkout.session.expired": lambda payment: session_object(
        payment, status="expired", payment_status="unpaid", payment_intent=None
    ),
}
"""The types of event that can be created, each with its object."""
