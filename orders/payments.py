"""What is known of an order's payments, and which of them pay for it, in whatever order it was reported."""

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
    """The customer has done their part, or has a voucher to pay: the money is on its way."""
    FAILED = "failed"
    """An attempt was declined. Another one may follow."""
    AUTHORISED = "authorised"
    """https://docs.stripe.com/payments/place-a-hold-on-a-payment-method."""
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


_FINAL: Final = (PaymentState.CANCELED, PaymentState.SUCCEEDED)
"""What these say is not taken back, whatever else is reported of the payment, and when."""
_PROGRESS: Final = tuple(PaymentState)
_UNDER_WAY: Final = frozenset({PaymentState.PROCESSING, PaymentState.AUTHORISED})

TOGETHER_MAX: Final = 12
"""Among so many, the earliest, several that come to the price are looked for; besides, one, and all of them."""

_Value = TypeVar("_Value", int, str, datetime)


@frozen
class Payment:
    """One payment, as far as it is reported."""

    payment_id: str
    """Of its PaymentIntent; of its charge, where Stripe made none; of its session, where that was free of charge."""
    state: PaymentState
    at: datetime
    """When Stripe reported this state: for the first time, of a payment that has succeeded; else for the last time."""
    money: Money | None = None
    """What was received; None unless it has succeeded."""
    charge_id: str | None = None
    until: datetime | None = None
    """How long units are worth holding for it, while it is under way."""
    is_estimate: bool = False
    """Whether that is only how long such a payment may take, and neither Stripe nor its method in use says so."""
    amount_refunded: int = 0
    """The most that its charge has ever named as refunded, in minor units, with all that is only pending."""
    is_doubtful: bool = False
    """Whether it may be another order's: it paid for one before, or was made long before this one was created."""
    attempt: int | None = None
    """In the session of which of our own attempts it is made; None if in none of them, as far as anybody has said."""

    @property
    def is_free(self) -> bool:
        """Whether Stripe made no payment, because there was nothing to pay, so that nothing can be refunded.

        https://docs.stripe.com/payments/checkout/no-cost-orders
        """
        return self.money is not None and self.money.amount == 0

    @property
    def payment_intent_id(self) -> str | None:
        return None if self.is_free or self.payment_id == self.charge_id else self.payment_id

    @property
    def is_under_way(self) -> bool:
        return self.state in _UNDER_WAY

    def holds_until(self, retry: timedelta) -> datetime | None:
        """How long units are worth holding for it; None if that is no longer than for any order.

        Args:
            retry: how long its customer has to try again, once a payment that was on its way has failed.
        """
        if self.is_under_way or self.is_free:
            return self.until
        if self.state is PaymentState.FAILED and self.until:
            return min(self.until, self.at + retry)
        return None

    def is_named_by(self, payment_ids: Iterable[str | None]) -> bool:
        """Whether one of the ids is its own, or its charge's."""
        return any(each and each in (self.payment_id, self.charge_id) for each in payment_ids)

    def is_same_as(self, other: "Payment") -> bool:
        """Whether both are one payment, which may be known by its charge alone until its PaymentIntent is."""
        if self.charge_id in (self.payment_id, other.payment_id) or other.charge_id == other.payment_id:
            return self.charge_id == other.charge_id
        return self.payment_id == other.payment_id

    def merged_with(self, other: "Payment") -> "Payment":
        """What two reports of one payment come to. Commutative, associative and idempotent."""
        further = max(self, other, key=Payment.progress)
        if self.progress() == other.progress():
            further = replace(
                further,
                at=min(self.at, other.at),
                money=max(filter(None, (self.money, other.money)), key=_size_of, default=None),
                charge_id=_larger(self.charge_id, other.charge_id),
                # One report that nothing is to be said against is enough, whichever comes first.
                is_doubtful=self.is_doubtful and other.is_doubtful,
            )
        # What was worth waiting for before a payment was over counts no more.
        is_over = further.state in _FINAL and self.progress() != other.progress()
        waits = further if is_over else max(self, other, key=Payment.wait)
        return replace(
            further,
            # A charge is known by its own id until its PaymentIntent is.
            payment_id=max(self.payment_id, other.payment_id, key=lambda each: (each != further.charge_id, each)),
            until=waits.until,
            is_estimate=waits.is_estimate,
            amount_refunded=max(self.amount_refunded, other.amount_refunded),
            attempt=_larger(self.attempt, other.attempt),
        )

    def wait(self) -> tuple[object, ...]:
        """What is known of its end outweighs what is assumed; of that, the later end counts."""
        return (self.until is not None, not self.is_estimate, self.until)

    def progress(self) -> tuple[object, ...]:
        """What is final outweighs what is not; of that, the later report counts, by Stripe's clock."""
        if self.state in _FINAL:
            return (True, _PROGRESS.index(self.state))
        return (False, self.at, _PROGRESS.index(self.state))


@frozen(slots=False)
class Payments:
    """All payments that ever named an order. What follows depends on which they are, not on when each was reported."""

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
        """The payment that is known under one of the ids."""
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
        """The payments that come to exactly what is asked: as few as possible, and of these the earliest.

        So a payment too many never makes an unpaid order of a paid one. Where nothing is asked, the first payment
        decides.

        Returns:
            None of them if they do not come to that.
        """
        own = [payment for payment in self.succeeded if not payment.is_doubtful]
        if asked is None:
            # A session that was free of charge decides only where nobody has paid anything.
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
    """What was received of it, in minor units."""
    return payment.money.amount if payment.money else 0


def sum_of(payments: Iterable[Payment]) -> Money | None:
    """What the payments brought; of several currencies, which do not add up, that in the first one's."""
    received = [payment.money for payment in payments if payment.money]
    if not received:
        return None
    currency = received[0].currency
    return Money(sum(each.amount for each in received if each.currency == currency), currency)


def _size_of(money: Money) -> tuple[int, str]:
    """Of a payment that is captured in parts, the larger report is the later one."""
    return money.amount, money.currency


def _larger(one: _Value | None, other: _Value | None) -> _Value | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None
