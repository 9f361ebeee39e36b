"""What must be done outside because of a change: messages to be sent, money to be sent back. Pure."""

from collections.abc import Iterable

from effects.effect import Effect, EffectKind, a_message, a_stripe_call
from notifications.notices import Audience, Notice
from orders.events import StripeEvent
from orders.order import Order, OrderStatus
from orders.payments import Payment, amount_of
from settlement.decisions import AutoRefund, Case, Terms


def messages_of(notices: Iterable[Notice], order_id: str, cause_id: str, terms: Terms) -> tuple[Effect, ...]:
    """One for each notice and each channel by which its audience is reached, unless the shop sends no such notice."""
    return tuple(
        a_message(channel, notice.audience, order_id, cause_id, notice.user_id)
        for notice in notices
        if notice.type not in terms.unsent
        for channel in sorted(_channels_to(notice.audience, terms))
    )


def refunds_of(payments: Iterable[Payment], order: Order, cause_id: str) -> tuple[Effect, ...]:
    """One for each of these payments of the order, whatever causes it."""
    return tuple(
        a_stripe_call(EffectKind.STRIPE_REFUND, payment.payment_id, order.order_id, cause_id, order.user_id)
        for payment in payments
    )


def newly_due_back(case: Case, after: Order) -> tuple[Payment, ...]:
    """The payments that the shop refunds by itself from now on, each of them as a whole.

    Not if the order is by now paid with one of those that it refunds already: which of two payments came first can
    turn out late. Nor where a refund of it came to nothing, which a person has to look into, nor what a connected
    account reports, whose key is another.
    """
    if isinstance(case.event, StripeEvent) and case.event.delivery.account is not None:
        return ()
    before = {payment.payment_id for payment in _due_back(case.order, case.terms)}
    if after.sold and any(payment.payment_id in before for payment in after.paid_with):
        return ()
    return tuple(
        each for each in _due_back(after, case.terms) if each.payment_id not in before and _is_owed(each, after)
    )


def under_way_in_words(payments: Iterable[Payment]) -> str | None:
    named = " and ".join(payment.payment_id for payment in payments)
    return f"refund_under_way: {named} is being refunded" if named else None


def _due_back(order: Order, terms: Terms) -> tuple[Payment, ...]:
    match terms.auto_refund:
        case AutoRefund.OFF:
            return ()
        case AutoRefund.EXTRAS:
            return order.extra_payments
        case AutoRefund.ALL:
            never_sold = order.status is OrderStatus.REFUND_DUE and not order.sold
            return (*order.extra_payments, *(order.paid_with if never_sold else ()))


def _is_owed(payment: Payment, order: Order) -> bool:
    refunds = order.refunds.refunds_of(payment)
    return order.refunds.amount_of(payment) < amount_of(payment) and not any(refund.is_undone for refund in refunds)


def _channels_to(audience: Audience, terms: Terms) -> frozenset[EffectKind]:
    return terms.operator_channels if audience is Audience.OPERATOR else terms.customer_channels
