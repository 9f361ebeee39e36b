"""Something that had to be done outside was given up, and an operator has it tried again. No order changes. Pure."""

from collections.abc import Iterable

from effects.effect import EffectKind, EffectState, StoredEffect
from orders.operator_events import EffectRetried
from orders.order import Order
from orders.outcome import Result
from orders.refunds import Refund
from settlement.decisions import Adjustment, Look
from settlement.snapshot import Snapshot


def retry_effect(event: EffectRetried, snapshot: Snapshot) -> Adjustment | Look:
    """What was given up is to be done all the same: as if it were new, and under the same key as before.

    A refund is not, if as much of the payment goes back without it, or has gone, perhaps by this very effect: Stripe
    knows a key for a day, and what is tried again later would be another refund.
    """
    effect = snapshot.effect
    if effect is None:
        return _not_retried(f"no_effect: {event.effect_id} does not exist, or cannot be read")
    if effect.state is not EffectState.ERROR:
        return _not_retried(f"not_given_up: it is {effect.state}; attempts: {effect.attempts}")
    if effect.effect.kind is EffectKind.STRIPE_REFUND:
        # Somebody who writes there may have left it empty, which names nothing that could be read.
        if snapshot.order_id is None and effect.effect.order_id:
            return Look(order_id=effect.effect.order_id)
        if snapshot.effects is None:
            return Look(effects=True)
        if why_not := _why_not_again(effect, snapshot.effects, snapshot.order):
            return _not_retried(why_not)
    note = f"{event.effect_id} of order {effect.effect.order_id} had been given up"
    return Adjustment(Result.RETRY_ORDERED, None, note, retried=effect)


def _why_not_again(given_up: StoredEffect, effects: Iterable[StoredEffect], order: Order | None) -> str | None:
    """What sends the same money back, or has, in words for a person; None if nothing does."""
    others = [each for each in effects if each.effect.effect_id != given_up.effect.effect_id]
    payment_id = given_up.effect.recipient
    undone = {refund.refund_id for refund in order.refunds.by_id.values() if refund.is_undone} if order else set()
    for other in others:
        # What a person has handled has sent nothing, and neither has what Stripe had nothing left for.
        is_sent = other.is_under_way or (other.refund_id is not None and other.refund_id not in undone)
        if is_sent and _what_it_sends(other) == _what_it_sends(given_up):
            return f"ordered_anew: {other.effect.effect_id} is as much of {payment_id}"
    made_by_others = {other.refund_id for other in others}
    reported = (each for each in _of_as_much(given_up, order) if each.refund_id not in made_by_others)
    if refund := next(reported, None):
        return f"refunded_already: {refund.refund_id} is as much of {payment_id}; if another is meant, order that"
    return None


def _what_it_sends(stored: StoredEffect) -> tuple[object, ...]:
    return stored.effect.kind, stored.effect.recipient, stored.effect.refund


def _of_as_much(given_up: StoredEffect, order: Order | None) -> tuple[Refund, ...]:
    """The refunds of as big a part of the payment that Stripe has reported; all that is left goes back only once."""
    terms = given_up.effect.refund
    if order is None or terms is None or terms.amount is None:
        return ()
    payment = order.payments.find(given_up.effect.recipient)
    return order.refunds.alike(payment, terms.amount) if payment else ()


def _not_retried(why: str) -> Adjustment:
    return Adjustment(Result.NOT_RETRIED, None, why)
