"""Compares Stripe's objects with our orders, both ways.

What is known of payments only grows: what Stripe has received stays received, and an order does not forget it. So each
side is read when it cannot mislead: what Stripe lists is compared with orders that are read afterwards, and what an
order says, with what Stripe answers afterwards. What then disagrees is read once more on both sides, after everything
that Stripe has reported so far was settled.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from database.documents.orders import order_path
from database.documents.payments import known_payment_from, payment_path
from database.store import Moment
from orders.order import Order
from orders.refunds import RefundStatus
from reconciliation.books import Books
from reconciliation.guarding import Guard
from reconciliation.missing import MissingEvents
from reconciliation.on_record import Elsewhere, OrdersOnRecord
from reconciliation.records import orders_in
from reconciliation.rules import paid_only_at_stripe, refunds_differ
from reconciliation.subjects import PaymentOnBothSides, RefundsOnBothSides, received_in
from reconciliation.walking import PacedLists, cut, walk
from stripe_api.lists import ListedRefund, PaymentIntent, Span, Unreadable
from webhooks.ownership import Naming, is_of_another_shop, order_named_in

_AT_ONCE_MAX: Final = 50
"""Of Stripe's objects compared between two savings of progress."""


@dataclass(slots=True)
class Matching:
    lists: PacedLists
    moment: Callable[[], Moment]
    naming: Naming
    books: Books
    guard: Guard
    now: Callable[[], datetime]
    missing: MissingEvents
    catch_up: Callable[[], object]
    """Settles everything that Stripe has reported so far. Raises Transient."""
    on_record: OrdersOnRecord
    payments: int = 0
    refunds: int = 0
    """How many were compared."""
    _recent: dict[str, PaymentIntent] = field(default_factory=dict)
    """PaymentIntents of the latest spans: most orders are paid with one that was just created."""

    def match_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Compare everything created or settled in this time. Yields up to when all is done, as it goes on.

        What cannot be compared becomes a finding, and stops nothing else.

        Raises:
            OutOfTime: time is up; what is done is done.
            Transient, StripeRefused: the database or Stripe is unavailable; what is done is done.
        """
        latest: dict[str, PaymentIntent] = {}
        for span, made in walk(self._made_in, start, end):
            earlier, latest = latest, {each.payment_id: each for each in made if isinstance(each, PaymentIntent)}
            self._recent = {**earlier, **latest}
            for part, some in cut(span, made, _created_at, _AT_ONCE_MAX):
                self._match([each for each in some if isinstance(each, PaymentIntent)])
                self._match_refunds([each for each in some if isinstance(each, ListedRefund)])
                self._match_unreadable([each.payment_id for each in some if isinstance(each, Unreadable)])
                yield from self.on_record.judge_changed(part, self.match_order)
                yield part.end

    def match_order(self, order: Order, elsewhere: Elsewhere) -> None:
        """Compare the payments that an order has received, and their refunds."""
        for payment in order.payments.succeeded:
            if payment.is_free or not (payment_id := payment.payment_intent_id):
                continue
            intent = self._recent.get(payment_id) or self.lists.payment_intent(payment_id)
            if intent is None and payment_id in elsewhere:
                continue
            self._judge_payment(PaymentOnBothSides(payment_id, order.order_id, intent, order))
            # Stripe refuses to list refunds of an unknown payment.
            if intent is None:
                continue
            is_refunded = order.refunds.refunds_of(payment) or payment.amount_refunded
            if is_refunded and not self._is_left_for_later(payment_id):
                self._judge_refunds(payment_id, order.order_id)

    # --- What was found before ---------------------------------------------------------------------------------------

    def judge_all_of(self, payment_id: str, order_id: str) -> None:
        """Compare a payment and its refunds that could not be compared before, perhaps because no order was found."""
        known, _ = self._orders_of({payment_id: order_id})[payment_id]
        if known is None:
            # All that can be checked is whether it is readable.
            self.lists.payment_intent(payment_id)
        elif self._judge_payment_now(payment_id, known).at_stripe:
            self._judge_refunds(payment_id, known)

    def look_again_at_payment(self, payment_id: str, order_id: str) -> None:
        """Compare a payment again. Stripe may have listed its events too late to be noticed: they are settled now."""
        subject = self._judge_payment_now(payment_id, order_id)
        intent = subject.at_stripe
        if intent and subject.is_only_at_stripe and self.missing.settle_around(intent.created_at):
            self._judge_payment_now(payment_id, order_id)

    def look_again_at_refunds(self, payment_id: str, order_id: str) -> None:
        """The same for its refunds."""
        if (subject := self._judge_refunds(payment_id, order_id)) and self.books.finds(subject):
            unknown = (refund for refund in subject.at_stripe if not _is_known(refund, subject.order))
            looked = [self.missing.settle_around(refund.created_at) for refund in unknown]
            if any(looked):
                self._judge_refunds(payment_id, order_id)

    # --- What Stripe has made ----------------------------------------------------------------------------------------

    def _made_in(self, span: Span) -> Sequence[PaymentIntent | ListedRefund | Unreadable]:
        return sorted([*self.lists.payment_intents(span), *self.lists.refunds(span)], key=_created_at)

    def _match(self, intents: Sequence[PaymentIntent]) -> None:
        new = (intent for intent in intents if not self.on_record.is_left_for_later(intent.payment_id))
        ours = [intent for intent in new if not is_of_another_shop(_named(intent), self.naming)]
        for intent, problem in self.guard.each(ours, self._match_all):
            order_id, _ = order_named_in(_named(intent), self.naming)
            self.on_record.keep(intent.payment_id, order_id, problem)

    def _match_all(self, intents: Sequence[PaymentIntent]) -> None:
        named = {each.payment_id: order_named_in(_named(each), self.naming)[0] for each in intents}
        orders = self._orders_of(named)
        subjects = [
            PaymentOnBothSides(intent.payment_id, order_id, intent, order)
            for intent in intents
            for order_id, order in [orders[intent.payment_id]]
            if order_id
        ]
        for subject in subjects:
            self._judge_payment(subject)
        self.payments += len(subjects)

    def _match_refunds(self, refunds: Sequence[ListedRefund]) -> None:
        by_payment: defaultdict[str, list[ListedRefund]] = defaultdict(list)
        for refund in refunds:
            if refund.payment_id and not self._is_left_for_later(refund.payment_id):
                by_payment[refund.payment_id].append(refund)
        for (payment_id, _), problem in self.guard.each(list(by_payment.items()), self._match_all_refunds):
            self.on_record.keep(payment_id, None, problem)

    def _match_all_refunds(self, by_payment: Sequence[tuple[str, Sequence[ListedRefund]]]) -> None:
        orders = self._orders_of(dict.fromkeys(payment_id for payment_id, _ in by_payment))
        compared = 0
        for payment_id, refunds in by_payment:
            order = orders[payment_id][1]
            if order is None or received_in(order, payment_id) is None:
                continue
            if not all(_is_known(refund, order) for refund in refunds):
                self._judge_refunds(payment_id, order.order_id)
            compared += len(refunds)
        self.refunds += compared

    def _match_unreadable(self, payment_ids: Sequence[str | None]) -> None:
        """Ask Stripe for the payment itself; if that is unreadable, too, it becomes a finding."""
        for payment_id in dict.fromkeys(filter(None, payment_ids)):
            if self.on_record.is_left_for_later(payment_id):
                continue
            if problem := self.guard.tried(partial(self.judge_all_of, payment_id, "")):
                self.on_record.keep(payment_id, None, problem)

    def _is_left_for_later(self, payment_id: str) -> bool:
        """Whether a finding has its refunds checked again, in its own share of the time."""
        return self.on_record.is_left_for_later(payment_id) or self.books.has_open(refunds_differ.RULE, payment_id)

    # --- Both --------------------------------------------------------------------------------------------------------

    def _judge_refunds(self, payment_id: str, order_id: str) -> RefundsOnBothSides | None:
        """Compare one payment's refunds; before anything is reported as wrong, Stripe's latest events are settled."""
        subject = self._refunds_now(payment_id, order_id)
        if subject and self.books.is_suspicious(subject):
            self.catch_up()
            subject = self._refunds_now(payment_id, order_id)
        if subject:
            self.books.judge(subject, self.now())
        return subject

    def _judge_payment_now(self, payment_id: str, order_id: str) -> PaymentOnBothSides:
        subject = self._payment_now(payment_id, order_id)
        self.books.judge(subject, self.now())
        return subject

    def _judge_payment(self, subject: PaymentOnBothSides) -> None:
        if self.books.is_suspicious(subject):
            self.catch_up()
            subject = self._payment_now(subject.payment_id, subject.order_id)
        self.books.judge(subject, self.now())

    def _payment_now(self, payment_id: str, order_id: str) -> PaymentOnBothSides:
        """The payment on both sides now: Stripe is read after the order, and the order again if Stripe knows more."""
        order = self._order(order_id)
        subject = PaymentOnBothSides(payment_id, order_id, self.lists.payment_intent(payment_id), order)
        if subject.is_only_at_stripe and not self.books.has_open(paid_only_at_stripe.RULE, payment_id):
            # Stripe may have received it just after the order was read.
            self.catch_up()
            subject = replace(subject, order=self._order(order_id))
        return replace(subject, event_id=self.missing.unsettled.get(payment_id))

    def _refunds_now(self, payment_id: str, order_id: str) -> RefundsOnBothSides | None:
        """The refunds on both sides now; None if the order is gone or changes meanwhile: done refunds can fail."""
        before = self._order(order_id)
        listed = self.lists.refunds_of(payment_id)
        after = self._order(order_id)
        if before is None or after is None or before.refunds != after.refunds:
            return None
        payment = received_in(after, payment_id)
        return RefundsOnBothSides(payment, after, listed) if payment else None

    def _order(self, order_id: str) -> Order | None:
        return orders_in([order_id], self.moment().read([order_path(order_id)])).get(order_id)

    def _orders_of(self, named: Mapping[str, str | None]) -> Mapping[str, tuple[str | None, Order | None]]:
        """By payment: the id of the order that it names or that it is listed under, and the order."""
        moment = self.moment()
        index = moment.read([payment_path(payment_id) for payment_id in named])
        ids: dict[str, str | None] = {}
        for payment_id, order_id in named.items():
            document = index[payment_path(payment_id)]
            ids[payment_id] = order_id or (known_payment_from(document).order_id if document else None)
        wanted = list(dict.fromkeys(order_id for order_id in ids.values() if order_id))
        orders = orders_in(wanted, moment.read([order_path(order_id) for order_id in wanted]))
        return {
            payment_id: (order_id, orders.get(order_id) if order_id else None) for payment_id, order_id in ids.items()
        }


def _created_at(made: PaymentIntent | ListedRefund | Unreadable) -> datetime:
    return made.created_at


def _named(intent: PaymentIntent) -> Mapping[str, object]:
    return {"metadata": intent.metadata}


def _is_known(refund: ListedRefund, order: Order) -> bool:
    known = order.refunds.by_id.get(refund.refund_id)
    return known is not None and (known.amount, known.is_done) == (
        refund.amount,
        refund.status is RefundStatus.SUCCEEDED,
    )
