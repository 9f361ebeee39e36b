"""Checks all open findings again in every run, so that each closes once nothing is wrong.

Those checked longest ago come first: what one run has no time for, the next one does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from database.documents.orders import order_path
from database.store import Moment
from reconciliation.books import Books
from reconciliation.on_record import OrdersOnRecord, Then, nothing_else
from reconciliation.records import (
    ORDERS_AT_ONCE_MAX,
    effect_record_from,
    effects_due_before,
    event_record_from,
    paths_of_event,
)
from reconciliation.rules import (
    claim_without_entry,
    effect_stuck,
    not_compared,
    payment_not_indexed,
    session_of_closed_order,
    units_not_taken,
)
from reconciliation.subjects import ToCompare
from reconciliation.time_limit import TimeLimit

_OF_ORDERS: Final = tuple(each.RULE.name for each in (units_not_taken, payment_not_indexed, session_of_closed_order))


@dataclass(slots=True)
class LookingAgain:
    """For findings that need only the database; `WithStripe` checks those that need both sides."""

    moment: Callable[[], Moment]
    books: Books
    on_record: OrdersOnRecord
    limit: TimeLimit
    now: Callable[[], datetime]

    def at_orders(self) -> None:
        """Raises OutOfTime, Transient."""
        order_ids = list(dict.fromkeys(each.target for each in self.books.of_rule(*_OF_ORDERS)))
        for first in range(0, len(order_ids), ORDERS_AT_ONCE_MAX):
            some, moment = order_ids[first : first + ORDERS_AT_ONCE_MAX], self.moment()
            self.on_record.look_at(some, nothing_else, moment)
            documents = moment.read([order_path(order_id) for order_id in some])
            gone = {order_id for order_id in some if documents[order_path(order_id)] is None}
            for each in self.books.of_rule(*_OF_ORDERS):
                if each.target in gone:
                    self.books.close(each.finding_id, self.now())

    def at_uncompared_orders(self, then: Then) -> None:
        """Raises OutOfTime, Transient, StripeRefused."""
        for each in self.books.of_rule(not_compared.RULE.name):
            if each.target == each.order_id:
                self.at_uncompared_order(each.target, then)

    def at_uncompared_order(self, order_id: str, then: Then) -> None:
        """Raises OutOfTime, Transient, StripeRefused."""
        if not self.on_record.look_at([order_id], then, self.moment()):
            self.books.judge(ToCompare(order_id), self.now())

    def at_claims(self) -> None:
        """Raises OutOfTime, Transient."""
        for each in self.books.of_rule(claim_without_entry.RULE.name):
            self.limit.check()
            record = event_record_from(each.target, self.moment().read(paths_of_event(each.target)))
            self.books.judge(record, self.now())

    def at_effects(self) -> None:
        """Raises OutOfTime, Transient."""
        moment = self.moment()
        over = {each.target: each.finding_id for each in self.books.of_rule(effect_stuck.RULE.name)}
        for batch in moment.find(effects_due_before(moment.at)):
            for effect_id, fields in batch:
                self.limit.check()
                over.pop(effect_id, None)
                self.books.judge(effect_record_from(effect_id, fields, moment.at), self.now())
        for finding_id in over.values():
            self.books.close(finding_id, self.now())
