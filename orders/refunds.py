"""What is known of a payment's refunds, and what it adds up to, in whatever order and however often it was reported."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


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


@dataclass(frozen=True, slots=True)
class Refund:
    refund_id: str
    amount: int
    """In the currency's minor unit."""
    status: RefundStatus
    restock: Mapping[str, int] = field(default_factory=dict)
    """Units to put back on the shelf, by product, as the refund's metadata names them."""

    def merged_with(self, other: "Refund") -> "Refund":
        """The further of two reports of one refund: a stale `pending` after `succeeded` says nothing new."""
        return Refund(
            self.refund_id,
            max(self.amount, other.amount),
            max(self.status, other.status, key=_PROGRESS.index),
            _merged(self.restock, other.restock, max),
        )


@dataclass(frozen=True, slots=True)
class Refunds:
    """All that is known of one payment's refunds.

    It only ever grows, and merging is commutative, associative and idempotent. So the sums depend on what was reported,
    and not on the order in which it came, nor on how often.
    """

    by_id: Mapping[str, Refund] = field(default_factory=dict)
    charge_total: int = 0
    """The most that the charge has ever named as refunded: its `amount_refunded` counts all its refunds together."""

    @property
    def amount(self) -> int:
        """What is refunded, in minor units.

        A charge's total and its single refunds are about the same money. What has failed since is no longer in it.
        """
        undone = sum(refund.amount for refund in self.by_id.values() if refund.status in _UNDONE)
        return max(self.charge_total - undone, sum(refund.amount for refund in self._succeeded()))

    @property
    def restock(self) -> Mapping[str, int]:
        """Units that the succeeded refunds ask to put back on the shelf, by product."""
        units: Mapping[str, int] = {}
        for refund in self._succeeded():
            units = _merged(units, refund.restock, lambda one, other: one + other)
        return units

    def merged_with(self, other: "Refunds") -> "Refunds":
        by_id = dict(self.by_id)
        for refund_id, refund in other.by_id.items():
            by_id[refund_id] = by_id[refund_id].merged_with(refund) if refund_id in by_id else refund
        return Refunds(by_id, max(self.charge_total, other.charge_total))

    def _succeeded(self) -> Iterable[Refund]:
        return (refund for refund in self.by_id.values() if refund.status is RefundStatus.SUCCEEDED)


def _merged(one: Mapping[str, int], other: Mapping[str, int], combine: Callable[[int, int], int]) -> Mapping[str, int]:
    return {name: combine(one.get(name, 0), other.get(name, 0)) for name in {**one, **other}}
