"""Something that had to be done outside was given up, and an operator has it tried again. No order changes. Pure."""

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

_SHOWN: Final = "what is still due can be ordered"


def retry_effect(event: EffectRetried, snapshot: Snapshot) -> Adjustment | Look:
    """What was given up is to be done all the same: as if it were new, and under the same key as before.

    A refund is not, if as much of the payment goes back without it, or has gone, perhaps by this very effect.
    """
    effect = given_up_in(snapshot, event.effect_id)
    if isinstance(effect, str):
        return _not_retried(effect)
    if effect.effect.kind is EffectKind.STRIPE_REFUND:
        # Somebody who writes there may have left it empty, which names nothing that could be read.
        if snapshot.order_id is None and effect.effect.order_id:
            return Look(order_id=effect.effect.order_id)
        if snapshot.effects is None:
            return Look(effects=True)
        if why_not := why_not_again(effect, snapshot.effects, snapshot.order):
            return _not_retried(why_not)
    return Adjustment(Result.RETRY_ORDERED, None, in_words(effect), retried=effect)


def why_not_again(given_up: StoredEffect, effects: Sequence[StoredEffect], order: Order | None) -> str | None:
    """What sends the same money back, or has, in words for a person; None if nothing does.

    Args:
        given_up: a refund.
        effects: all of its order, the earliest first.
    """
    others = [each for each in effects if each.effect.effect_id != given_up.effect.effect_id]
    ids = [each.effect.effect_id for each in effects]
    # Should it not be among them, nobody knows which of them were before it.
    before = ids[: ids.index(given_up.effect.effect_id)] if given_up.effect.effect_id in ids else []
    payment_id = given_up.effect.recipient
    payment = order.payments.find(payment_id) if order else None
    undone = {refund.refund_id for refund in order.refunds.by_id.values() if refund.is_undone} if order else set()
    for other in (each for each in others if _is_refund_of(payment_id, payment, each)):
        # What a person has handled has sent nothing, and neither has what Stripe had nothing left for.
        is_sent = other.is_under_way or (other.refund_id is not None and other.refund_id not in undone)
        # Whoever orders another one of a payment later knows of this one.
        is_later = other.effect.effect_id not in before
        if is_sent and (is_later or other.effect.refund == given_up.effect.refund):
            return f"ordered_anew: {other.effect.effect_id} sends money of {payment_id} back; {_SHOWN}"
    made_by_others = {other.refund_id for other in others}
    reported = (each for each in _of_as_much(given_up, order) if each.refund_id not in made_by_others)
    if refund := next(reported, None):
        return f"refunded_already: {refund.refund_id} is as much of {payment_id}; if another is meant, order that"
    return _gone_back(payment, order) if order and payment else None


def _gone_back(payment: Payment, order: Order) -> str | None:
    """What of it went back outside Stripe, which knows nothing of that, or that all of it is promised; else None."""
    elsewhere = order.refunds.elsewhere_of(payment)
    if said := " and ".join(f"{each.amount} of {payment.payment_id} ({each.refund_id})" for each in elsewhere):
        return f"refunded_elsewhere: {said} went back outside Stripe; {_SHOWN}"
    if order.refunds.promised_of(payment) >= amount_of(payment) > 0:
        return f"nothing_left: all of {payment.payment_id} is refunded, or on its way back"
    return None


def _is_refund_of(payment_id: str, payment: Payment | None, other: StoredEffect) -> bool:
    """Whether it is one of this payment, which may have been known by its charge alone when it was ordered."""
    is_same = other.effect.recipient == payment_id or (payment and payment.is_named_by([other.effect.recipient]))
    return other.effect.kind is EffectKind.STRIPE_REFUND and bool(is_same)


def _of_as_much(given_up: StoredEffect, order: Order | None) -> tuple[Refund, ...]:
    """The refunds of as big a part of the payment that Stripe has reported; all that is left goes back only once."""
    terms = given_up.effect.refund
    if order is None or terms is None or terms.amount is None:
        return ()
    payment = order.payments.find(given_up.effect.recipient)
    return order.refunds.alike(payment, terms.amount) if payment else ()


def _not_retried(why: str) -> Adjustment:
    return Adjustment(Result.NOT_RETRIED, None, why)
