"""Tries an effect again that was given up, because an operator asks for it. No order changes. Pure."""

from collections.abc import Sequence
from typing import Final

from effects.effect import EffectKind, StoredEffect
from orders.operator_events import EffectRetried
from orders.order import Order
from orders.outcome import Result
from orders.payments import Payment, amount_of
from orders.refunds import Refund
from settlement.decisions import Adjustment, Look
from settlement.given_up import given_up_in, in_words
from settlement.snapshot import Snapshot

_SHOWN: Final = "the rest needs a new refund"


def retry_effect(event: EffectRetried, snapshot: Snapshot) -> Adjustment | Look:
    """Make the effect pending again, under the same idempotency key.

    A refund is not retried if as much of the payment has gone back or is about to, perhaps by this very effect.
    """
    effect = given_up_in(snapshot, event.effect_id)
    if isinstance(effect, str):
        return _not_retried(effect)
    if effect.effect.kind is EffectKind.STRIPE_REFUND:
        # Somebody may have emptied the field by hand, and an empty id names nothing to read.
        if snapshot.order_id is None and effect.effect.order_id:
            return Look(order_id=effect.effect.order_id)
        if snapshot.effects is None:
            return Look(effects=True)
        if why_not := why_not_again(effect, snapshot.effects, snapshot.order):
            return _not_retried(why_not)
    return Adjustment(Result.RETRY_ORDERED, None, in_words(effect), retried=effect)


def why_not_again(given_up: StoredEffect, effects: Sequence[StoredEffect], order: Order | None) -> str | None:
    """Human-readable reason why the same money has gone back or is about to; None if it is not.

    Args:
        given_up: a refund.
        effects: all of its order, the earliest first.
    """
    others = [each for each in effects if each.effect.effect_id != given_up.effect.effect_id]
    ids = [each.effect.effect_id for each in effects]
    # If it is not among them, it is unknown which came before it.
    before = ids[: ids.index(given_up.effect.effect_id)] if given_up.effect.effect_id in ids else []
    payment_id = given_up.effect.recipient
    payment = order.payments.find(payment_id) if order else None
    undone = {refund.refund_id for refund in order.refunds.by_id.values() if refund.is_undone} if order else set()
    for other in (each for each in others if _is_refund_of(payment_id, payment, each)):
        # A refund that a person has handled has sent nothing, and neither has one for which Stripe had nothing left.
        is_sent = other.is_under_way or (other.refund_id is not None and other.refund_id not in undone)
        # Whoever ordered a later refund of the payment knew of this one.
        is_later = other.effect.effect_id not in before
        if is_sent and (is_later or other.effect.refund == given_up.effect.refund):
            return f"ordered_anew: {other.effect.effect_id} already sends money of {payment_id} back; {_SHOWN}"
    made_by_others = {other.refund_id for other in others}
    reported = (each for each in _reported_refunds_alike(given_up, order) if each.refund_id not in made_by_others)
    if refund := next(reported, None):
        return (
            f"refunded_already: {refund.refund_id} refunded as much of {payment_id}; if you want another "
            "refund, order a new one"
        )
    terms = given_up.effect.refund
    return _gone_back(payment, order, terms.amount if terms else None) if order and payment else None


def _gone_back(payment: Payment, order: Order, amount: int | None) -> str | None:
    """Human-readable note of what went back outside Stripe, or that too little is left; None if neither."""
    elsewhere = order.refunds.elsewhere_of(payment)
    if said := " and ".join(f"{each.amount} of {payment.payment_id} ({each.refund_id})" for each in elsewhere):
        return f"refunded_elsewhere: {said} went back outside Stripe; {_SHOWN}"
    left = amount_of(payment) - order.refunds.promised_of(payment)
    if amount_of(payment) == 0 or left >= (amount or 1):
        return None
    if left <= 0:
        return f"nothing_left: all of {payment.payment_id} is refunded, or on its way back"
    return f"too_much: {amount} to refund, {left} of {payment.payment_id} left; {_SHOWN}"


def _is_refund_of(payment_id: str, payment: Payment | None, other: StoredEffect) -> bool:
    """Whether the effect refunds this payment, which may have been known only by its charge at the time."""
    is_same = other.effect.recipient == payment_id or (payment and payment.is_named_by([other.effect.recipient]))
    return other.effect.kind is EffectKind.STRIPE_REFUND and bool(is_same)


def _reported_refunds_alike(given_up: StoredEffect, order: Order | None) -> tuple[Refund, ...]:
    """The reported refunds of the same amount of the payment; none if the effect was to refund all that is left."""
    terms = given_up.effect.refund
    if order is None or terms is None or terms.amount is None:
        return ()
    payment = order.payments.find(given_up.effect.recipient)
    return order.refunds.alike(payment, terms.amount) if payment else ()


def _not_retried(why: str) -> Adjustment:
    return Adjustment(Result.NOT_RETRIED, None, why)
