"""What is known of an order's refunds, and what it adds up to, in whatever order and however often it was reported."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from orders.frozen import frozen
from orders.payments import Payment, amount_of


class RefundStatus(StrEnum):
    """As Stripe names them: https://docs.stripe.com/api/refunds/object#refund_object-status."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    FAILED = "failed"
    """May still come after `succeeded`: https://docs.stripe.com/refunds#failed-refunds."""


_UNDONE: Final = frozenset({RefundStatus.CANCELED, RefundStatus.FAILED})
_PROGRESS: Final = tuple(RefundStatus)


class RestockRule(StrEnum):
    """What a refund's metadata may say of units instead of naming them."""

    ALL = "all"
    NONE = "none"


Restock = RestockRule | Mapping[str, int] | None
"""Which units a refund puts back on the shelf: all, none, so many by product, or whatever the shop's terms say."""


@frozen
class Refund:
    refund_id: str
    amount: int
    """In the currency's minor unit."""
    status: RefundStatus
    restock: Restock = None
    payment_id: str | None = None
    """The PaymentIntent, or else the charge, whose money it gives back; None where only one payment can be meant."""
    is_elsewhere: bool = False
    """Whether the money went back outside Stripe, as an operator says."""
    at: datetime | None = None
    """When it was made, or put on record; None if nobody has said."""

    @property
    def is_done(self) -> bool:
        return self.status is RefundStatus.SUCCEEDED

    @property
    def is_undone(self) -> bool:
        return self.status in _UNDONE

    def merged_with(self, other: "Refund") -> "Refund":
        """The further of two reports of one refund: a stale `pending` after `succeeded` says nothing new."""
        return replace(
            self,
            amount=max(self.amount, other.amount),
            status=max(self.status, other.status, key=_PROGRESS.index),
            restock=_merged(self.restock, other.restock),
            payment_id=max(self.payment_id or "", other.payment_id or "") or None,
            at=min((at for at in (self.at, other.at) if at), default=None),
        )


@frozen
class Refunds:
    """All that is known of an order's refunds, whichever payments they are of.

    It only ever grows, and merging is commutative, associative and idempotent. So the sums depend on what was reported,
    and not on the order in which it came, nor on how often.
    """

    by_id: Mapping[str, Refund] = field(default_factory=dict)

    @classmethod
    def of(cls, *refunds: Refund) -> "Refunds":
        return cls({refund.refund_id: refund for refund in refunds})

    def merged_with(self, other: "Refunds") -> "Refunds":
        by_id = dict(self.by_id)
        for refund_id, refund in other.by_id.items():
            by_id[refund_id] = by_id[refund_id].merged_with(refund) if refund_id in by_id else refund
        return Refunds(by_id)

    def amount_of(self, payment: Payment) -> int:
        """What is refunded of the payment, in minor units, by Stripe or elsewhere."""
        return self._with_elsewhere(payment, self.amount_at_stripe(payment))

    def amount_at_stripe(self, payment: Payment) -> int:
        """What Stripe has refunded of it. Where only its charge's total is known, that is taken for done."""
        return self._at_stripe(payment, lambda refund: refund.is_done)

    def promised_of(self, payment: Payment) -> int:
        """What is refunded of the payment or on its way back, in minor units: all that nobody can refund once more."""
        return self._with_elsewhere(payment, self._at_stripe(payment, lambda refund: not refund.is_undone))

    def refunds_of(self, payment: Payment) -> tuple[Refund, ...]:
        return tuple(
            refund
            for refund in self.by_id.values()
            if refund.payment_id is None or payment.is_named_by([refund.payment_id])
        )

    def alike(self, payment: Payment, amount: int) -> tuple[Refund, ...]:
        """Those of the payment by which just so much goes back, or has."""
        return tuple(each for each in self.refunds_of(payment) if each.amount == amount and not each.is_undone)

    def owed_of(self, undone: Refund, payment: Payment) -> int:
        """What of a refund that came to nothing is not made up for: not by what was made before it, and by all else."""
        counted = (each for each in self.refunds_of(payment) if not each.is_undone)
        before = sum(each.amount for each in counted if each.at and undone.at and each.at < undone.at)
        promised = self.promised_of(payment)
        # What went back elsewhere is no loss, although Stripe, which does not know of it, has tried to refund it too.
        return max(min(undone.amount + before, amount_of(payment)) - promised, 0)

    def elsewhere_of(self, payment: Payment) -> tuple[Refund, ...]:
        """What of it went back outside Stripe."""
        return tuple(refund for refund in self.refunds_of(payment) if refund.is_elsewhere)

    def _at_stripe(self, payment: Payment, counts: Callable[[Refund], bool]) -> int:
        """A charge's total and its single refunds are about the same money.

        The total also counts what is only pending, or has failed since.
        """
        known = [refund for refund in self.refunds_of(payment) if not refund.is_elsewhere]
        counted = sum(refund.amount for refund in known if counts(refund))
        others = sum(refund.amount for refund in known) - counted
        return max(payment.amount_refunded - others, counted)

    def _with_elsewhere(self, payment: Payment, at_stripe: int) -> int:
        """No more than it brought: what Stripe refunds after all, although it went back elsewhere, counts once."""
        elsewhere = sum(refund.amount for refund in self.elsewhere_of(payment))
        return max(at_stripe, min(at_stripe + elsewhere, amount_of(payment)))


def units_named(refunds: Iterable[Refund]) -> Mapping[str, int]:
    """Units that refunds ask to put back on the shelf, by product."""
    units: dict[str, int] = {}
    for refund in refunds:
        for product_id, quantity in refund.restock.items() if isinstance(refund.restock, Mapping) else ():
            units[product_id] = units.get(product_id, 0) + quantity
    return units


def _merged(one: Restock, other: Restock) -> Restock:
    """Where reports differ: units are put back neither twice nor against anybody's word."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return dict(Counter(one) | Counter(other))
    for strongest in RestockRule.NONE, RestockRule.ALL:
        if strongest in (one, other):
            return strongest
    return one if other is None else other
