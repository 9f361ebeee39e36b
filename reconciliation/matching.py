"""Stripe's objects and our orders, compared both ways, and what is on record about each order.

Money only ever comes to be known: what Stripe has received stays received, and an order does not forget it. So each
side is read at the moment from which it cannot mislead. What Stripe lists is compared with orders that are read after
it; what an order says, with what Stripe answers after that; and whatever then disagrees is read once more on both
sides, after all that Stripe has reported until now was settled.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from database.documents.orders import order_path
from database.documents.payments import known_payment_from, payment_path
from database.store import Fields, Moment
from orders.order import Order
from orders.payments import Payment, PaymentState
from reconciliation.books import Books
from reconciliation.records import (
    ORDERS_AT_ONCE_MAX,
    are_all_entries,
    changed_at,
    entries_between,
    entries_of,
    head_of,
    order_id_of,
    order_record_from,
    orders_in,
    paths_around,
    payments_elsewhere,
)
from reconciliation.subjects import PaymentOnBothSides, RefundsOnBothSides
from reconciliation.walking import PacedLists, walk
from stripe_api.lists import ListedRefund, PaymentIntent, Span
from webhooks.ownership import Naming, is_of_another_shop, order_named_in

_NOTHING: Final[Mapping[str, Sequence[Fields]]] = {}
QUIET: Final = timedelta(minutes=10)
"""What has changed since then may be changing: deliveries, effects and clocks are seconds apart, seldom minutes."""
_AT_ONCE_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class AtStripe:
    """What Stripe made in a span."""

    intents: Sequence[PaymentIntent]
    refunds: Sequence[ListedRefund]


@dataclass(slots=True)
class Matching:
    lists: PacedLists
    moment: Callable[[], Moment]
    naming: Naming
    books: Books
    now: Callable[[], datetime]
    catch_up: Callable[[], object]
    """Settles all that Stripe has reported until now. Raises Transient."""
    event_of: Callable[[str], str | None] = lambda _: None
    """An event of this payment that could not be settled."""
    payments: int = 0
    refunds: int = 0
    orders: int = 0
    """How many were compared."""
    _elsewhere: set[str] = field(default_factory=set)
    """Payments that an account has reported; if that is a connected one, the shop's own does not know them."""
    _recent: dict[str, PaymentIntent] = field(default_factory=dict)
    """Those of the latest span: most orders are paid with one that was made just before."""

    def match_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Compare all that was made or settled in a time. Yields up to when all is done, as it goes on.

        Raises:
            Transient: the database or Stripe does not take part.
        """
        for span, made in walk(self._made_in, start, end):
            earlier, self._recent = self._recent, {intent.payment_id: intent for intent in made.intents}
            self._match_intents(made.intents)
            self._match_refunds(made.refunds)
            self._recent = {**earlier, **self._recent}
            self._match_orders_changed_in(span)
            self._recent = {intent.payment_id: intent for intent in made.intents}
            yield span.end

    def look_again(self) -> None:
        """At all that something is wrong with, so that it is closed once nothing is."""
        payments = self.books.of_rule("paid_only_at_stripe", "paid_only_here", "amounts_differ")
        for payment_id, order_id in {each.target: each.order_id for each in payments if each.order_id}.items():
            self.books.judge(self._payment_now(payment_id, order_id), self.now())
        refunded = {each.target: each.order_id for each in self.books.of_rule("refunds_differ") if each.order_id}
        for payment_id, order_id in refunded.items():
            if subject := self._refunds_now(payment_id, order_id):
                self.books.judge(subject, self.now())
        records = self.books.of_rule("units_not_taken", "payment_not_indexed", "session_of_closed_order")
        order_ids = list({each.target: each.finding_id for each in records})
        for first in range(0, len(order_ids), ORDERS_AT_ONCE_MAX):
            self._judge_records(order_ids[first : first + ORDERS_AT_ONCE_MAX], self.moment())
        for gone in self._targets_gone(order_ids):
            for each in self.books.of_rule("units_not_taken", "payment_not_indexed", "session_of_closed_order"):
                if each.target == gone:
                    self.books.close(each.finding_id, self.now())

    # --- From Stripe's side ------------------------------------------------------------------------------------------

    def _made_in(self, span: Span) -> AtStripe:
        return AtStripe(self.lists.payment_intents(span), self.lists.refunds(span))

    def _match_intents(self, intents: Sequence[PaymentIntent]) -> None:
        ours = [intent for intent in intents if not is_of_another_shop(_named(intent), self.naming)]
        for first in range(0, len(ours), _AT_ONCE_MAX):
            some = ours[first : first + _AT_ONCE_MAX]
            moment = self.moment()
            orders = self._orders_of(
                {each.payment_id: order_named_in(_named(each), self.naming)[0] for each in some}, moment
            )
            for intent in some:
                if order_id := orders[intent.payment_id][0]:
                    self.payments += 1
                    self._judge_payment(
                        PaymentOnBothSides(intent.payment_id, order_id, intent, orders[intent.payment_id][1])
                    )

    def _match_refunds(self, refunds: Sequence[ListedRefund]) -> None:
        by_payment: defaultdict[str, list[ListedRefund]] = defaultdict(list)
        for refund in refunds:
            if refund.payment_id:
                by_payment[refund.payment_id].append(refund)
        payment_ids = list(by_payment)
        for first in range(0, len(payment_ids), _AT_ONCE_MAX):
            some = payment_ids[first : first + _AT_ONCE_MAX]
            orders = self._orders_of(dict.fromkeys(some), self.moment())
            for payment_id in some:
                self._match_refunds_of(by_payment[payment_id], payment_id, orders[payment_id][1])

    def _match_refunds_of(self, refunds: Sequence[ListedRefund], payment_id: str, order: Order | None) -> None:
        if order is None or _received(order, payment_id) is None:
            return
        self.refunds += len(refunds)
        if not all(_is_known(refund, order) for refund in refunds):
            self._judge_refunds(payment_id, order.order_id)

    # --- From the orders' side ---------------------------------------------------------------------------------------

    def _match_orders_changed_in(self, span: Span) -> None:
        moment = self.moment()
        before: Sequence[Fields] = ()
        for batch in moment.find(entries_between(span.start, span.end)):
            entries = [entry for _, entry in batch]
            near, order_ids = _by_order([*before, *entries]), list(_by_order(entries))
            before = entries
            for first in range(0, len(order_ids), ORDERS_AT_ONCE_MAX):
                for order in self._judge_records(order_ids[first : first + ORDERS_AT_ONCE_MAX], moment, near):
                    self._match_order(order)

    def _match_order(self, order: Order) -> None:
        self.orders += 1
        for payment in order.payments.succeeded:
            if payment.is_free or not (payment_id := payment.payment_intent_id):
                continue
            intent = self._recent.get(payment_id) or self.lists.payment_intent(payment_id)
            if intent is None and payment_id in self._elsewhere:
                continue
            self._judge_payment(PaymentOnBothSides(payment_id, order.order_id, intent, order))
            # Of a payment that it does not know, Stripe lists no refunds, but refuses to.
            if intent is None:
                continue
            if order.refunds.refunds_of(payment) or payment.amount_refunded:
                self._judge_refunds(payment_id, order.order_id)

    def _judge_records(
        self, order_ids: Sequence[str], moment: Moment, near: Mapping[str, Sequence[Fields]] = _NOTHING
    ) -> Sequence[Order]:
        """What is on record about orders. Returns those that are not changing just now.

        Args:
            near: entries of this moment that were read already, by order. Most orders live for minutes, so these are
                all of theirs, and nothing is asked for again.
        """
        documents = moment.read([order_path(order_id) for order_id in order_ids])
        orders = {
            order_id: order
            for order_id, order in orders_in(order_ids, documents).items()
            if (changed_at(order_id, documents) or moment.at) <= moment.at - QUIET
        }
        if not orders:
            return ()
        around = moment.read([path for order in orders.values() for path in paths_around(order)])
        heads = {order_id: head_of(order_id, documents) for order_id in orders}
        entries = {
            order_id: near[order_id]
            for order_id, head in heads.items()
            if order_id in near and are_all_entries(near[order_id], head)
        }
        if missing := list(orders.keys() - entries.keys()):
            entries |= _by_order(entry for batch in moment.find(entries_of(missing)) for _, entry in batch)
        self._elsewhere = {payment_id for each in entries.values() for payment_id in payments_elsewhere(each)}
        for order_id, order in orders.items():
            own = entries.get(order_id, ())
            self.books.judge(order_record_from(order, heads[order_id], around, own, moment.at), self.now())
        return tuple(orders.values())

    # --- Both --------------------------------------------------------------------------------------------------------

    def _judge_payment(self, subject: PaymentOnBothSides) -> None:
        if self.books.is_suspicious(subject):
            self.catch_up()
            subject = self._payment_now(subject.payment_id, subject.order_id)
        self.books.judge(subject, self.now())

    def _payment_now(self, payment_id: str, order_id: str) -> PaymentOnBothSides:
        """As both sides show it now: Stripe after the order, and the order once more if Stripe knows more than it."""
        order = self._order(order_id)
        intent = self.lists.payment_intent(payment_id)
        if _has_received(intent) and (order is None or _received(order, payment_id) is None):
            # Stripe may have received it just after the order was read.
            self.catch_up()
            order = self._order(order_id)
        return PaymentOnBothSides(payment_id, order_id, intent, order, self.event_of(payment_id))

    def _judge_refunds(self, payment_id: str, order_id: str) -> None:
        subject = self._refunds_now(payment_id, order_id)
        if subject and self.books.is_suspicious(subject):
            self.catch_up()
            subject = self._refunds_now(payment_id, order_id)
        if subject:
            self.books.judge(subject, self.now())

    def _refunds_now(self, payment_id: str, order_id: str) -> RefundsOnBothSides | None:
        """None if the order is gone, or changes meanwhile: a refund can fail after it was done."""
        before = self._order(order_id)
        listed = self.lists.refunds_of(payment_id)
        after = self._order(order_id)
        if before is None or after is None or before.refunds != after.refunds:
            return None
        payment = _received(after, payment_id)
        return RefundsOnBothSides(payment, after, listed) if payment else None

    def _order(self, order_id: str) -> Order | None:
        return orders_in([order_id], self.moment().read([order_path(order_id)])).get(order_id)

    def _orders_of(
        self, named: Mapping[str, str | None], moment: Moment
    ) -> Mapping[str, tuple[str | None, Order | None]]:
        """By payment: the order that is named, or to which the payment leads, and its id."""
        index = moment.read([payment_path(payment_id) for payment_id in named])
        ids: dict[str, str | None] = {}
        for payment_id, order_id in named.items():
            document = index[payment_path(payment_id)]
            ids[payment_id] = order_id or (known_payment_from(document).order_id if document else None)
        wanted = list(dict.fromkeys(order_id for order_id in ids.values() if order_id))
        orders = orders_in(wanted, moment.read([order_path(order_id) for order_id in wanted]))
        return {payment_id: (order_id, orders.get(order_id or "")) for payment_id, order_id in ids.items()}

    def _targets_gone(self, order_ids: Sequence[str]) -> Iterator[str]:
        documents = self.moment().read([order_path(order_id) for order_id in order_ids])
        return (order_id for order_id in order_ids if documents[order_path(order_id)] is None)


def _named(intent: PaymentIntent) -> Mapping[str, object]:
    return {"metadata": intent.metadata}


def _has_received(intent: PaymentIntent | None) -> bool:
    return intent is not None and intent.status == "succeeded"


def _received(order: Order, payment_id: str) -> Payment | None:
    known = order.payments.find(payment_id)
    return known if known and known.state is PaymentState.SUCCEEDED else None


def _is_known(refund: ListedRefund, order: Order) -> bool:
    known = order.refunds.by_id.get(refund.refund_id)
    is_done = refund.status in ("succeeded", None)
    return known is not None and (known.amount, known.is_done) == (refund.amount, is_done)


def _by_order(entries: Iterable[Fields]) -> Mapping[str, Sequence[Fields]]:
    by_order: defaultdict[str, list[Fields]] = defaultdict(list)
    for entry in entries:
        if order_id := order_id_of(entry):
            by_order[order_id].append(entry)
    return by_order
