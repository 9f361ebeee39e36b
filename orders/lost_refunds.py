"""Refunds that failed or were cancelled, and how much of them the customer is still owed. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from orders.payments import Payment, amount_of
from orders.refunds import Refund, Refunds


class LostRefund(NamedTuple):
    payment: Payment
    refund: Refund
    owed: int
    """The part that other refunds of the payment do not make up for, in minor units."""


def lost_refunds_of(payment: Payment, refunds: Refunds) -> tuple[LostRefund, ...]:
    """The payment's lost refunds, earliest first, without mistakes, which are not owed.

    A refund makes up only for refunds that had failed before it was made: if two parts of a payment fail, both are
    owed; if one fails, is made again and fails again, it is owed once. A refund with an unknown time of failure counts
    as failed from the start; one with an unknown time of creation counts as the last.
    """
    if not any(each.is_undone for each in refunds.by_id.values()):
        return ()
    meant = {each.refund_id: each for each in refunds.refunds_of(payment) if not each.is_mistake}
    owed: dict[str, int] = {}
    for _, refund_id, amount in sorted(_steps_of(meant.values())):
        if refund_id:
            owed[refund_id] = amount
        else:
            _make_up(owed, amount)
    promised = refunds.promised_of(payment)
    # A charge's total may include refunds that are not listed.
    _make_up(owed, promised - sum(each.amount for each in meant.values() if not each.is_undone))
    # Money refunded elsewhere is not owed, even if Stripe, which does not know it, tried to refund it too.
    _make_up(owed, sum(owed.values()) - max(amount_of(payment) - promised, 0))
    return tuple(LostRefund(payment, meant[refund_id], amount) for refund_id, amount in owed.items() if amount)


def _steps_of(refunds: Iterable[Refund]) -> Iterator[tuple[tuple[object, ...], str | None, int]]:
    """When each refund was made and when it failed: the sort key, the id if it failed, and the amount."""
    for each in refunds:
        if each.is_undone:
            yield _place_of(each, each.at, 0, unknown=0), None, each.amount
            yield _place_of(each, each.failed_at or each.at, 1, unknown=0), each.refund_id, each.amount
        else:
            yield _place_of(each, each.at, 2, unknown=2), None, each.amount


def _place_of(refund: Refund, at: datetime | None, rank: int, *, unknown: int) -> tuple[object, ...]:
    """Sorts by time, then by rank; unknown times come first (0) or last (2)."""
    return (1, at, rank, refund.refund_id) if at else (unknown, rank, refund.refund_id)


def _make_up(owed: dict[str, int], amount: int) -> None:
    """Deduct this amount from what is owed, earliest first."""
    for refund_id, left in owed.items():
        taken = max(min(left, amount), 0)
        owed[refund_id] = left - taken
        amount -= taken
