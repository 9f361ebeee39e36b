"""All fields that the service writes to an order."""

from datetime import timedelta

from orders.adjustments import Adjustment, AdjustmentKind
from orders.payments import Payment, PaymentState
from tests.support.builders import LATER, NOW, Fields
from tests.support.written import payment_fields

A_REFUND: Fields = {
    "amount": 1_200,
    "status": "succeeded",
    "restock": [{"productId": "shirt", "quantity": 1}],
    "paymentId": "pi_1",
}
NOT_MADE: Fields = {"amount": 2_400, "status": "failed", "restock": "none", "paymentId": "pi_1"}
LEFT_TO_THE_TERMS: Fields = {"amount": 100, "status": "pending", "restock": None, "paymentId": "pi_1"}
A_PAYMENT = payment_fields(amountRefunded=3_600)
NO_MONEY_YET = dict.fromkeys(("amount", "currency", "chargeId"))
A_VOUCHER = payment_fields(state="processing", until=LATER, doubtful=True, **NO_MONEY_YET)
VOUCHER = Payment("pi_2", PaymentState.PROCESSING, NOW, until=LATER, is_doubtful=True)
SHIPPING: Fields = {"kind": "shipping", "amount": 490, "label": "Parcel"}
DISCOUNT: Fields = {"kind": "discount", "amount": -490, "label": None}
ADJUSTED = (Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel"), Adjustment(AdjustmentKind.DISCOUNT, -490))
A_DECLINE: Fields = {
    "code": "card_declined",
    "declineCode": "insufficient_funds",
    "at": NOW,
    "paymentIntentId": "pi_1",
    "chargeId": "ch_0",
}
WRITTEN: Fields = {
    "status": "refund_due",
    "adjustments": [SHIPPING, DISCOUNT],
    "itemsTotal": 3_600,
    "itemsCurrency": "eur",
    "amountTotal": 3_600,
    "currency": "eur",
    "pricedBy": "checkout",
    "addedInCheckout": [DISCOUNT],
    "reservedAt": NOW,
    "reservationExpiresAt": NOW + timedelta(minutes=30),
    "extendedUntil": LATER,
    "checkoutAttempts": 2,
    "checkoutUntil": LATER,
    "heldFrom": "expired",
    "holdKept": True,
    "unlimited": ["ebook", "shirt"],
    "takenLater": ["mug"],
    "unfulfilledAs": "review",
    "finalizedAt": NOW,
    "webhookEventId": "evt_0",
    "paymentIntentId": "pi_1",
    "chargeId": "ch_1",
    "amountReceived": 3_600,
    "currencyReceived": "eur",
    "amountRefunded": 1_200,
    "chargeAmountRefunded": 3_600,
    "payments": {"pi_1": A_PAYMENT, "pi_2": A_VOUCHER},
    "refunds": {"re_1": A_REFUND, "re_2": NOT_MADE, "re_3": LEFT_TO_THE_TERMS},
    "returned": [{"productId": "shirt", "quantity": 2}],
    "failureReason": "sold_again",
    "lastPaymentError": A_DECLINE,
    "disputed": True,
    "openDisputes": 2,
    "cancelRequestedAt": LATER,
}
"""All fields that the service writes to an order."""
