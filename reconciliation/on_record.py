"""Checks the records of each order whenever the trail has a new entry for it; needs only the database."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from database.documents.orders import order_path
from database.store import Fields, Moment
from orders.order import Order
from reconciliation.books import Books
from reconciliation.guarding import Guard
from reconciliation.records import (
    ORDERS_AT_ONCE_MAX,
    are_all_entries,
    changed_at,
    entries_between,
    entries_of,
    head_of,
    made_at,
    order_id_of,
    order_record_from,
    orders_in,
    paths_around,
    payments_elsewhere,
)
from reconciliation.rules import not_compared
from reconciliation.subjects import ToCompare
from reconciliation.time_limit import TimeLimit
from stripe_api.lists import Span

QUIET: Final = timedelta(minutes=10)
"""An order that changed within this time may still be changing: deliveries, effects and clocks are seconds apart,
rarely minutes."""
_MOMENT_SECONDS_MAX: Final = 20 * 60.0
"""How long one moment is read. Firestore keeps it for an hour, and a manual run can take longer."""

Elsewhere = frozenset[str]
"""Payments reported by an account that the event names: a connected account's are unknown to the shop's own."""
Then = Callable[[Order, Elsewhere], object]
"""What else to check for an order that is not changing right now."""

_NOTHING: Final[Mapping[str, Sequence[Fields]]] = {}


def nothing_else(_order: Order, _elsewhere: Elsewhere) -> None:
    """Used when only our records can be checked."""


@dataclass(slots=True)
class OrdersOnRecord:
    moment: Callable[[], Moment]
    books: Books
    guard: Guard
    limit: TimeLimit
    now: Callable[[], datetime]
    orders: int = 0
    """How many were checked."""
    uncompared: int = 0
    """Orders that could not be checked; each is a finding, which has it checked again."""

    def judge_changed(self, span: Span, then: Then = nothing_else) -> Iterator[datetime]:
        """Check every order that changed in this time, the earliest change first. Yields up to when all is done.

        Raises:
            OutOfTime: time is up; what is done is done.
            Transient, StripeRefused: the database or Stripe is unavailable; what is done is done.
        """
        for moment, before, entries in self._entries(span):
            near, order_ids = by_order([*before, *entries]), list(by_order(entries))
            for first in range(0, len(order_ids), ORDERS_AT_ONCE_MAX):
                some = order_ids[first : first + ORDERS_AT_ONCE_MAX]
                self.look_at([each for each in some if not self.is_left_for_later(each)], then, moment, near)
            yield made_at(entries[-1], span.start)

    def look_at(
        self,
        order_ids: Sequence[str],
        then: Then,
        moment: Moment,
        near: Mapping[str, Sequence[Fields]] = _NOTHING,
    ) -> Sequence[str]:
        """Check the records of these orders, then do `then` with each.

        Args:
            near: entries of this moment that were already read, by order id. Most orders live for minutes, so these are
                all of theirs, and nothing is read again.

        Returns:
            The ids of orders for which that failed.
        """
        judge = partial(self._judge, moment=moment, near=near, then=then)
        failed = []
        for order_id, problem in self.guard.each(order_ids, judge):
            failed.append(order_id)
            self.keep(order_id, order_id, problem)
        return failed

    def is_left_for_later(self, target: str) -> bool:
        """Whether a finding has this order or payment checked again, in its own share of the time."""
        return self.books.has_open(not_compared.RULE, target)

    def keep(self, target: str, order_id: str | None, problem: Exception) -> None:
        """Record that an order or a payment could not be compared."""
        self.uncompared += 1
        trouble = self.guard.note(problem, not_compared.RULE.name, orderId=order_id, target=target)
        self.books.judge(ToCompare(target, order_id, trouble), self.now())

    def _entries(self, span: Span) -> Iterator[tuple[Moment, Sequence[Fields], Sequence[Fields]]]:
        """Batches of audit entries, each with the moment of reading, kept recent enough, and with the batch before."""
        start = span.start
        while True:
            moment, began = self.moment(), self.limit.seconds
            before: Sequence[Fields] = ()
            for batch in moment.find(entries_between(start, span.end)):
                entries = [entry for _, entry in batch]
                yield moment, before, entries
                before, reached = entries, made_at(entries[-1], start)
                if reached > start and self.limit.seconds - began > _MOMENT_SECONDS_MAX:
                    start = reached
                    break
            else:
                return

    def _judge(
        self, order_ids: Sequence[str], moment: Moment, near: Mapping[str, Sequence[Fields]], then: Then
    ) -> None:
        self.limit.check()
        documents = moment.read([order_path(order_id) for order_id in order_ids])
        orders = {
            order_id: order
            for order_id, order in orders_in(order_ids, documents).items()
            if (changed_at(order_id, documents) or moment.at) <= moment.at - QUIET
        }
        if not orders:
            return
        around = moment.read([path for order in orders.values() for path in paths_around(order)])
        heads = {order_id: head_of(order_id, documents) for order_id in orders}
        entries = {
            order_id: near[order_id]
            for order_id, head in heads.items()
            if order_id in near and are_all_entries(near[order_id], head)
        }
        if missing := list(orders.keys() - entries.keys()):
            entries |= by_order(entry for batch in moment.find(entries_of(missing)) for _, entry in batch)
        elsewhere = frozenset[str]().union(*(payments_elsewhere(each) for each in entries.values()))
        for order_id, order in orders.items():
            own = entries.get(order_id, ())
            self.books.judge(order_record_from(order, heads[order_id], around, own, moment.at), self.now())
        for order in orders.values():
            self.limit.check()
            then(order, elsewhere)
        self.orders += len(orders)


def by_order(entries: Iterable[Fields]) -> Mapping[str, Sequence[Fields]]:
    found: defaultdict[str, list[Fields]] = defaultdict(list)
    for entry in entries:
        if order_id := order_id_of(entry):
            found[order_id].append(entry)
    return found
