"""Things as tests need them: complete by default, so that a test names only what it is about."""

import functools
import hashlib
import hmac
import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from database.documents.operator_requests import operator_request_from
from database.documents.orders import order_from
from database.documents.size import ORDER_BYTES_MAX
from database.store import Document
from orders.checkout import Checkout
from orders.declines import Decline
from orders.disputes import Dispute
from orders.event_kinds import EventKind
from orders.events import (
    ChargeRefunded,
    DisputeChanged,
    NotUnderstood,
    OrderEvent,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
    SubscriptionStarted,
)
from orders.money import Money
from orders.operator_events import OperatorEvent, OperatorOrderEvent
from orders.refunds import Refund, Refunds, RefundStatus, Restock
from orders.shop_events import CancelRequested, CheckoutEnded, CheckoutOpened, OrderPlaced, ReservationLapsed
from service.settings import settings_from

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
LATER = NOW + timedelta(seconds=7)
SECRET = "whsec_test_secret"
TERMS = settings_from({}).terms

Fields = dict[str, object]


def an_order(**fields: object) -> Fields:
    """An order as its customer writes it: three shirts."""
    return {
        "userId": "alice",
        "items": [{"productId": "shirt", "quantity": 3}],
        "status": "pending",
        "createdAt": NOW,
        **fields,
    }


def as_large_as_may_be() -> Fields:
    """The same order with a note so long that not a byte more would be taken."""
    return an_order(note="x" * _characters_max())


@functools.cache
def _characters_max() -> int:
    def is_too_large(characters: int) -> bool:
        return order_from("order-1", an_order(note="x" * characters)).is_oversized

    return bisect_left(range(ORDER_BYTES_MAX), 1, key=is_too_large) - 1


def a_reserved_order(**fields: object) -> Fields:
    """The same order, held and priced."""
    held: Fields = {
        "status": "reserved",
        "itemsTotal": 3_600,
        "amountTotal": 3_600,
        "currency": "eur",
        "pricedBy": "catalogue",
        "reservedAt": NOW,
        "reservationExpiresAt": NOW + timedelta(minutes=30),
    }
    return an_order(**{**held, **fields})


def a_catalogue_entry(**fields: object) -> Fields:
    return {"name": "Shirt", "active": True, "unitAmount": 1_200, "currency": "eur", **fields}


def a_delivery(**fields: object) -> StripeDelivery:
    known: dict[str, object] = {
        "event_id": "evt_1",
        "event_type": "payment_intent.succeeded",
        "created_at": NOW,
        "delivered_at": NOW,
        "livemode": False,
        "api_version": "2026-02-25.clover",
        "account": None,
    }
    return StripeDelivery(**{**known, **fields})  # type: ignore[arg-type]


def a_payment(
    event_id: str = "evt_1",
    *,
    order_id: str = "order-1",
    money: Money = Money(3_600, "eur"),
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_1",
    **delivery: object,
) -> PaymentSucceeded:
    return PaymentSucceeded(
        delivery=a_delivery(event_id=event_id, **delivery),
        order_id=order_id,
        money=money,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
    )


def a_free_session(event_id: str = "evt_1", *, order_id: str = "order-1", **delivery: object) -> PaymentSucceeded:
    """A Checkout session was completed that cost nothing."""
    delivery = {"event_type": "checkout.session.completed", **delivery}
    free = Money(0, "eur")
    event = a_payment(event_id, order_id=order_id, money=free, payment_intent_id=None, charge_id=None, **delivery)
    return replace(event, session_id="cs_1")


def a_placement(order_id: str = "order-1", product_ids: tuple[str, ...] = ("shirt",)) -> OrderPlaced:
    return OrderPlaced(order_id, product_ids)


def a_processing(
    event_id: str = "evt_1",
    *,
    order_id: str = "order-1",
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = None,
    until: datetime | None = None,
    **delivery: object,
) -> PaymentProcessing:
    return PaymentProcessing(
        delivery=a_delivery(event_id=event_id, **{"event_type": "payment_intent.processing", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        until=until,
    )


def a_failure(
    event_id: str = "evt_1",
    *,
    order_id: str = "order-1",
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_0",
    decline_code: str | None = "insufficient_funds",
    **delivery: object,
) -> PaymentFailed:
    failed = a_delivery(event_id=event_id, **{"event_type": "payment_intent.payment_failed", **delivery})
    return PaymentFailed(
        delivery=failed,
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        decline=Decline("card_declined", decline_code, failed.created_at, payment_intent_id, charge_id),
    )


def a_cancellation(
    event_id: str = "evt_1", *, order_id: str = "order-1", payment_intent_id: str | None = "pi_1", **delivery: object
) -> PaymentCanceled:
    return PaymentCanceled(
        delivery=a_delivery(event_id=event_id, **{"event_type": "payment_intent.canceled", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=None,
    )


def a_subscription(event_id: str = "evt_1", *, order_id: str = "order-1", **delivery: object) -> SubscriptionStarted:
    return SubscriptionStarted(
        delivery=a_delivery(event_id=event_id, **{"event_type": "checkout.session.completed", **delivery}),
        order_id=order_id,
        payment_intent_id=None,
        charge_id=None,
    )


def a_refund(
    refund_id: str = "re_1",
    amount: int = 3_600,
    status: str = "succeeded",
    restock: Restock = None,
    payment_id: str | None = "pi_1",
    at: datetime | None = None,
) -> Refund:
    return Refund(refund_id, amount, RefundStatus(status), restock, payment_id, at=at)


def a_refunded_charge(
    event_id: str = "evt_1",
    *refunds: Refund,
    order_id: str | None = "order-1",
    total: int = 3_600,
    paid: Money = Money(3_600, "eur"),
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_1",
    **delivery: object,
) -> ChargeRefunded:
    """So much of a charge is refunded by now."""
    return ChargeRefunded(
        delivery=a_delivery(event_id=event_id, **{"event_type": "charge.refunded", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        paid=paid,
        amount_refunded=total,
        refunds=Refunds.of(*refunds),
    )


def an_updated_refund(
    event_id: str = "evt_1",
    refund: Refund | None = None,
    *,
    order_id: str | None = None,
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_1",
    currency: str = "eur",
    restock_defect: str | None = None,
    **delivery: object,
) -> RefundUpdated:
    """One refund, as Stripe reports it: without the order's id."""
    refund = refund or a_refund(payment_id=payment_intent_id or charge_id)
    return RefundUpdated(
        delivery=a_delivery(event_id=event_id, **{"event_type": "refund.updated", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        money=Money(refund.amount, currency),
        refunds=Refunds.of(refund),
        restock_defect=restock_defect,
    )


def a_dispute(
    event_id: str = "evt_1",
    status: str = "needs_response",
    *,
    order_id: str | None = None,
    dispute_id: str = "dp_1",
    opened_at: datetime = NOW,
    payment_intent_id: str | None = "pi_1",
    **delivery: object,
) -> DisputeChanged:
    changed = a_delivery(event_id=event_id, **{"event_type": "charge.dispute.updated", **delivery})
    return DisputeChanged(
        delivery=changed,
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id="ch_1",
        dispute=Dispute(
            dispute_id=dispute_id,
            status=status,
            reason="fraudulent",
            amount=3_600,
            currency="eur",
            due_by=NOW + timedelta(days=7),
            opened_at=opened_at,
            told_at=changed.created_at,
        ),
    )


def a_lapse(order_id: str = "order-1") -> ReservationLapsed:
    return ReservationLapsed(order_id)


def a_cancel_request(order_id: str = "order-1") -> CancelRequested:
    return CancelRequested(order_id)


def a_request(**fields: object) -> Fields:
    """What the customer writes to have their order cancelled."""
    return {"userId": "alice", "createdAt": NOW, **fields}


def an_operators_request(kind: str, **fields: object) -> Fields:
    """What an operator asks for, as it is written."""
    said: Fields = {"kind": kind, "target": "order-1", "operator": "olga", "reason": "as agreed", "createdAt": NOW}
    return {**said, **fields}


OPERATORS_REQUESTS: Mapping[str, Fields] = {
    "accept-1": an_operators_request("accept"),
    "refund-1": an_operators_request("refund"),
    "release-1": an_operators_request("release"),
    "extend-1": an_operators_request("extend", until=NOW + timedelta(days=1)),
    "cancel-1": an_operators_request("cancel"),
    "stock-1": an_operators_request("stock", target="shirt", mode="add", quantity=5),
    "recount-1": an_operators_request("stock", target="shirt", mode="recount"),
    "retry-1": an_operators_request("retry", target="evt_1_mail_customer"),
    "replay-1": an_operators_request("replay", target="evt_1"),
    "handle-1": an_operators_request("handle", target="evt_1_mail_customer", of="effect"),
}
"""One of each kind, by id."""


def asked_by_operator(request_id: str, **fields: object) -> OperatorEvent:
    """The event of one of these requests, with other fields where a test names some."""
    document = Document({**OPERATORS_REQUESTS[request_id], **fields}, version=None)
    request = operator_request_from(request_id, document)
    assert request.event, request.defect
    return request.event


def asked_of_order(request_id: str, **fields: object) -> OperatorOrderEvent:
    """The same of one that is about an order."""
    event = asked_by_operator(request_id, **fields)
    assert isinstance(event, OperatorOrderEvent)
    return event


def redelivered(event: OrderEvent, at: datetime = LATER) -> OrderEvent:
    """The same event in a delivery of its own; only Stripe's deliveries can be told apart."""
    if not isinstance(event, StripeEvent):
        return event
    return replace(event, delivery=replace(event.delivery, delivered_at=at))


def a_checkout(attempt: int = 1, **changes: object) -> Checkout:
    """An attempt to pay for three shirts that Stripe has not been asked for yet, open for forty minutes."""
    expires_at = NOW + timedelta(minutes=40)
    checkout = Checkout(
        attempt, Money(3_600, "eur"), adds=True, expires_at=expires_at, is_marked=True, request={"mode": "payment"}
    )
    return replace(checkout, **changes)  # type: ignore[arg-type]


def an_open_checkout(attempt: int = 1, **changes: object) -> Checkout:
    """The same once Stripe has made its session."""
    made: dict[str, object] = {"request": None, "session_id": f"cs_{attempt}", "url": f"https://pay.example/{attempt}"}
    return a_checkout(attempt, **{**made, **changes})


def an_opening(order_id: str = "order-1", user_id: str = "alice", **changes: object) -> CheckoutOpened:
    return CheckoutOpened(order_id, user_id, a_checkout(**changes))  # type: ignore[arg-type]


def a_session_end(order_id: str = "order-1", attempt: int = 1, *, is_complete: bool = False) -> CheckoutEnded:
    return CheckoutEnded(order_id, attempt, is_complete)


ONE_OF_EACH_KIND: Mapping[EventKind, OrderEvent] = {
    EventKind.ORDER_PLACED: a_placement(),
    EventKind.PAYMENT_PROCESSING: a_processing(),
    EventKind.PAYMENT_SUCCEEDED: a_payment(),
    EventKind.PAYMENT_FAILED: a_failure(),
    EventKind.PAYMENT_CANCELED: a_cancellation(),
    EventKind.SUBSCRIPTION_STARTED: a_subscription(),
    EventKind.CHARGE_REFUNDED: a_refunded_charge(),
    EventKind.REFUND_UPDATED: an_updated_refund(order_id="order-1"),
    EventKind.DISPUTE_CHANGED: a_dispute(order_id="order-1"),
    EventKind.RESERVATION_LAPSED: a_lapse(),
    EventKind.CANCEL_REQUESTED: a_cancel_request(),
    EventKind.CHECKOUT_OPENED: an_opening(),
    EventKind.CHECKOUT_ENDED: a_session_end(),
    EventKind.OPERATOR_ACCEPTED: asked_of_order("accept-1"),
    EventKind.OPERATOR_REFUNDED: asked_of_order("refund-1"),
    EventKind.OPERATOR_RELEASED: asked_of_order("release-1"),
    EventKind.OPERATOR_EXTENDED: asked_of_order("extend-1"),
    EventKind.OPERATOR_CANCELLED: asked_of_order("cancel-1"),
}
"""Events that are all about one order."""

EVENTS_OF_ONE_PAYMENT: tuple[PaymentSucceeded, ...] = (
    a_payment("evt_charge", event_type="charge.succeeded"),
    a_payment("evt_intent", event_type="payment_intent.succeeded"),
    a_payment("evt_session", event_type="checkout.session.completed", charge_id=None),
)
"""What Stripe sends within milliseconds."""


def something_not_understood(event_id: str = "evt_1", **delivery: object) -> NotUnderstood:
    return NotUnderstood(a_delivery(event_id=event_id, **delivery), "order-1", "amount_received must be an amount")


# --- As Stripe signs it ----------------------------------------------------------------------------------------------


def body_of(message: object) -> bytes:
    return json.dumps(message).encode()


def signature_of(body: bytes, *, secret: str = SECRET, at: datetime = NOW) -> str:
    """A `Stripe-Signature` header, made as Stripe documents it and without the library that checks it.

    https://docs.stripe.com/webhooks#verify-manually
    """
    timestamp = int(at.timestamp())
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signature}"
