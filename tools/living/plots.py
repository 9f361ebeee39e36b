"""What customers order, and what happens to it at Stripe: one plot per kind of customer. Pure.

Time and randomness are passed in: the same ones give the same visits, with the same ids.
"""

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from orders.shop_events import CancelRequested
from tools.catalogue import CATALOGUE, CURRENCY
from tools.stripe_events import CardPayment, Json, dispute_event, event_around, payment_event, refund_event

REPORTS: Final = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
"""The events in which Stripe reports that a session was paid, within a second or two."""
NEVER_SHORT: Final = "barista-course"
"""An order of this alone takes no stock."""

DELIVERED_AGAIN: Final = 0.2
"""The share of paying customers for whom one event is delivered twice."""
ONLY_A_COURSE: Final = 0.1
"""The share of customers who order nothing else."""

_ON_SALE: Final[Mapping[str, int]] = {"espresso-cup": 5, "coffee-beans": 8, "french-press": 3, "hand-grinder": 1}
"""The relative frequency of each in carts."""
_NAMES: Final = ("ada", "bela", "carla", "dmitri", "elif", "femi", "greta", "hugo", "ines", "jonas", "kim", "lena")
_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Customer:
    user_id: str
    email: str


What = Json | CancelRequested
"""Stripe delivers this event, perhaps again; or the customer cancels."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One order of a customer, and what happens to it."""

    order_id: str
    customer: Customer
    units: Mapping[str, int]
    """By product id."""
    placed_at: datetime
    then: tuple[tuple[datetime, What], ...]
    """By time."""
    is_unreachable: bool
    """Whether mail to the customer fails."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order before its plot."""

    order_id: str
    amount: int
    """Its price, in minor units."""
    placed_at: datetime
    minute: timedelta
    """The length of the plot's minute: shorter while somebody watches."""
    chance: Random

    def after(self, least: float, most: float) -> datetime:
        """A random time between so many minutes after it was placed."""
        return self.placed_at + self.minute * self.chance.uniform(least, most)

    def payment(self, at: datetime, amount: int | None = None) -> CardPayment:
        cost = self.amount if amount is None else amount
        return CardPayment(token(self.chance, 16), self.order_id, cost, CURRENCY, int(at.timestamp()))


Plot = Callable[[Draft], Iterator[tuple[datetime, What]]]


def paid(draft: Draft) -> Iterator[tuple[datetime, What]]:
    """Stripe reports it in three events, in any sequence, sometimes with one repeated."""
    yield from _reports_of(draft, draft.payment(draft.after(1, 6)))


def _reports_of(draft: Draft, payment: CardPayment) -> Iterator[tuple[datetime, What]]:
    at = _moment_of(payment, draft)
    for number, report in enumerate(draft.chance.sample(REPORTS, len(REPORTS))):
        yield at + timedelta(seconds=number), payment_event(payment, report)
    if draft.chance.random() < DELIVERED_AGAIN:
        again = draft.chance.choice(REPORTS)
        yield at + draft.minute * 3 + timedelta(seconds=3), payment_event(payment, again)


def _moment_of(payment: CardPayment, draft: Draft) -> datetime:
    """Stripe counts seconds, and delivers nothing before it has happened."""
    return datetime.fromtimestamp(payment.at + 1, draft.placed_at.tzinfo)


def declined_first(draft: Draft) -> Iterator[tuple[datetime, What]]:
    payment = draft.payment(draft.after(1, 3))
    yield _moment_of(payment, draft), payment_event(payment, "payment_intent.payment_failed")
    yield from _reports_of(draft, draft.payment(draft.after(4, 8)))


def refunded(draft: Draft) -> Iterator[tuple[datetime, What]]:
    yield from _sent_back(draft, draft.amount)


def refunded_in_part(draft: Draft) -> Iterator[tuple[datetime, What]]:
    yield from _sent_back(draft, draft.amount // 3)


def _sent_back(draft: Draft, amount: int) -> Iterator[tuple[datetime, What]]:
    payment = draft.payment(draft.after(1, 4))
    yield from _reports_of(draft, payment)
    at = draft.after(15, 60)
    yield at, refund_event(token(draft.chance, 16), _ids_of(payment), amount, CURRENCY, int(at.timestamp()))


def _ids_of(payment: CardPayment) -> Mapping[str, str]:
    return {"payment_intent": payment.payment_intent_id, "charge": payment.charge_id}


def disputed(draft: Draft) -> Iterator[tuple[datetime, What]]:
    """The customer's bank wants the money back, with evidence due in days; half a week later the shop wins."""
    payment = draft.payment(draft.after(1, 4))
    yield from _reports_of(draft, payment)
    at, decided_at = draft.after(20, 40), draft.after(3 * 24 * 60, 4 * 24 * 60)
    times = (int(at.timestamp()), int((at + timedelta(days=draft.chance.randint(4, 9))).timestamp()))
    yield at, dispute_event(payment, *times)
    decided = dispute_event(payment, *times, closed_at=int(decided_at.timestamp()), status="won")
    yield decided_at, decided


def of_another_amount(draft: Draft) -> Iterator[tuple[datetime, What]]:
    """The payment does not match, so a person has to decide."""
    yield from _reports_of(draft, draft.payment(draft.after(1, 4), draft.amount - 500))


def paid_twice(draft: Draft) -> Iterator[tuple[datetime, What]]:
    yield from _reports_of(draft, draft.payment(draft.after(1, 4)))
    yield from _reports_of(draft, draft.payment(draft.after(6, 9)))


def under_way(draft: Draft) -> Iterator[tuple[datetime, What]]:
    """A bank debit, which takes days."""
    payment = draft.payment(draft.after(1, 4))
    yield _moment_of(payment, draft), payment_event(payment, "payment_intent.processing")
    later = draft.after(2 * 24 * 60, 4 * 24 * 60)
    yield later, payment_event(payment, "payment_intent.succeeded")


def cancelled(draft: Draft) -> Iterator[tuple[datetime, What]]:
    yield draft.after(2, 10), CancelRequested(draft.order_id)


def abandoned(_draft: Draft) -> Iterator[tuple[datetime, What]]:
    """Nothing happens until the sweep finds the hold over."""
    return iter(())


def parked(draft: Draft) -> Iterator[tuple[datetime, What]]:
    """Paid; and a payment unknown to this shop is refunded, whose refund waits for it."""
    yield from _reports_of(draft, draft.payment(draft.after(1, 4)))
    at, unknown = draft.after(10, 20), draft.payment(draft.after(5, 6))
    event = refund_event(token(draft.chance, 16), _ids_of(unknown), unknown.amount, CURRENCY, int(at.timestamp()))
    yield at, event


def of_another_account(draft: Draft) -> Iterator[tuple[datetime, What]]:
    """A connected account's payment names the order, and is ignored."""
    payment = draft.payment(draft.after(1, 4))
    theirs = payment_event(payment, "charge.succeeded")["data"]["object"]
    event_id, account = f"evt_{token(draft.chance, 16)}", f"acct_{token(draft.chance, 16)}"
    at = _moment_of(payment, draft)
    yield at, event_around(theirs, event_id, "charge.succeeded", payment.at, account=account)
    yield from _reports_of(draft, draft.payment(draft.after(5, 8)))


PLOTS: Final[Mapping[Plot, int]] = {
    paid: 55,
    abandoned: 10,
    declined_first: 8,
    cancelled: 7,
    refunded: 6,
    refunded_in_part: 4,
    under_way: 3,
    of_another_account: 2,
    disputed: 1,
    of_another_amount: 1,
    paid_twice: 1,
    parked: 1,
}
"""The relative frequency of each, adding up to about a hundred."""


def customers(chance: Random) -> Sequence[Customer]:
    return [Customer(token(chance, 28), f"{name}@mail.example") for name in _NAMES]


def a_visit(
    customer: Customer,
    placed_at: datetime,
    chance: Random,
    *,
    plot: Plot | None = None,
    minute: timedelta = timedelta(minutes=1),
    is_unreachable: bool = False,
) -> Visit:
    """With a random plot, unless one is given. An unreachable customer orders what takes no stock."""
    units = {NEVER_SHORT: 1} if is_unreachable else _cart(chance)
    amount = sum(CATALOGUE[product].unit_amount * count for product, count in units.items())
    draft = Draft(token(chance, 20), amount, placed_at, minute, chance)
    (chosen,) = (plot,) if plot else chance.choices([*PLOTS], [*PLOTS.values()])
    then = sorted(chosen(draft), key=lambda each: each[0])
    return Visit(draft.order_id, customer, units, placed_at, tuple(then), is_unreachable)


def _cart(chance: Random) -> dict[str, int]:
    if chance.random() < ONLY_A_COURSE:
        return {NEVER_SHORT: 1}
    kinds = chance.choices([*_ON_SALE], [*_ON_SALE.values()], k=chance.choice((1, 1, 2)))
    return {product: chance.choice((1, 1, 1, 2, 3)) if _ON_SALE[product] > 1 else 1 for product in kinds}


def chance_of(seed: str) -> Random:
    """A random generator, the same for the same seed."""
    return Random(seed)  # noqa: S311 - it keeps no secret


def token(chance: Random, length: int) -> str:
    """Letters and digits, like the ids of Firestore and Stripe."""
    return "".join(chance.choices(_LETTERS, k=length))
