"""One payment of a simulated shop and its refunds, as they really went: as consistent as real ones are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orders.checkout import SessionTotals
from orders.refunds import RestockRule

CHECKOUT_COMPLETED: Final = "checkout.session.completed"
SUCCESS_TYPES: Final = ("charge.succeeded", "payment_intent.succeeded", CHECKOUT_COMPLETED)
"""The event types with which Stripe reports that a payment succeeded. A session does not name the charge."""

Restock = tuple[tuple[str, int], ...] | RestockRule
"""What a refund's metadata says of units: how many of which product, all, or none of them."""


@dataclass(frozen=True, slots=True)
class Repayment:
    """One refund, as it really went."""

    number: int
    """Its place among the payment's refunds: its events keep their ids, whatever else happens."""
    amount: int
    """In cents."""
    restock: Restock = ()
    is_slow: bool = False
    """Whether Stripe reports it as pending before it reports it as succeeded."""
    fails: bool = False
    """Whether it fails after it had succeeded."""
    is_stuck: bool = False
    """Whether it is only ever pending."""
    asked_at: datetime | None = None
    """When the service itself has asked for it; None if a person has."""

    @property
    def is_done(self) -> bool:
        return not (self.fails or self.is_stuck)


@dataclass(frozen=True, slots=True)
class InSession:
    """The Checkout session in which a payment was made, and what that says that it cost."""

    session_id: str
    totals: SessionTotals
    is_ours: bool = True
    """Whether the service itself has opened it; else it is any other session of the account, which names the order."""
    paid_at: datetime | None = None
    """When the customer paid in it; None if that follows from the scenario."""
    attempt: int | None = None
    """Which of our attempts it names to its payments; None if it is none of ours."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment, as it really went."""

    number: int
    """Its place among the order's payments, which its ids and those of its events are made of."""
    amount: int
    """In cents; zero if there was nothing to pay."""
    succeeds: bool = True
    success_types: tuple[str, ...] = ()
    """The event types that report it."""
    declines: tuple[str, ...] = ()
    """The event types that report one declined attempt."""
    is_processing: bool = False
    voucher_days: int = 0
    """How long its customer has to pay a voucher, if that is what it is waiting for."""
    is_canceled: bool = False
    is_early: bool = False
    """Whether it was made days before its order was written."""
    is_foreign: bool = False
    """Whether it was made to another account, which names the order all the same."""
    refunds: tuple[Repayment, ...] = ()
    charge_reports: bool = True
    """Whether `charge.refunded` reports the refunds."""
    refunds_report: bool = True
    """Whether the refunds' own events do. Without them nobody can know which are done, and which have failed."""
    disputes: tuple[tuple[int, str], ...] = ()
    """Which dispute is in which status then, one report after the other."""
    session: InSession | None = None
    """None if the session, if there was one, does not say what it cost."""

    @property
    def left(self) -> int:
        """What can still be refunded, in cents."""
        return self.amount - sum(refund.amount for refund in self.refunds if not refund.fails)

    @property
    def paid_at(self) -> datetime | None:
        """When its customer paid it in a session of ours; None if it was made in another way, whenever that was."""
        return self.session.paid_at if self.session else None

    @property
    def is_free(self) -> bool:
        """Whether Stripe made no payment, because there was nothing to pay, which only a session reports."""
        return self.amount == 0

    @property
    def is_known_to_have_succeeded(self) -> bool:
        """Whether any event reports what was paid."""
        return self.succeeds and bool(self.success_types or (self.refunds and self.charge_reports))

    @property
    def reaches_its_order_before_it_succeeds(self) -> bool:
        """Whether any event names both the payment and the order, and reports no money."""
        return bool(self.declines) or self.is_processing or self.is_canceled

    @property
    def is_consistent(self) -> bool:
        """Whether all of this can be true at once."""
        brings_money = bool(self.success_types or self.refunds or self.disputes)
        if self.is_free:
            return self == Payment(
                self.number, 0, success_types=(CHECKOUT_COMPLETED,), is_early=self.is_early, is_foreign=self.is_foreign
            )
        if self.amount < 0 or (self.voucher_days and not self.is_processing) or (self.is_canceled and self.succeeds):
            return False
        if not self.succeeds:
            return self.reaches_its_order_before_it_succeeds and not brings_money
        # Refunds of a payment that only declines tell of could be settled with another payment, or never.
        is_found = self.is_known_to_have_succeeded or not self.reaches_its_order_before_it_succeeds
        return brings_money and is_found and self._refunds_are_consistent()

    def _refunds_are_consistent(self) -> bool:
        """No more is refunded than was paid, and what has not come about is reported."""
        left = self.amount
        for refund in self.refunds:
            if refund.amount > left or (refund.fails and refund.is_stuck):
                return False
            left -= 0 if refund.fails else refund.amount
        are_all_done = all(refund.is_done for refund in self.refunds)
        return self.refunds_report or (self.charge_reports and are_all_done)
