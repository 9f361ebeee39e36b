"""An order's payments, and which of them pay for it; the same in whatever sequence they are reported."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, reduce
from itertools import chain, combinations
from typing import Final, TypeVar

from orders.frozen import frozen
from orders.money import Money


class PaymentState(StrEnum):
    PROCESSING = "processing"
    """The customer has done their part, or has a voucher to pay: the money is under way."""
    FAILED = "failed"
    """An attempt was declined. Another may follow."""
    AUTHORISED = "authorised"
    """https://docs.stripe.com/payments/place-a-hold-on-a-payment-method."""
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


_FINAL: Final = (PaymentState.CANCELED, PaymentState.SUCCEEDED)
"""Never taken back, whatever else is reported of the payment, and when."""
_PROGRESS: Final = tuple(PaymentState)
_UNDER_WAY: Final = frozenset({PaymentState.PROCESSING, PaymentState.AUTHORISED})

TOGETHER_MAX: Final = 12
"""Among this many, the earliest, sets of several are tried; besides, each payment alone and all of them together."""

_Value = TypeVar("_Value", int, str, datetime)


@frozen
class Payment:
    """One payment, as far as it has been reported."""

    payment_id: str
    """The PaymentIntent's id; the charge's, if there is no PaymentIntent; the session's, if it was free of charge."""
    state: PaymentState
    at: datetime
    """When Stripe reported this state: for a succeeded payment the first time, otherwise the last time."""
    money: Money | None = None
    """The amount received; None unless it has succeeded."""
    charge_id: str | None = None
    until: datetime | None = None
    """While it is under way: until when its order's units are worth holding."""
    is_estimate: bool = False
    """Whether `until` is only how long such a payment may take, not what Stripe or the method used says."""
    amount_refunded: int = 0
    """The largest total that its charge has reported as refunded, in minor units, including pending refunds."""
    is_doubtful: bool = False
    """Whether it may be another order's: it paid for one before, or was made long before this order was created."""
    attempt: int | None = None
    """Our own attempt in whose session it was made; None if it was made in none of them, as far as reported."""
    funded: Money | None = None
    """What of a bank transfer has arrived at Stripe, at most, while more was to come. The shop has none of it."""

    @property
    def is_free(self) -> bool:
        """Whether Stripe made no payment because there was nothing to pay, so that nothing can be refunded.

        https://docs.stripe.com/payments/checkout/no-cost-orders
        """
        return self.money is not None and self.money.amount == 0

    @property
    def payment_intent_id(self) -> str | None:
        return None if self.is_free or self.payment_id == self.charge_id else self.payment_id

    @property
    def is_under_way(self) -> bool:
        return self.state in _UNDER_WAY

    @property
    def is_over(self) -> bool:
        """Whether it has succeeded or was canceled, which is never taken back."""
        return self.state in _FINAL

    def holds_until(self, retry: timedelta) -> datetime | None:
        """Until when units are worth holding for it; None if no longer than for any order.

        Args:
            retry: how long the customer has to try again after a payment that was under way has failed.
        """
        if self.is_under_way or self.is_free:
            return self.until
        if self.state is PaymentState.FAILED and self.until:
            return min(self.until, self.at + retry)
        return None

    def is_named_by(self, payment_ids: Iterable[str | None]) -> bool:
        """Whether one of the ids is the payment's or its charge's."""
        return any(each and each in (self.payment_id, self.charge_id) for each in payment_ids)

    def is_same_as(self, other: "Payment") -> bool:
        """Whether both are one payment, which may be known only by its charge until its PaymentIntent is reported."""
        if self.payment_id == other.payment_id:
            return True
        is_one_known_by_its_charge = self.charge_id == self.payment_id or other.charge_id == other.payment_id
        return is_one_known_by_its_charge and self.charge_id == other.charge_id

    def merged_with(self, other: "Payment") -> "Payment":
        """Merges two reports of one payment. Commutative, associative and idempotent."""
        further = max(self, other, key=Payment.progress)
        if self.progress() == other.progress():
            further = replace(
                further,
                at=min(self.at, other.at),
                money=_larger_sum(self.money, other.money),
                charge_id=_larger(self.charge_id, other.charge_id),
                # One report without doubt is enough, whichever comes first.
                is_doubtful=self.is_doubtful and other.is_doubtful,
            )
        # Once a payment is over, the time until which it was worth waiting does not count any more.
        is_newly_over = further.is_over and self.progress() != other.progress()
        waits = further if is_newly_over else max(self, other, key=Payment.wait)
        return replace(
            further,
            # A payment has its charge's id until its PaymentIntent is reported.
            payment_id=max(self.payment_id, other.payment_id, key=lambda each: (each != further.charge_id, each)),
            until=waits.until,
            is_estimate=waits.is_estimate,
            amount_refunded=max(self.amount_refunded, other.amount_refunded),
            attempt=_larger(self.attempt, other.attempt),
            funded=_larger_sum(self.funded, other.funded),
        )

    def wait(self) -> tuple[object, ...]:
        """A sort key: a known end outweighs an estimated one; of two alike, the later counts."""
        return (self.until is not None, not self.is_estimate, self.until)

    def progress(self) -> tuple[object, ...]:
        """A sort key: a final state outweighs any other; otherwise the later report counts, by Stripe's clock."""
        if self.is_over:
            return (True, _PROGRESS.index(self.state))
        return (False, self.at, _PROGRESS.index(self.state))


@frozen(slots=False)
class Payments:
    """All payments that ever named an order. What follows depends on which they are, not on when they were reported."""

    by_id: Mapping[str, Payment] = field(default_factory=dict)

    @classmethod
    def of(cls, *payments: Payment) -> "Payments":
        return reduce(Payments.with_report, payments, cls())

    def with_report(self, reported: Payment) -> "Payments":
        same = {key: known for key, known in self.by_id.items() if known.is_same_as(reported)}
        merged = reduce(Payment.merged_with, same.values(), reported)
        others = {key: known for key, known in self.by_id.items() if key not in same}
        return Payments({**others, merged.payment_id: merged})

    def find(self, *payment_ids: str | None) -> Payment | None:
        """The payment known under one of the ids, or None."""
        return next((known for known in self.by_id.values() if known.is_named_by(payment_ids)), None)

    @cached_property
    def succeeded(self) -> tuple[Payment, ...]:
        """The earliest first."""
        paid = (known for known in self.by_id.values() if known.state is PaymentState.SUCCEEDED)
        return tuple(sorted(paid, key=lambda payment: (payment.at, payment.payment_id)))

    @property
    def under_way(self) -> tuple[Payment, ...]:
        return tuple(known for known in self.by_id.values() if known.is_under_way)

    def paying(self, asked: Money | None) -> tuple[Payment, ...]:
        """The payments that add up to exactly what is asked: as few as possible, and of those sets the earliest.

        So an extra payment never makes a paid order unpaid. If nothing is asked, the first payment decides.

        Returns:
            An empty tuple if no set of them adds up.
        """
        own = [payment for payment in self.succeeded if not payment.is_doubtful]
        if asked is None:
            # A free session decides only if nobody has paid anything.
            is_unpaid = all(payment.is_free for payment in self.succeeded)
            return tuple([payment for payment in own if is_unpaid or not payment.is_free][:1])
        if asked.amount == 0:
            return tuple([payment for payment in own if payment.is_free][:1])
        paid = [each for each in own if each.money and not each.is_free and each.money.currency == asked.currency]
        earliest = paid[:TOGETHER_MAX]
        several = (chosen for count in range(2, len(earliest) + 1) for chosen in combinations(earliest, count))
        candidates = chain(((one,) for one in paid), several, [tuple(paid)])
        return next((chosen for chosen in candidates if sum(map(amount_of, chosen)) == asked.amount), ())


def amount_of(payment: Payment) -> int:
    """The amount received, in minor units; 0 unless it has succeeded."""
    return payment.money.amount if payment.money else 0


def sum_of(payments: Iterable[Payment]) -> Money | None:
    """The sum of the payments in the first payment's currency, since currencies do not add up; None without any."""
    return added(payment.money for payment in payments)


def added(several: Iterable[Money | None]) -> Money | None:
    """The same of sums."""
    known = [each for each in several if each]
    if not known:
        return None
    currency = known[0].currency
    return Money(sum(each.amount for each in known if each.currency == currency), currency)


def _larger_sum(one: Money | None, other: Money | None) -> Money | None:
    return max(filter(None, (one, other)), key=_size_of, default=None)


def _size_of(money: Money) -> tuple[int, str]:
    """A sort key: if a payment is captured in parts, the larger report is the later one."""
    return money.amount, money.currency


def _larger(one: _Value | None, other: _Value | None) -> _Value | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None
