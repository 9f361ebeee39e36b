"""Decides what a change causes outside: messages to send, payments to refund, sessions to expire. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from effects.effect import Effect, EffectKind, RefundTerms, a_message, a_stripe_call, an_ordered_refund
from notifications.notices import Audience, Notice
from orders.checkout import Checkout
from orders.events import StripeEvent
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments, amount_of
from settlement.decisions import Case
from settlement.terms import AutoRefund, Terms


def messages_of(notices: Iterable[Notice], order_id: str, cause_id: str, terms: Terms) -> tuple[Effect, ...]:
    """One effect for each notice and each channel of its audience, unless the shop does not send such notices."""
    return tuple(
        a_message(channel, notice.audience, order_id, cause_id, notice.user_id)
        for notice in notices
        if notice.type not in terms.unsent
        for channel in sorted(_channels_to(notice.audience, terms))
    )


def refunds_of(payments: Iterable[Payment], order: Order, cause_id: str) -> tuple[Effect, ...]:
    """One effect for each of these payments, with the same id whatever causes it."""
    return tuple(
        a_stripe_call(EffectKind.STRIPE_REFUND, payment.payment_id, order.order_id, cause_id, order.user_id)
        for payment in payments
    )


def ordered_refunds(refunds: Mapping[str, RefundTerms], order: Order, cause_id: str) -> tuple[Effect, ...]:
    """One effect for each refund that an operator has ordered, under its own key: a second order is a second refund."""
    return tuple(
        an_ordered_refund(payment_id, terms, order.order_id, cause_id, order.user_id)
        for payment_id, terms in refunds.items()
    )


def expiries_of(case: Case, after: Checkout | None, cause_id: str) -> tuple[Effect, ...]:
    """One effect if the order's open session is to be expired from now on; none if that was so before."""
    before = case.snapshot.checkout
    was_to_end = before is not None and before.checkout.ends_as is not None
    if after is None or after.ends_as is None or after.session_id is None or was_to_end:
        return ()
    order = case.order
    kind = EffectKind.STRIPE_EXPIRE_SESSION
    return (a_stripe_call(kind, after.session_id, order.order_id, cause_id, order.user_id),)


def newly_due_back(case: Case, after: Order) -> tuple[Payment, ...]:
    """The payments that the service refunds by itself from now on, each in full.

    There are none if the order is now paid with a payment that the service is refunding or a person has refunded: which
    of two payments came first can turn out late. Left out are payments of which a refund failed, for a person to look
    into; payments that a connected account reports, which needs another key; and payments whose refund
    `why_not_to_refund` would stop when it is due.
    """
    if isinstance(case.event, StripeEvent) and case.event.delivery.account is not None:
        return ()
    if _paying_but_due_back(case, after) or (after.sold and any(map(after.refunds.is_meant_back, after.paid_with))):
        return ()
    auto_refund = case.terms.auto_refund
    before, due = _ids_of(_due_back(case.order, auto_refund)), _due_back(after, auto_refund)
    new = (each for each in due if each.payment_id not in before and _is_owed(each, after))
    return tuple(each for each in new if why_not_to_refund(after, each.payment_id, auto_refund) is None)


def refunds_in_words(case: Case, after: Order, due_back: Iterable[Payment]) -> str | None:
    """What operators have to know about automatic refunds; None if there are none."""
    named = " and ".join(sorted(_ids_of(due_back) or _paying_but_due_back(case, after)))
    return f"refund_under_way: being refunded: {named}" if named else None


def why_not_to_refund(order: Order, payment_id: str, auto_refund: AutoRefund) -> str | None:
    """Human-readable reason why a payment is not refunded after all, although it was due back; None if it is refunded.

    However it came to be due, it is refunded only if the order does not need it or cannot be fulfilled.
    """
    if auto_refund is AutoRefund.OFF:
        return "AUTO_REFUND is off"
    payment = order.payments.find(payment_id)
    if payment is None or payment.is_doubtful:
        return "it may belong to another order"
    if order.open_disputes is not None:
        # The bank may have taken back the payment that paid for the order, or may yet: then this payment is all there
        # is.
        return f"a payment of {order.order_id} is disputed, or was"
    if _is_never_sold(order) and auto_refund is AutoRefund.ALL:
        return None
    others = Payments({key: each for key, each in order.payments.by_id.items() if not each.is_named_by([payment_id])})
    paying = replace(order, payments=others).paying
    if not order.sold or not paying or any(map(order.refunds.is_meant_back, paying)):
        return f"{order.order_id} is {order.status}, and no other payment pays for it"
    return None


def _due_back(order: Order, auto_refund: AutoRefund) -> tuple[Payment, ...]:
    """The payments of the order that the service refunds by itself, or has refunded."""
    match auto_refund:
        case AutoRefund.OFF:
            return ()
        case AutoRefund.EXTRAS:
            return order.extra_payments
        case AutoRefund.ALL:
            unsold = order.paid_with if _is_never_sold(order) else ()
            # A payment that may be another order's needs a person's decision.
            return (*order.extra_payments, *(each for each in unsold if not each.is_doubtful))


def _is_never_sold(order: Order) -> bool:
    """Whether the order cannot be fulfilled, even if it is refunded already: that refund may still fail."""
    status = order.unfulfilled_as if order.status is OrderStatus.REFUNDED else order.status
    return status is OrderStatus.REFUND_DUE and not order.sold


def _paying_but_due_back(case: Case, after: Order) -> set[str]:
    going_back = _ids_of(_due_back(case.order, case.terms.auto_refund))
    return going_back & _ids_of(after.paid_with) if after.sold else set()


def _ids_of(payments: Iterable[Payment]) -> set[str]:
    return {payment.payment_id for payment in payments}


def _is_owed(payment: Payment, order: Order) -> bool:
    return order.refunds.promised_of(payment) < amount_of(payment) and not _is_for_a_person(payment, order)


def _is_for_a_person(payment: Payment, order: Order) -> bool:
    """Whether a refund of it has failed or was cancelled, or part of it went back outside Stripe."""
    return any(refund.is_undone or refund.is_elsewhere for refund in order.refunds.refunds_of(payment))


def _channels_to(audience: Audience, terms: Terms) -> frozenset[EffectKind]:
    return terms.operator_channels if audience is Audience.OPERATOR else terms.customer_channels
