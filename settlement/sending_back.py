"""Decides what Stripe is asked to refund when an operator orders a refund, or records one made elsewhere. Pure.

Never more than is left of what was paid. Counted as gone are refunds that Stripe has reported, refunds it has made but
not reported yet, and refunds it is still to be asked for. Each such request writes the order, so the second of two at
once is decided again and sees the first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Final, NamedTuple

from effects.effect import EffectKind, RefundTerms, StoredEffect
from orders.money import Money
from orders.operator_events import RefundOrdered
from orders.order import Order
from orders.outcome import Result, in_words
from orders.payments import Payment, PaymentState, amount_of, sum_of
from orders.refunds import Refund, Refunds, RefundStatus, Restock, RestockRule
from orders.restocking import restock_in_words
from settlement.decisions import Case, Look, Proposal
from settlement.operating import turned_down, why_to_name
from settlement.refunding import with_refunds
from settlement.taking_back import take_back

_AGAIN: Final = "to do it all the same, confirm with again"


class _Refundable(NamedTuple):
    """What can still be refunded of a payment, and which refunds Stripe has not reported yet."""

    payment: Payment
    amount: int
    under_way: tuple[tuple[str, int], ...]
    """Ids of effects, each with the amount it refunds, in minor units."""


def send_back(case: Case) -> Proposal | Look:
    """Have Stripe refund money, of payments that are not needed first. Stripe's own events report the outcome.

    A refund made elsewhere is recorded as refunded at once, since no event will report it.
    """
    event, order = case.event_as(RefundOrdered), case.order
    if event.mistaken_id:
        return take_back(case, event.mistaken_id)
    if case.snapshot.effects is None:
        return Look(effects=True)
    if excess := _excess_units(event, order):
        return turned_down(case, f"restock_excess: {excess}")
    effects = [each for each in case.snapshot.effects if each.effect.kind is EffectKind.STRIPE_REFUND]
    if event.payment_id and order.payments.find(event.payment_id) is None:
        return _refund_of_earlier_order(case, event.payment_id, effects)
    others = _in_other_currencies(event, order)
    if others and event.amount is not None:
        currencies = " and ".join(sorted({each.money.currency for each in _in_refund_order(order) if each.money}))
        return turned_down(case, f"which_currency: its payments are in {currencies}, so name the payment you mean")
    all_left = [_refundable_of(payment, order, effects) for payment in _payments_meant(event, order)]
    left = {each.payment: each.amount for each in all_left if each.amount}
    on_its_way, rest = _under_way_note(all_left), _other_currencies_note(others, order, effects)
    if not left:
        nothing = "nothing_left: none of its payments has anything left to refund"
        return turned_down(case, in_words(rest or nothing, on_its_way))
    if event.amount is not None and event.amount > sum(left.values()):
        too_much = f"too_much: {event.amount} to refund, {sum(left.values())} left"
        return turned_down(case, in_words(too_much, on_its_way))
    parts = dict(_divided(sum(left.values()) if event.amount is None else event.amount, left))
    unconfirmed = None if _is_owed(parts, order, effects) else on_its_way
    # With `again` the operator confirms all of these at once.
    before = in_words(unconfirmed, _ordered_before(event, parts, order, effects), _taken_by_bank(event, order))
    unnamed = why_to_name(parts, event.payment_id)
    if unnamed or (before and not event.is_again):
        return turned_down(case, unnamed or f"{before}: {_AGAIN}")
    if event.is_elsewhere:
        return _gone_back_elsewhere(case, parts)
    refunds = _refunds_of(parts, event, order)
    note = in_words(_amounts_note(parts, left), rest, before)
    return Proposal(Result.REFUND_ORDERED, order, refunds=refunds, money=_sum_of(parts), note=note)


def left_of(payment: Payment, order: Order, effects: Sequence[StoredEffect]) -> int:
    """How much of a payment can still be refunded, in minor units.

    Args:
        effects: all effects of its order.
    """
    return _refundable_of(payment, order, effects).amount


def with_unreported(order: Order, effects: Iterable[StoredEffect]) -> Order:
    """The order with the refunds that Stripe has made and not reported yet, as pending.

    Merged, not added: the total that a charge has reported may include them already.

    Args:
        effects: of its order.
    """
    made = (
        Refund(each.refund_id, _amount_in(each, payment), RefundStatus.PENDING, payment_id=payment.payment_id)
        for each in effects
        if each.refund_id and is_unreported(each, order) and (payment := order.payments.find(each.effect.recipient))
    )
    return replace(order, refunds=order.refunds.merged_with(Refunds.of(*made)))


def left_to_refund(order: Order, effects: Sequence[StoredEffect] = ()) -> Money | None:
    """What a refund in full would send back, besides the order's effects; None if no payment brought money."""
    payments = _in_first_currency(order)
    left = sum(_refundable_of(each, order, effects).amount for each in payments)
    brought = sum_of(payments)
    return replace(brought, amount=left) if brought else None


def _excess_units(event: RefundOrdered, order: Order) -> str:
    named = event.restock if isinstance(event.restock, Mapping) else {}
    return ", ".join(
        f"{n} of {p!r} named, {order.sold.get(p, 0)} sold" for p, n in named.items() if n > order.sold.get(p, 0)
    )


def _refund_of_earlier_order(case: Case, payment_id: str, effects: Sequence[StoredEffect]) -> Proposal:
    """Refund a payment of an earlier, deleted order with this id. Only Stripe knows how much it was."""
    event, known = case.event_as(RefundOrdered), case.snapshot.payments.get(payment_id)
    if known is None or known.order_id != case.order.order_id:
        return turned_down(case, f"other_payment: {payment_id} is not one of its payments")
    if event.amount is not None or event.restock is not None:
        return turned_down(case, f"earlier_order: {payment_id} is not this order's, and can only be refunded in full")
    if any(each.is_under_way and each.effect.recipient == payment_id for each in effects):
        return turned_down(case, f"nothing_left: {payment_id} is being refunded")
    if event.is_elsewhere:
        return turned_down(case, f"earlier_order: {payment_id} is not this order's, which owes none of it")
    note = f"earlier_order: all that is left of {payment_id} goes back; this order stays as it is"
    refunds = {payment_id: RefundTerms(None, str(RestockRule.NONE))}
    return Proposal(Result.REFUND_ORDERED, case.order, refunds=refunds, note=note)


def _payments_meant(event: RefundOrdered, order: Order) -> tuple[Payment, ...]:
    """The named payment; or all payments of the first currency, in refund order."""
    if event.payment_id:
        named = order.payments.find(event.payment_id)
        return (named,) if named and named.state is PaymentState.SUCCEEDED and named.money else ()
    return _in_first_currency(order)


def _in_first_currency(order: Order) -> tuple[Payment, ...]:
    """The payments in the currency to refund first, in refund order.

    That is the currency of the first payment with money left; payments in other currencies can be refunded afterwards.
    """
    payments = _in_refund_order(order)
    left = [each for each in payments if order.refunds.promised_of(each) < amount_of(each)]
    first = next((each.money for each in (*left, *payments)), None)
    return tuple(each for each in payments if each.money and first and each.money.currency == first.currency)


def _in_refund_order(order: Order) -> tuple[Payment, ...]:
    return tuple(each for each in dict.fromkeys((*order.extra_payments, *order.paid_with)) if each.money)


def _in_other_currencies(event: RefundOrdered, order: Order) -> tuple[Payment, ...]:
    """The payments that are left out because of their currency; none if the request names a payment."""
    meant = _in_first_currency(order)
    return () if event.payment_id else tuple(each for each in _in_refund_order(order) if each not in meant)


def _refundable_of(payment: Payment, order: Order, effects: Sequence[StoredEffect]) -> _Refundable:
    own = [each for each in effects if payment.is_named_by([each.effect.recipient])]
    to_be_done = {each.effect.effect_id: _amount_in(each, payment) for each in own if each.is_under_way}
    done = {each.effect.effect_id: _amount_in(each, payment) for each in own if is_unreported(each, order)}
    left = amount_of(payment) - with_unreported(order, own).refunds.promised_of(payment) - sum(to_be_done.values())
    return _Refundable(payment, max(left, 0), (*to_be_done.items(), *done.items()))


def is_unreported(stored: StoredEffect, order: Order) -> bool:
    """Whether Stripe has made this refund and has yet to report it. Another one of its payment is then confirmed."""
    return stored.refund_id is not None and stored.refund_id not in order.refunds.by_id


def _amount_in(stored: StoredEffect, payment: Payment) -> int:
    """What the effect refunds, in minor units: for "all that is left", at most the payment's amount."""
    terms = stored.effect.refund
    return terms.amount if terms and terms.amount is not None else amount_of(payment)


def _under_way_note(all_left: Sequence[_Refundable]) -> str | None:
    said = [
        f"{amount} {each.payment.money.currency} of {each.payment.payment_id} ({effect_id})"
        for each in all_left
        if each.payment.money
        for effect_id, amount in each.under_way
    ]
    return f"refund_under_way: {' and '.join(said)} not reported by Stripe yet" if said else None


def _ordered_before(
    event: RefundOrdered, parts: Mapping[Payment, int], order: Order, effects: Sequence[StoredEffect]
) -> str | None:
    """Human-readable note of an earlier refund of exactly this amount that was made; None if there is none.

    Stripe may have made it although it was given up here for want of an answer. What a failed refund still owes is no
    repetition, whatever went back before, and neither is all that is left.
    """
    if event.amount is None:
        return None
    made = {each.refund_id for each in effects if each.refund_id}
    for payment, part in parts.items():
        if part in _owed_amounts(payment, order):
            continue
        alike = {refund.refund_id: refund for refund in order.refunds.alike(payment, part)}
        if elsewhere := next((each.refund_id for each in alike.values() if each.is_elsewhere), None):
            return f"refunded_elsewhere: {part} of {payment.payment_id} went back as {elsewhere}"
        for each in effects:
            terms = each.effect.refund
            if terms is None or terms.amount != part or not payment.is_named_by([each.effect.recipient]):
                continue
            # An effect without a refund id was given up; a person may have handled it since.
            if refund_ids := alike.keys() & {each.refund_id} if each.refund_id else alike.keys() - made:
                return f"ordered_before: {part} of {payment.payment_id} went back with {min(refund_ids)}"
    return None


def _is_owed(parts: Mapping[Payment, int], order: Order, effects: Sequence[StoredEffect]) -> bool:
    """Whether failed refunds owe just this besides what Stripe has made: then its repetition is not owed."""
    as_made, is_to_be_made = with_unreported(order, effects), any(each.is_under_way for each in effects)
    return not is_to_be_made and all(part in _owed_amounts(payment, as_made) for payment, part in parts.items())


def _owed_amounts(payment: Payment, order: Order) -> set[int]:
    """The amount owed for each lost refund of the payment, and their sum, in minor units."""
    owed = [lost.owed for lost in order.lost_refunds if lost.payment == payment]
    return {*owed, sum(owed)}


def _taken_by_bank(event: RefundOrdered, order: Order) -> str | None:
    """Warn that the customer's bank may have sent the money back already, which Stripe does not check here."""
    if not event.is_elsewhere or order.open_disputes is None:
        return None
    return "disputed: one of its payments is or was disputed, and the bank may have sent the money back already"


def _refunds_of(parts: Mapping[Payment, int], event: RefundOrdered, order: Order) -> Mapping[str, RefundTerms]:
    # To Stripe, money that went back elsewhere is still left, so "all that is left" would be too much.
    is_all_left = {payment: event.amount is None and not order.refunds.elsewhere_of(payment) for payment in parts}
    return {
        payment.payment_id: RefundTerms(None if is_all_left[payment] else part, restock_in_words(restock))
        for (payment, part), restock in zip(parts.items(), _restocks(event), strict=False)
    }


def _restocks(event: RefundOrdered) -> Iterator[Restock]:
    """The restock rule for each refund: the first says which units come back, the others that none do."""
    return chain([event.restock], repeat(event.restock and RestockRule.NONE))


def _gone_back_elsewhere(case: Case, parts: Mapping[Payment, int]) -> Proposal | Look:
    event, order = case.event_as(RefundOrdered), case.order
    gone = [
        Refund(
            f"elsewhere_{event.request_id}_{payment.payment_id}",
            part,
            RefundStatus.SUCCEEDED,
            restock,
            payment.payment_id,
            is_elsewhere=True,
            at=case.now,
        )
        for (payment, part), restock in zip(parts.items(), _restocks(event), strict=False)
    ]
    refunded = replace(order, refunds=order.refunds.merged_with(Refunds.of(*gone)))
    ids = " and ".join(refund.refund_id for refund in gone)
    note = f"refunded_elsewhere: {_parts_in_words(parts)} went back outside Stripe ({ids})"
    return with_refunds(case, Proposal(Result.REFUND_RECORDED, refunded, money=_sum_of(parts), note=note))


def _sum_of(parts: Mapping[Payment, int]) -> Money:
    """The sum of the parts, which are all in one currency."""
    return next(replace(each.money, amount=sum(parts.values())) for each in parts if each.money)


def _other_currencies_note(others: Iterable[Payment], order: Order, effects: Sequence[StoredEffect]) -> str | None:
    left = {each: amount for each in others if (amount := _refundable_of(each, order, effects).amount)}
    return f"other_currency: {_parts_in_words(left)} can also be refunded" if left else None


def _amounts_note(parts: Mapping[Payment, int], left: Mapping[Payment, int]) -> str:
    return f"{_parts_in_words(parts)} to refund, {sum(left.values()) - sum(parts.values())} left after that"


def _parts_in_words(parts: Mapping[Payment, int]) -> str:
    said = [
        f"{part} {payment.money.currency} of {payment.payment_id}" for payment, part in parts.items() if payment.money
    ]
    return " and ".join(said)


def _divided(amount: int, left: Mapping[Payment, int]) -> Iterator[tuple[Payment, int]]:
    for payment, available in left.items():
        if part := min(amount, available):
            yield payment, part
        amount -= part
