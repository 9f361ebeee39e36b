"""The ways to pay back what an order owes, as commands, in the sequence to consider them. Pure.

Each alternative but the first begins with "or". Following two of them pays back only once: a refund that was ordered
anew or made elsewhere is not retried, and one that is retried is not left to be ordered.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from effects.effect import EffectKind, EffectState, StoredEffect
from ops.case import Case, Effect
from ops.phrases import amount
from ops.step import Step
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.payments import Payment, amount_of
from reconciliation.finding import to_copy
from settlement.retrying import why_not_again
from settlement.sending_back import is_unreported, left_of, left_to_refund, with_unreported

_ELSEWHERE: Final = "Or, if it already went back outside Stripe (by bank transfer, as a credit), only record that"
_BY_DISPUTE: Final = (
    "Or, if it already went back outside Stripe (by the customer's bank because of the dispute, by bank transfer, as a "
    "credit), only record that"
)


def steps_for_money(order: Order, case: Case) -> Iterator[Step]:
    """The steps; none while a refund is under way."""
    refunds = [each for each in case.effects if each.stored.effect.kind is EffectKind.STRIPE_REFUND]
    given_up = [each for each in refunds if each.stored.state is EffectState.ERROR]
    to_retry = [each for each in given_up if why_not_again(each.stored, _stored(case.effects), order) is None]
    yield from map(_retry, to_retry)
    is_under_way = any(each.stored.is_under_way for each in refunds)
    is_reported = not any(is_unreported(each.stored, order) for each in refunds)
    as_made = with_unreported(order, _stored(case.effects))
    if not is_under_way:
        yield from _of_status(order, case, to_retry)
        yield from _of_unneeded(order, case, to_retry)
        yield from _of_lost_refunds(as_made, case, to_retry)
        if order.cancel_requested_at and order.status in _SOLD and _is_left(order, case):
            yield from _ways_of_all(order, case, "The customer wants to cancel the order: refund it", to_retry)
    for each in given_up:
        anew = [] if each in to_retry else list(_for_replaced(as_made, case, each.stored))
        yield from anew if is_reported and not is_under_way else ()
        yield _handle(each, is_over=not (anew or each in to_retry))


_SOLD: Final = (OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED)


def _for_replaced(order: Order, case: Case, given_up: StoredEffect) -> Iterator[Step]:
    """An operator's given-up refund of a sold order, after other refunds: nothing else shows that it is owed."""
    terms, payment = given_up.effect.refund, order.payments.find(given_up.effect.recipient)
    if terms is None or payment not in order.paid_with or order.status not in _SOLD or order.cancel_requested_at:
        return
    left = amount_of(payment) - order.refunds.promised_of(payment)
    is_back = terms.amount is not None and order.refunds.alike(payment, terms.amount)
    if is_back or left <= 0:
        return
    part = min(terms.amount, left) if terms.amount else None
    what = f"{terms.amount} of {payment.payment_id}" if terms.amount else f"what was left of {payment.payment_id}"
    why = f"The refund of {what} was given up, and is not retried, because other money went back. If this is owed, too"
    anew = f"order a new refund{' of what is left' if part != terms.amount else ''}"
    yield from _ways_back(order, case, f"{why}, {anew}", (), payment, part)


def _of_status(order: Order, case: Case, to_retry: Sequence[Effect]) -> Iterator[Step]:
    if order.status is OrderStatus.REVIEW:
        doubtful = [each for each in order.paid_with if each.is_doubtful]
        yield from map(_look_whose, doubtful)
        named = f"accept --payment {doubtful[0].payment_id}" if doubtful else "accept"
        yield Step(_accept(order), to_copy(named, order.order_id))
    if order.status is OrderStatus.REVIEW and _is_left(order, case):
        yield from _ways_of_all(order, case, "Or refund it, and release its units", to_retry)
    if order.status is OrderStatus.REFUND_DUE and _is_left(order, case):
        yield from _ways_of_all(order, case, "Refund it", to_retry)


def _accept(order: Order) -> str:
    if order.defect and order.finalized_at is None:
        overwritten = "If somebody overwrote that, write it back in the Firebase console; the trail says what it held"
        return f"It cannot be accepted as it is ({order.defect}). {overwritten}. Then accept it"
    return "Accept what was paid as the price, and fulfil the order"


def _look_whose(payment: Payment) -> Step:
    what = f"{payment.payment_id} may belong to another order: first see what happened here, and in Stripe whose it is"
    other = "If it paid for another order, neither accept nor refund it here: have this order paid, too"
    return Step(f"{what}. {other}", None)


def _is_left(order: Order, case: Case) -> bool:
    """Whether something is left to order of what it is paid with; pending refunds, which take days, do not count.

    Nothing is while Stripe has yet to report that all of the currency went back that is refunded first.
    """
    effects = _stored(case.effects)
    first = left_to_refund(order, effects)
    is_next = first is None or first.amount > 0
    return is_next and any(each.money is None or left_of(each, order, effects) for each in order.paid_with)


def _of_unneeded(order: Order, case: Case, to_retry: Sequence[Effect]) -> Iterator[Step]:
    for payment in (each for each in order.unneeded if left_of(each, order, _stored(case.effects))):
        why = f"Refund {payment.payment_id}: the order is paid without it"
        yield from _ways_back(order, case, why, _of(to_retry, payment.payment_id), payment)


def _of_lost_refunds(order: Order, case: Case, to_retry: Sequence[Effect]) -> Iterator[Step]:
    for payment, several in groupby(order.refunds_to_repeat, lambda each: each.payment):
        lost = tuple(several)
        refund_ids = [each.refund.refund_id for each in lost]
        why = f"{' and '.join(refund_ids)} paid nothing back: refund again what is still owed"
        owed = sum(each.owed for each in lost)
        yield from _ways_back(order, case, why, _of(to_retry, payment.payment_id), payment, owed)
        for refund_id in refund_ids:
            yield Step(
                f"Or, if {refund_id} was a mistake and nobody is owed that money, record that",
                _mistake(refund_id, order),
            )


def steps_for_elsewhere(order: Order) -> Iterator[Step]:
    """The refunds made outside Stripe, and how to take each back. None of them needs to be done."""
    for payment in order.payments.succeeded:
        for refund in order.refunds.elsewhere_of(payment):
            money = Money(refund.amount, payment.money.currency) if payment.money else None
            why = f"{amount(money)} of {payment.payment_id} went back outside Stripe. If that was recorded by mistake"
            yield Step(why, _mistake(refund.refund_id, order))


def _mistake(refund_id: str, order: Order) -> str:
    return to_copy(f"refund --mistake {refund_id}", order.order_id)


def _ways_of_all(order: Order, case: Case, why: str, to_retry: Sequence[Effect]) -> Iterator[Step]:
    """The ways to refund all at once; one payment after the other, by name, if one may be another order's."""
    if any(each.is_doubtful for each in order.paid_with):
        for payment in (each for each in order.paid_with if left_of(each, order, _stored(case.effects))):
            yield from _ways_back(order, case, why, _of(to_retry, payment.payment_id), payment)
    else:
        yield from _ways_back(order, case, why, to_retry)


def _ways_back(
    order: Order,
    case: Case,
    why: str,
    to_retry: Sequence[Effect],
    payment: Payment | None = None,
    part: int | None = None,
) -> Iterator[Step]:
    """The ways to refund the payment, or `part` of it in minor units, or all payments that need it."""
    if to_retry:
        why = f"Or order a new refund; the one that was given up is not retried then. {why}"
    options = f"{f' --payment {payment.payment_id}' if payment else ''}{f' --amount {part}' if part else ''}"
    # A part is advised only if it is owed besides these, and needs no confirmation then.
    unreported = () if part else _unreported(case, payment)
    if unreported:
        why = f"{why}, in addition to {' and '.join(unreported)}, which Stripe has made and not reported yet"
    yield Step(why, to_copy(f"refund{options}{' --again' if unreported else ''}", order.order_id))
    is_disputed = order.open_disputes is not None
    again = " --again" if unreported or is_disputed else ""
    elsewhere = _BY_DISPUTE if is_disputed else _ELSEWHERE
    yield Step(elsewhere, to_copy(f"refund{options} --elsewhere{again}", order.order_id))


def _unreported(case: Case, payment: Payment | None) -> Sequence[str]:
    """The refunds of the payment, or of any, that Stripe has made and not reported yet: a further one is confirmed."""
    made = (each for each in _stored(case.effects) if case.order and is_unreported(each, case.order))
    return [str(each.refund_id) for each in made if payment is None or payment.is_named_by([each.effect.recipient])]


def _retry(effect: Effect) -> Step:
    what = f"The refund of {effect.stored.effect.recipient} was given up ({effect.error})"
    why = f"{what}. Once the cause is fixed, retry it: it is the same refund, which Stripe makes only once"
    return Step(why, to_copy("retry", effect.stored.effect.effect_id))


def _handle(effect: Effect, *, is_over: bool) -> Step:
    what = f"refund of {effect.stored.effect.recipient} that was given up"
    why = f"Or, if nothing is owed any more, mark the {what} as handled"
    if is_over:
        why = f"The {what} is not retried, because its money went back otherwise: mark it as handled"
    return Step(why, to_copy("handle", effect.stored.effect.effect_id))


def _of(effects: Sequence[Effect], payment_id: str) -> Sequence[Effect]:
    return [each for each in effects if each.stored.effect.recipient == payment_id]


def _stored(effects: Sequence[Effect]) -> Sequence[StoredEffect]:
    return [each.stored for each in effects]
