"""The types of notices, their audiences, and all that a text needs."""

from enum import StrEnum
from typing import Final, NamedTuple

from orders.money import Money


class NoticeType(StrEnum):
    RESERVED = "reserved"
    FAILED = "failed"
    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CANCEL_REQUESTED = "cancel_requested"
    """The customer wants a paid order cancelled, or asked for it before it was paid."""
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUND_FAILED = "refund_failed"
    REFUND_DUE = "refund_due"
    REVIEW = "review"
    NOT_PAID = "not_paid"
    """A free-of-charge session was completed for an order that has a price."""
    SUBSCRIPTION = "subscription"
    """A session that names the order has sold a subscription, which pays for no order."""
    PARTLY_FUNDED = "partly_funded"
    """Part of a bank transfer has arrived at Stripe, for an order that has expired or was cancelled."""
    SECOND_PAYMENT = "second_payment"
    """A payment is not needed, because others pay for the order."""
    EARLIER_ORDER = "earlier_order"
    """Money arrived for a deleted order whose id another order has now."""
    DISPUTE = "dispute"
    EFFECT_FAILED = "effect_failed"
    """An effect was given up: a message that was not sent, a refund that was not made."""


class Audience(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"


AUDIENCES: Final = {
    NoticeType.RESERVED: (Audience.CUSTOMER,),
    NoticeType.FAILED: (Audience.CUSTOMER,),
    NoticeType.PAID: (Audience.CUSTOMER,),
    NoticeType.PAYMENT_FAILED: (Audience.CUSTOMER,),
    NoticeType.EXPIRED: (Audience.CUSTOMER,),
    NoticeType.CANCELLED: (Audience.CUSTOMER,),
    NoticeType.CANCEL_REQUESTED: (Audience.OPERATOR,),
    NoticeType.REFUNDED: (Audience.CUSTOMER,),
    NoticeType.PARTIALLY_REFUNDED: (Audience.CUSTOMER,),
    NoticeType.REFUND_FAILED: (Audience.OPERATOR,),
    NoticeType.REFUND_DUE: (Audience.CUSTOMER, Audience.OPERATOR),
    NoticeType.REVIEW: (Audience.CUSTOMER, Audience.OPERATOR),
    NoticeType.NOT_PAID: (Audience.OPERATOR,),
    NoticeType.SUBSCRIPTION: (Audience.OPERATOR,),
    NoticeType.PARTLY_FUNDED: (Audience.OPERATOR,),
    NoticeType.SECOND_PAYMENT: (Audience.OPERATOR,),
    NoticeType.EARLIER_ORDER: (Audience.OPERATOR,),
    NoticeType.DISPUTE: (Audience.OPERATOR,),
    NoticeType.EFFECT_FAILED: (Audience.OPERATOR,),
}
"""Who gets it. Only operators are told what an operator has to do."""


FREE_OF_CHARGE: Final = frozenset(
    {NoticeType.RESERVED, NoticeType.FAILED, NoticeType.PAYMENT_FAILED, NoticeType.EXPIRED, NoticeType.CANCELLED}
)
"""Anybody who signs in, even anonymously, can cause any number of these without paying."""


class Notice(NamedTuple):
    """A notice for one audience."""

    type: NoticeType
    audience: Audience
    user_id: str | None
    """The order's customer; None if it names no possible one."""
    money: Money | None
    """Its amount: the price, or what was paid, refunded so far or disputed; None if unpriced."""
    reason: str | None
    """For operators, and for the customer of a failed order or payment."""
