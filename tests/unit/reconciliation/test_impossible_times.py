"""Something that Stripe lists with an impossible time is left to a person, and stops no other comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from stripe_api.lists import Listed, Span, page_of, payment_intent_from, payment_intents_in, refunds_in
from tests.support.listed_account import ListedAccount
from tests.support.reconciling import a_shop_with_paid_orders, broken, payments_of
from tools.stripe_stand_in import lists


@dataclass
class Garbled(ListedAccount):
    """One payment, its refund and its events have such a time, wherever they occur."""

    created: object = None
    payment_id: str = ""

    def events(self, types: Sequence[str], span: Span, *, after: str | None = None) -> Any:
        listed = super().events(types, span, after=after)
        return Listed([self._garbled(each) for each in listed.items], listed.has_more)

    def payment_intents(self, span: Span, *, after: str | None = None) -> Any:
        return payment_intents_in(self._of_list(lists.payment_intents(self.account, page_of(span, after))))

    def refunds(self, span: Span, *, after: str | None = None) -> Any:
        return refunds_in(self._of_list(lists.refunds(self.account, page_of(span, after))))

    def payment_intent(self, payment_id: str) -> Any:
        return payment_intent_from(self._garbled(self.account.intents[payment_id]))

    def _of_list(self, answer: Any) -> Any:
        return {**answer, "data": [self._garbled(each) for each in answer["data"]]}

    def _garbled(self, each: Any) -> Any:
        return {**each, "created": self.created} if self.payment_id in str(each) else each


@pytest.mark.parametrize("created", ["yesterday", 1e30, 10**30, -(10**30), -5, None])
def test_a_time_that_cannot_be_keeps_nothing_else_from_being_compared(created: object) -> None:
    shop = a_shop_with_paid_orders()
    paid = {payment_id: order_id for order_id, payment_id in payments_of(shop).items()}
    first, second, _ = paid
    shop.refund(first, 100)
    broken(shop.store, f"orders/{paid[second]}", payments={}, status="reserved", finalizedAt=None)
    shop.later(hours=3)
    shop.stripe = Garbled(shop.account, created=created, payment_id=first)
    reconciled = shop.reconcile()
    found = {(each.rule, each.target) for each in reconciled.opened}
    assert ("paid_only_at_stripe", second) in found
    assert (("not_compared", first) in found) is (created != -5)
