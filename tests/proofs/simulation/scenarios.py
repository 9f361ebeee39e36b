"""What truly happens around one order, and all that Stripe tells of it: consistent, as one payment's events are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from orders.declines import Decline
from orders.disputes import Dispute
from orders.events import (
    ChargeRefunded,
    DisputeChanged,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.order import Money
from orders.refunds import Refund, Refunds, RefundStatus
from tests.support.builders import NOW

PRICES: Final[Mapping[str, int]] = {"cup": 700, "hat": 1_200, "sample": 0}
"""What a unit of each product costs, in cents."""
VOICES: Final = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
"""The event types by which Stripe says that a payment succeeded. A session does not name the charge."""


@dataclass(frozen=True, slots=True)
class Repayment:
    """One refund, as it truly went."""

    number: int
    """Which of its payment's refunds: what is told of it keeps its event ids, whatever else is told."""
    amount: int
    """In cents."""
    restock: tuple[tuple[str, int], ...] = ()
    """Units by product, as the refund's metadata names them."""
    is_slow: bool = False
    """Whether Stripe tells that it is pending before it tells that it succeeded."""
    fails: bool = False
    """Whether it is undone after it had succeeded."""


@dataclass(frozen=True)
class Tale:
    """All that happens around one order."""

    order_id: str
    lines: tuple[tuple[str, int], ...]
    """Products and quantities, as the customer wrote them: a product may stand on two lines."""
    appears: bool = True
    """Whether the customer's order is ever written."""
    is_trigger_lost: bool = False
    """Whether the trigger of the created order never comes."""
    asks_to_cancel: bool = False
    declines: tuple[str, ...] = ()
    """The event types that tell of one declined attempt."""
    is_processing: bool = False
    is_given_up: bool = False
    """Whether Stripe says that a session for the payment is over."""
    paid: int | None = None
    """What the customer has paid, in cents; zero if there was nothing to pay."""
    voices: tuple[str, ...] = ()
    """The event types that say so."""
    free_session: bool = False
    """Whether a session that was free of charge is told of, although the order has a price."""
    pays_twice: bool = False
    """Whether a second payment of the same amount is told, too."""
    refunds: tuple[Repayment, ...] = ()
    charge_tells: bool = True
    """Whether `charge.refunded` tells of the refunds."""
    refunds_tell: bool = True
    """Whether the refunds' own events do. Without them nobody can tell what is refunded after one has failed."""
    disputes: tuple[str, ...] = ()
    """The states through which a dispute goes."""

    @property
    def intent_id(self) -> str:
        return f"pi_{self.order_id}"

    @property
    def charge_id(self) -> str:
        return f"ch_{self.order_id}"

    @property
    def units(self) -> Mapping[str, int]:
        units: Counter[str] = Counter()
        for product_id, quantity in self.lines:
            units[product_id] += quantity
        return units

    @property
    def is_known_to_be_paid(self) -> bool:
        """Whether anything that Stripe tells says what was paid."""
        return self.paid is not None and bool(self.voices or self.pays_twice or (self.refunds and self.charge_tells))

    @property
    def price(self) -> int:
        return sum(PRICES[product_id] * quantity for product_id, quantity in self.lines)

    @property
    def is_free(self) -> bool:
        """Whether the order was complete without a payment, of which only its session tells."""
        return self.paid == 0

    @property
    def is_consistent(self) -> bool:
        """Whether all this may be true together."""
        if self.free_session and not self.price:
            return False
        if self.paid is None:
            return not (self.voices or self.pays_twice or self.refunds or self.disputes)
        if self.is_free:
            return (
                not self.price and self.voices == VOICES[2:] and not (self.pays_twice or self.refunds or self.disputes)
            )
        is_told = bool(self.voices or self.pays_twice or self.refunds)
        return is_told and self._refunds_are_consistent(self.paid)

    def _refunds_are_consistent(self, left: int) -> bool:
        """Nobody is given back more than was paid, nor units that were never sold; and of a failure somebody tells."""
        for refund in self.refunds:
            if refund.amount > left or not dict(refund.restock).keys() <= self.units.keys():
                return False
            left -= 0 if refund.fails else refund.amount
        fails = any(refund.fails for refund in self.refunds)
        return self.refunds_tell or (self.charge_tells and not fails)

    @cached_property
    def facts(self) -> Mapping[str, "Fact"]:
        """All that Stripe tells, by event id, in the order in which it came to be."""
        facts: dict[str, Fact] = {}
        for number, (event_type, which, tells) in enumerate(_told_of(self)):
            # Named for what it tells, not numbered: whatever else is left out of the tale, it is the same event.
            event_id = "_".join(filter(None, ("evt", self.order_id, event_type, which)))
            names_order = not event_type.startswith(("refund.", "charge.dispute."))
            # Two events of one second are nothing unusual.
            facts[event_id] = Fact(event_id, event_type, NOW + timedelta(seconds=number // 2), names_order, tells)
        return facts


Tells = Callable[[StripeDelivery], StripeEvent]


@dataclass(frozen=True, slots=True)
class Fact:
    """One event of Stripe's."""

    event_id: str
    event_type: str
    created_at: datetime
    names_order: bool
    """Refunds and disputes name only their payment."""
    tells: Tells

    def delivered(self, at: datetime) -> StripeEvent:
        return self.tells(StripeDelivery(self.event_id, self.event_type, self.created_at, at, False, None))  # noqa: FBT003 - not livemode


def _told_of(tale: Tale) -> Iterator[tuple[str, str, Tells]]:
    """Of each event its type, which one it is of this type, and what it tells."""
    for event_type in tale.declines:
        yield event_type, "", _declined(tale)
    if tale.is_processing:
        yield "payment_intent.processing", "", _processing(tale)
    if tale.is_given_up:
        yield "checkout.session.expired", "", _given_up(tale)
    if tale.free_session:
        yield VOICES[2], "free", _paid(tale, Money(0, "eur"), None, None)
    if tale.paid is None:
        return
    money = Money(tale.paid, "eur")
    for voice in tale.voices:
        intent_id = None if tale.is_free else tale.intent_id
        yield voice, "", _paid(tale, money, intent_id, None if voice == VOICES[2] else tale.charge_id)
    if tale.pays_twice:
        yield VOICES[0], "again", _paid(tale, money, f"{tale.intent_id}_again", f"{tale.charge_id}_again")
    yield from _told_of_refunds(tale, money)
    for status in tale.disputes:
        yield "charge.dispute.updated", status, _disputed(tale, money, status)


def _told_of_refunds(tale: Tale, paid: Money) -> Iterator[tuple[str, str, Tells]]:
    """As refunds go: made one after the other, counted by the charge, and only later found to have failed."""
    counted = 0
    for repayment in tale.refunds:
        which = str(repayment.number)
        refund_id = f"re_{tale.order_id}_{which}"
        if repayment.is_slow and tale.refunds_tell:
            yield "refund.created", which, _refund(tale, repayment, refund_id, RefundStatus.PENDING)
        counted += repayment.amount
        if tale.charge_tells:
            yield "charge.refunded", which, _refunded_charge(tale, paid, counted)
        if tale.refunds_tell:
            yield "refund.updated", which, _refund(tale, repayment, refund_id, RefundStatus.SUCCEEDED)
        if repayment.fails:
            counted -= repayment.amount
            yield "refund.failed", which, _refund(tale, repayment, refund_id, RefundStatus.FAILED)


def _declined(tale: Tale) -> Tells:
    attempt = f"{tale.charge_id}_declined"
    decline = Decline("card_declined", "insufficient_funds", NOW, tale.intent_id, attempt)
    return lambda delivery: PaymentFailed(
        delivery=delivery,
        order_id=tale.order_id,
        payment_intent_id=tale.intent_id,
        charge_id=attempt,
        decline=decline,
    )


def _processing(tale: Tale) -> Tells:
    return lambda delivery: PaymentProcessing(
        delivery=delivery, order_id=tale.order_id, payment_intent_id=tale.intent_id, charge_id=None
    )


def _given_up(tale: Tale) -> Tells:
    return lambda delivery: PaymentCanceled(
        delivery=delivery, order_id=tale.order_id, payment_intent_id=tale.intent_id, charge_id=None
    )


def _paid(tale: Tale, money: Money, intent_id: str | None, charge_id: str | None) -> Tells:
    return lambda delivery: PaymentSucceeded(
        delivery=delivery, order_id=tale.order_id, payment_intent_id=intent_id, charge_id=charge_id, money=money
    )


def _refunded_charge(tale: Tale, paid: Money, counted: int) -> Tells:
    return lambda delivery: ChargeRefunded(
        delivery=delivery,
        order_id=tale.order_id,
        payment_intent_id=tale.intent_id,
        charge_id=tale.charge_id,
        paid=paid,
        refunds=Refunds({}, counted),
    )


def _refund(tale: Tale, repayment: Repayment, refund_id: str, status: RefundStatus) -> Tells:
    refund = Refund(refund_id, repayment.amount, status, dict(repayment.restock))
    return lambda delivery: RefundUpdated(
        delivery=delivery,
        order_id=None,
        payment_intent_id=tale.intent_id,
        charge_id=tale.charge_id,
        money=Money(repayment.amount, "eur"),
        refunds=Refunds({refund_id: refund}),
    )


def _disputed(tale: Tale, money: Money, status: str) -> Tells:
    return lambda delivery: DisputeChanged(
        delivery=delivery,
        order_id=None,
        payment_intent_id=tale.intent_id,
        charge_id=tale.charge_id,
        dispute=Dispute(
            dispute_id=f"dp_{tale.order_id}",
            status=status,
            reason="fraudulent",
            amount=money.amount,
            currency=money.currency,
            due_by=None,
            opened_at=NOW,
            told_at=delivery.created_at,
        ),
    )
