"""An order's refunds and their sums; the same in whatever sequence, and however often, they are reported."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import accumulate
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

    @classmethod
    def said_by(cls, refund: Mapping[str, object]) -> "RefundStatus | None":
        """The status of a refund as Stripe shows it: done if it has none, like old ones; None if it is unknown."""
        status = refund.get("status")
        return cls.SUCCEEDED if status is None else next((each for each in cls if each == status), None)


_UNDONE: Final = frozenset({RefundStatus.CANCELED, RefundStatus.FAILED})
_PROGRESS: Final = tuple(RefundStatus)
_MADE, _FAILED = range(2)
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


class RestockRule(StrEnum):
    """What a refund's metadata may say instead of naming units."""

    ALL = "all"
    NONE = "none"


Restock = RestockRule | Mapping[str, int] | None
"""Which units a refund puts back on the shelf: all, none, so many per product; None leaves it to the terms."""


@frozen
class Refund:
    refund_id: str
    amount: int
    """In the currency's minor unit."""
    status: RefundStatus
    restock: Restock = None
    payment_id: str | None = None
    """The PaymentIntent, or else the charge, that it refunds; None if only one payment can be meant."""
    is_elsewhere: bool = False
    """Whether the money went back outside Stripe, according to an operator."""
    at: datetime | None = None
    """When it was made or recorded; None if unknown."""
    failed_at: datetime | None = None
    """When Stripe first reported that it failed or was cancelled; None if it has not, or if that is unknown."""
    is_mistake: bool = False
    """Whether an operator called it a mistake: if it failed or was cancelled, its amount is not owed."""

    @property
    def is_done(self) -> bool:
        return self.status is RefundStatus.SUCCEEDED

    @property
    def is_undone(self) -> bool:
        return self.status in _UNDONE

    def merged_with(self, other: "Refund") -> "Refund":
        """Merges two reports of one refund. The later status counts: a stale `pending` after `succeeded` is ignored."""
        return replace(
            self,
            amount=max(self.amount, other.amount),
            status=max(self.status, other.status, key=_PROGRESS.index),
            restock=_merged(self.restock, other.restock),
            payment_id=max(self.payment_id or "", other.payment_id or "") or None,
            at=_earlier(self.at, other.at),
            failed_at=_earlier(self.failed_at, other.failed_at),
            is_mistake=self.is_mistake or other.is_mistake,
        )


@frozen
class Refunds:
    """All refunds of an order, of whichever payment.

    Refunds are only ever added, and merging is commutative, associative and idempotent. So the sums depend on what was
    reported, not on the sequence or on how often.
    """

    by_id: Mapping[str, Refund] = field(default_factory=dict)

    @classmethod
    def of(cls, *refunds: Refund) -> "Refunds":
        return cls({refund.refund_id: refund for refund in refunds})

    @property
    def undone(self) -> tuple[Refund, ...]:
        """The refunds that failed or were cancelled."""
        return tuple(refund for refund in self.by_id.values() if refund.is_undone)

    def merged_with(self, other: "Refunds") -> "Refunds":
        by_id = dict(self.by_id)
        for refund_id, refund in other.by_id.items():
            by_id[refund_id] = by_id[refund_id].merged_with(refund) if refund_id in by_id else refund
        return Refunds(by_id)

    def amount_of(self, payment: Payment) -> int:
        """What is refunded of the payment, in minor units, at Stripe or elsewhere."""
        return self._with_elsewhere(payment, self.amount_at_stripe(payment))

    def amount_at_stripe(self, payment: Payment) -> int:
        """What Stripe has refunded of it. If only its charge's total is known, that counts as done."""
        return self._at_stripe(payment, lambda refund: refund.is_done)

    def promised_of(self, payment: Payment) -> int:
        """What is refunded of the payment or pending, in minor units: what cannot be refunded again."""
        return self._with_elsewhere(payment, self._at_stripe(payment, lambda refund: not refund.is_undone))

    def is_meant_back(self, payment: Payment) -> bool:
        """Whether all of it is refunded or pending, or was to be refunded at once and that failed, unless by mistake.

        A part that failed does not count: a later one may make up for it.
        """
        failed = (each.amount for each in self.refunds_of(payment) if each.is_undone and not each.is_mistake)
        return amount_of(payment) <= max(self.promised_of(payment), *failed, 0)

    def last_made_at(self, payments: Iterable[Payment]) -> datetime | None:
        """When the last of their refunds was made; None if that is unknown of a part that a charge's total includes."""
        made: list[datetime] = []
        for payment in payments:
            dated = [(each.at, each.amount) for each in self.refunds_of(payment) if each.at and not each.is_mistake]
            if sum(amount for _, amount in dated) < amount_of(payment):
                return None
            made += (at for at, _ in dated)
        return max(made, default=None)

    def refunds_of(self, payment: Payment) -> tuple[Refund, ...]:
        return tuple(
            refund
            for refund in self.by_id.values()
            if refund.payment_id is None or payment.is_named_by([refund.payment_id])
        )

    def alike(self, payment: Payment, amount: int) -> tuple[Refund, ...]:
        """The payment's refunds of exactly this amount, done or pending."""
        return tuple(each for each in self.refunds_of(payment) if each.amount == amount and not each.is_undone)

    def elsewhere_of(self, payment: Payment) -> tuple[Refund, ...]:
        """The payment's refunds that were made outside Stripe."""
        return tuple(each for each in self.refunds_of(payment) if each.is_elsewhere and not each.is_undone)

    def _at_stripe(self, payment: Payment, counts: Callable[[Refund], bool]) -> int:
        """Combines a charge's total with its single refunds, which are about the same money.

        The total also includes refunds that are only pending or have failed since. Only what it exceeds by the most
        that it can have included of them at once is a refund that nobody has reported.
        """
        known = [refund for refund in self.refunds_of(payment) if not refund.is_elsewhere]
        counted = sum(refund.amount for refund in known if counts(refund))
        return counted + max(payment.amount_refunded - _most_at_once(known), 0)

    def _with_elsewhere(self, payment: Payment, at_stripe: int) -> int:
        """Adds refunds made elsewhere, up to what the payment brought: money that Stripe refunds, too, counts once."""
        elsewhere = sum(refund.amount for refund in self.elsewhere_of(payment))
        return max(at_stripe, min(at_stripe + elsewhere, amount_of(payment)))


def _most_at_once(refunds: Collection[Refund]) -> int:
    """The largest sum that a charge's total can have included of these refunds: each from its creation to its failure.

    Stripe's times are whole seconds, so a refund made in the second in which another failed can have met it.
    """
    made = ((each.at or _BEFORE_ALL, _MADE, each.amount) for each in refunds)
    failed = ((each.failed_at, _FAILED, -each.amount) for each in refunds if each.failed_at)
    return max(accumulate(amount for _, _, amount in sorted((*made, *failed))), default=0)


def _earlier(*moments: datetime | None) -> datetime | None:
    return min((each for each in moments if each), default=None)


def units_named(refunds: Iterable[Refund]) -> Mapping[str, int]:
    """Units that refunds ask to put back on the shelf, by product id."""
    units: dict[str, int] = {}
    for refund in refunds:
        for product_id, quantity in refund.restock.items() if isinstance(refund.restock, Mapping) else ():
            units[product_id] = units.get(product_id, 0) + quantity
    return units


def _merged(one: Restock, other: Restock) -> Restock:
    """Merges differing reports: no units are put back twice, nor against an explicit `none`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return dict(Counter(one) | Counter(other))
    for strongest in RestockRule.NONE, RestockRule.ALL:
        if strongest in (one, other):
            return strongest
    return one if other is None else other
