"""What must be true of an order at the end, computed from its scenario alone, whatever happened on the way."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from orders.refunds import RestockRule
from tests.proofs.simulation.endings import Ending
from tests.proofs.simulation.event_oracle import refund_reports_in, refunded_as_told, reports_of, wrong_events
from tests.proofs.simulation.payments import Payment, Repayment, Restock
from tests.proofs.simulation.scenarios import Scenario

_A_DAY: Final = timedelta(days=1)
_FOR_A_PERSON: Final = {"review", "refund_due"}
_ABOUT_PAYMENT: Final = {"paid", "review", "refund_due", "refunded", "partially_refunded"}


def wrongs(scenario: Scenario, ending: Ending) -> list[str]:
    """Everything that differs from the scenario."""
    if not scenario.appears:
        return list(wrong_events(scenario, ending))
    return [*wrong_events(scenario, ending), *Oracle(scenario, ending).wrongs()]


class Oracle:
    """What became of one order's payments."""

    def __init__(self, scenario: Scenario, ending: Ending) -> None:
        self.scenario = scenario
        self.ending = ending
        self.order = ending.documents[f"orders/{scenario.order_id}"]
        self.succeeded = self._succeeded()
        self.believed = [payment for payment in self.succeeded if not self._is_too_old(payment)]
        self.paying = self._paying()
        """These come to what is asked."""
        money = [payment for payment in self.succeeded if not payment.is_free]
        self.counted = self.paying or money
        """These the order is paid with, rightly or not."""
        self.received = sum(payment.amount for payment in self.counted) if self.counted else None
        self.refunded = sum(refund.amount for refund in self._done_refunds())

    def _succeeded(self) -> list[Payment]:
        """The earliest first."""
        ending, scenario = self.ending, self.scenario
        earlier = ending.earlier_payments
        known = (
            payment
            for payment in scenario.payments
            if reports_of(scenario, payment, ending.handled)
            and not payment.is_foreign
            and scenario.intent_of(payment) not in earlier
        )
        return sorted(known, key=lambda payment: (self._reported_at(payment), payment.number))

    def _reported_at(self, payment: Payment) -> datetime:
        return min(event.created_at for event in reports_of(self.scenario, payment, self.ending.handled))

    def _is_too_old(self, payment: Payment) -> bool:
        """Whether all that reports it has waited for an order that was created a day later, and perhaps for another."""
        return all(
            event.event_id in self.ending.parked and event.created_at < self.order["createdAt"] - _A_DAY
            for event in reports_of(self.scenario, payment, self.ending.handled)
        )

    def _paying(self) -> list[Payment]:
        """As few as come to what is asked; of these, the earliest; without those that were to go back, if others do."""
        if self.order.get("amountTotal") is None and self.is_unsold:
            # It never had a price, and all its money is due back.
            return []
        if not self.scenario.price:
            # An order that cost nothing and cannot be fulfilled counts as unpaid.
            return [] if self.is_unsold and not self.order.get("finalizedAt") else self.believed
        asked = self.scenario.price
        if self.ending.is_adjusted:
            if self.scenario.is_adjusted_wrongly:
                return []
            asked += sum(self.scenario.adjustments)
        payments = self.believed
        kept = [payment for payment in payments if not _is_meant_back(payment)]
        exact = _adding_up_to(asked, kept) or _adding_up_to(asked, payments)
        priced = [payment for payment in payments if self._is_priced(payment, asked)][:1]
        # What our own session has added was asked, too, unless the order had been sold by then without that.
        is_sold_without = priced and exact and self.order["amountTotal"] != priced[0].amount
        return exact if is_sold_without else priced or exact

    def _is_priced(self, payment: Payment, asked: int) -> bool:
        """Whether it was made in a session of ours that sold what was asked, and more or less was paid for that.

        One that brought just what was asked is one of those that come to it: the earliest pays.
        """
        session = payment.session
        return bool(session and session.is_ours and session.totals.subtotal == asked and payment.amount != asked)

    @property
    def _is_full(self) -> bool:
        return bool(self.received) and self.refunded == self.received

    @property
    def is_unsold(self) -> bool:
        """Whether it may rightly be paid and never fulfilled."""
        return self.scenario.is_written_again or not self.ending.is_ample

    def _done_refunds(self) -> list[Repayment]:
        return [refund for payment in self.counted for refund in payment.refunds if refund.is_done]

    def wrongs(self) -> Iterator[str]:
        yield from self._of_operated_money() if self.is_decided_by_hand else self._of_what_follows()

    @property
    def is_decided_by_hand(self) -> bool:
        """Whether what becomes of its money does not follow: a person has decided, or kept back a refund's report."""
        return self.ending.is_operated or any(map(self._is_told_in_part, self.succeeded))

    def _is_told_in_part(self, payment: Payment) -> bool:
        return refund_reports_in(self.scenario, payment, self.ending.handled)

    def _of_operated_money(self) -> Iterator[str]:
        """Whatever an operator has decided, no cent is counted that did not come, nor one that did not go back."""
        recorded = self.order.get("amountReceived"), self.order.get("amountRefunded") or 0
        money = [payment for payment in self.succeeded if not payment.is_free]
        several = (chosen for count in range(len(money) + 1) for chosen in combinations(money, count))
        possible = {(sum(each.amount for each in paid), sum(map(self._back_of, paid))) for paid in several}
        if (recorded[0] or 0, recorded[1]) not in possible:
            yield f"{self.scenario.order_id}: {recorded} is recorded, and it can be one of {sorted(possible)}"

    def _back_of(self, payment: Payment) -> int:
        """What is on record as refunded: if a person has kept back a report, what all others add up to."""
        back = sum(refund.amount for refund in payment.refunds if refund.is_done)
        if self._is_told_in_part(payment):
            back = refunded_as_told(self.scenario, payment, self.ending.handled)
        return max(back, min(back + self.gone_elsewhere(payment), payment.amount))

    def gone_elsewhere(self, payment: Payment) -> int:
        """The amount recorded as refunded outside Stripe."""
        own = (
            each
            for each in self.order.get("refunds", {}).values()
            if each["paymentId"] == self.scenario.intent_of(payment)
        )
        return sum(refund["amount"] for refund in own if refund.get("elsewhere") and not refund.get("mistake"))

    def _of_what_follows(self) -> Iterator[str]:
        order_id, order = self.scenario.order_id, self.order
        recorded = order.get("amountReceived"), order.get("amountRefunded") or 0
        if recorded != (self.received, self.refunded):
            yield f"{order_id}: {self.received} paid and {self.refunded} refunded, but recorded is {recorded}"
        if order["status"] not in (statuses := self._statuses()):
            yield f"{order_id}: should be {' or '.join(sorted(statuses))}: {order['status']}"
        if self.ending.is_ample and order.get("finalizedAt"):
            back = {item["productId"]: item["quantity"] for item in order.get("returned", ())}
            if back != (expected := self._units_back()):
                yield f"{order_id}: {expected} should be back on the shelf: {back}"
        yield from self._of_what_is_recorded()
        yield from self._of_notices_to_the_shop()

    def _statuses(self) -> set[str]:
        scenario = self.scenario
        if self.received is None:
            own = (payment for payment in scenario.payments if not payment.is_foreign)
            is_over = scenario.is_given_up or any(payment.is_canceled for payment in own)
            given_up = {"cancelled"} if is_over or scenario.asks_to_cancel else set()
            if self.ending.is_second:
                return {"failed"} | given_up
            if self.scenario.is_written_again:
                # The trigger of the first order may be so late that it finds the second one.
                given_up |= {"failed"}
            return {"expired"} | given_up | (set() if self.ending.is_ample else {"failed"})
        if self._is_full:
            return {"refunded"}
        if self.ending.is_second:
            # What may be an earlier order's money, nobody should pay back before a person has looked.
            return {"refund_due"} if self.believed else {"review"}
        unfulfilled = {"refund_due"} if self.is_unsold and self.received else set()
        if not self.paying:
            return {"review"} | unfulfilled
        return {"partially_refunded" if self.refunded else "finalized"} | unfulfilled

    def _units_back(self) -> Mapping[str, int]:
        if self._follows_terms and self.ending.restocks:
            return self._units_taken
        return self._units_named(_said_of_units(self.counted))

    @property
    def _units_taken(self) -> Mapping[str, int]:
        """Of a paid order: all but those of which nothing was counted when it was held."""
        unlimited = self.order.get("unlimited", ())
        return {product_id: n for product_id, n in self.scenario.units.items() if product_id not in unlimited}

    @property
    def _follows_terms(self) -> bool:
        """Whether all money is back, and a part of it without a word of what becomes of the units."""
        said = _said_of_units(self.counted)
        is_silent = len([restock for restock in said if restock != ()]) < len(self._done_refunds())
        return self._is_full and is_silent and RestockRule.NONE not in said

    def _units_named(self, said: Collection[RestockRule | Restock]) -> Mapping[str, int]:
        taken = self._units_taken
        if RestockRule.ALL in said:
            return taken
        named: Counter[str] = Counter()
        for restock in said:
            named.update({} if isinstance(restock, RestockRule) else dict(restock))
        return {p: min(named[p], quantity) for p, quantity in taken.items() if p in named}

    # --- Besides its money -------------------------------------------------------------------------------------------

    def _of_what_is_recorded(self) -> Iterator[str]:
        order_id, documents = self.scenario.order_id, self.ending.documents
        for payment in self.succeeded:
            handled = self.ending.handled
            known = (each for each in payment.disputes if self._dispute_event(payment, *each) not in handled)
            for number, status in dict(known).items():
                dispute = documents.get(f"disputes/dp_{order_id}_{payment.number}_{number}")
                if dispute is None or (dispute["orderId"], dispute["status"]) != (order_id, status):
                    yield f"{order_id}: dispute {number} is {status}, but recorded is {dispute}"
        entries = (documents.get(f"auditLog/{event_id}") for event_id in self._declines())
        is_declined = any(entry and entry["webhookProcessed"] for entry in entries)
        if is_declined and not (self.succeeded or self.order.get("lastPaymentError") or self.scenario.is_written_again):
            yield f"{order_id}: a payment was declined, and that is not recorded"
        settled_by = documents.get(f"notifications/alice/messages/{self.order.get('webhookEventId')}")
        if self.received is not None and (settled_by is None or settled_by["type"] not in _ABOUT_PAYMENT):
            yield f"{order_id}: the customer got no notice of what became of the payment: {settled_by}"

    def _dispute_event(self, payment: Payment, number: int, status: str) -> str:
        return f"evt_{self.scenario.order_id}_charge.dispute.updated_{payment.number}_{number}_{status}"

    def _declines(self) -> Iterator[str]:
        events = self.scenario.events.values()
        return (event.event_id for event in events if event.payment and event.event_type in event.payment.declines)

    def _of_notices_to_the_shop(self) -> Iterator[str]:
        scenario, order_id, status = self.scenario, self.scenario.order_id, self.order["status"]
        of_the_shop = (fields for path, fields in self.ending.documents.items() if "notifications/system/" in path)
        to_the_shop = [notice for notice in of_the_shop if notice["orderId"] == order_id]
        notices = Counter(notice["type"] for notice in to_the_shop)
        is_being_refunded = any(refund.is_stuck for payment in self.counted for refund in payment.refunds)
        if status in _FOR_A_PERSON and not is_being_refunded and not notices.keys() & {status, "refund_failed"}:
            yield f"{order_id}: the shop got no notice that it is {status}: {notices}"
        extra = [payment for payment in self.believed if self.paying and payment not in self.paying]
        # Which are too many, a notice may say that is about something worse.
        is_said = any("second_payment" in (notice["reason"] or "") for notice in to_the_shop)
        if any(not payment.refunds for payment in extra) and not is_said:
            yield f"{order_id}: paid more than once, and the shop got {notices}"
        if scenario.is_written_again:
            return
        if len(self.believed) < 2 and notices["second_payment"]:
            yield f"{order_id}: paid at most once, and the shop got {notices}"
        is_simply_paid = len(self.succeeded) == 1 and not self.succeeded[0].refunds
        is_simply_sold = is_simply_paid and bool(self.order.get("finalizedAt"))
        if scenario.asks_to_cancel and is_simply_sold and not notices["cancel_requested"]:
            yield f"{order_id}: its customer wants it cancelled, it is sold, and the shop got {notices}"
        # Once when they ask while it is in review, and once more when it is sold after all.
        if notices["cancel_requested"] > 2 * scenario.asks_to_cancel:
            yield f"{order_id}: its customer does not want it cancelled, or not so often, and the shop got {notices}"


def _said_of_units(payments: Sequence[Payment]) -> Sequence[Restock]:
    """What each of their refunds that is done says of units, as far as anybody reports it."""
    refunds = (refund for payment in payments if payment.refunds_report for refund in payment.refunds)
    return [refund.restock for refund in refunds if refund.is_done]


def _adding_up_to(asked: int, payments: Sequence[Payment]) -> list[Payment]:
    several = (chosen for count in range(1, len(payments) + 1) for chosen in combinations(payments, count))
    return next((list(chosen) for chosen in several if sum(each.amount for each in chosen) == asked), [])


def _is_meant_back(payment: Payment) -> bool:
    promised = sum(refund.amount for refund in payment.refunds if not refund.fails)
    return 0 < payment.amount <= max(promised, *(refund.amount for refund in payment.refunds), 0)
