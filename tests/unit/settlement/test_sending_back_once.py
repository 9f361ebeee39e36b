"""A second order of a refund that was given up, reported or ordered at the same moment is noticed before it is made."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.documents.operator_requests import operator_request_path
from effects.effect import EffectState
from effects.refunding import Refunding
from orders.outcome import Outcome
from settlement.terms import AutoRefund
from stripe_api.api import Refund
from tests.support.builders import NOW, a_placement, an_order
from tests.support.effects import Outbox
from tests.support.interference import DisturbedStore, someone_first
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request, asked_by_operator, asked_of_order
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop_after, document_at, status_in


def in_request(store: MemoryStore, request_id: str, **fields: object) -> Outcome:
    """The outcome of an operator's request on this shop."""
    return settled(requested(store, request_id, **fields), store)


def answered(store: MemoryStore, request_id: str, **fields: object) -> tuple[str, str]:
    """The result, and the first word of its reason."""
    return briefly(in_request(store, request_id, **fields))


def briefly(outcome: Outcome) -> tuple[str, str]:
    return outcome.result, (outcome.note or "").partition(":")[0]


def reported(store: MemoryStore, refund_id: str, status: str = "succeeded", amount: int = 500) -> None:
    """By Stripe, about the payment."""
    settled(an_updated_refund("evt_2", a_refund(refund_id, amount, status)), store)


def requested(store: MemoryStore, request_id: str, **fields: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    store.put(operator_request_path(request_id), an_operators_request("refund", **fields))
    return replace(asked_of_order("refund-1", **fields), request_id=request_id)


def test_the_second_of_two_operators_who_order_the_same_refund_is_told_of_the_first() -> None:
    store = a_shop_after(a_placement(), a_payment())
    first, second = (requested(store, request_id, amount=500) for request_id in ("r1", "r2"))
    overtaken = DisturbedStore(store, [someone_first(lambda: settled(first, store))])
    assert briefly(settled(second, overtaken)) == ("not_refunded", "refund_under_way")
    assert [path for path in store.dump() if path.startswith("effects/")] == ["effects/operator_r1_stripe_refund_pi_1"]


def a_shop_that_gave_up_half(request_id: str = "r1") -> MemoryStore:
    """A given-up refund of 500, of a payment of 3,600."""
    store = a_shop_after(a_placement(), a_payment())
    give_up(store, request_id)
    return store


def give_up(store: MemoryStore, request_id: str, **fields: object) -> None:
    """Ordered, then given up."""
    in_request(store, request_id, amount=500, **fields)
    ended(store, request_id, state="ERROR")


def ended(store: MemoryStore, request_id: str, **fields: object) -> None:
    path = f"effects/operator_{request_id}_stripe_refund_pi_1"
    store.put(path, {**document_at(store, path), **fields})


def retried(store: MemoryStore, *faster: Callable[[], object], request_id: str = "r1") -> tuple[str, str | None]:
    """The result of retrying its refund while somebody else is faster."""
    target, number = f"operator_{request_id}_stripe_refund_pi_1", len(store.dump())
    store.put(operator_request_path(f"retry-{number}"), an_operators_request("retry", target=target))
    asked = replace(asked_by_operator("retry-1", target=target), request_id=f"retry-{number}")
    result, _, note = settled(asked, DisturbedStore(store, [someone_first(each) for each in faster]))
    return result, note


ANEW = (
    "not_retried",
    "ordered_anew: operator_r2_stripe_refund_pi_1 already sends money of pi_1 back; the rest needs a new refund",
)
AGAIN = ("retry_ordered", "operator_r1_stripe_refund_pi_1 of order order-1 had been given up")


def test_a_given_up_refund_is_not_retried_once_its_amount_was_ordered_again() -> None:
    store = a_shop_that_gave_up_half()
    in_request(store, "r2", amount=500)
    assert retried(store) == ANEW
    ended(store, "r2", state="SUCCESS", refundId="re_2")
    assert retried(store) == ANEW
    reported(store, "re_2", "failed")
    assert retried(store) == AGAIN


def test_one_that_names_no_order_is_tried_again_all_the_same() -> None:
    store = a_shop_that_gave_up_half()
    ended(store, "r1", orderId="")
    assert retried(store)[0] == "retry_ordered"


def test_so_it_is_if_that_was_ordered_or_tried_again_at_the_same_moment() -> None:
    store = a_shop_that_gave_up_half()
    assert retried(store, lambda: in_request(store, "r2", amount=500)) == ANEW
    store = a_shop_that_gave_up_half("r2")
    give_up(store, "r1")
    assert retried(store, lambda: retried(store, request_id="r2")) == ANEW


@pytest.mark.parametrize("state", ["ERROR", "SUCCESS"])
def test_it_is_if_the_other_was_given_up_too_or_a_person_has_handled_that(state: str) -> None:
    store = a_shop_that_gave_up_half("r2")
    ended(store, "r2", state=state)
    give_up(store, "r1")
    assert retried(store) == AGAIN


def test_a_part_that_stripe_has_refunded_after_all_is_not_refunded_once_more() -> None:
    store = a_shop_that_gave_up_half()
    reported(store, "re_7", "pending")
    why = "refunded_already: re_7 refunded as much of pi_1; if you want another refund, order a new one"
    assert retried(store) == ("not_retried", why)
    # A later refund was ordered knowing this one, whatever its units.
    in_request(store, "r2", amount=500, again=True, restock="none")
    ended(store, "r2", state="SUCCESS", refundId="re_7")
    assert retried(store) == ANEW
    # It belongs to an earlier one, is of another amount, or came to nothing.
    store = a_shop_after(a_placement(), a_payment())
    in_request(store, "r0", amount=500, restock="none")
    ended(store, "r0", state="SUCCESS", refundId="re_7")
    reported(store, "re_7", "pending")
    give_up(store, "r1", again=True)
    assert retried(store) == AGAIN
    for refund_id, amount, status in ("re_8", 499, "succeeded"), ("re_9", 500, "failed"):
        store = a_shop_that_gave_up_half()
        reported(store, refund_id, status, amount)
        assert retried(store) == AGAIN


def test_that_a_payment_is_of_an_earlier_order_is_read_of_the_payment() -> None:
    store = a_shop_after(a_placement(), a_payment())
    # The order was deleted, and another was placed and paid under its id.
    another = {**document_at(store, "orders/order-1"), "payments": {}, "paymentIntentId": "pi_2", "chargeId": "ch_2"}
    store.put("orders/order-1", another)
    assert answered(store, "r1", payment="pi_1") == ("refund_ordered", "earlier_order")


def test_a_payment_of_an_earlier_order_is_refunded_although_nothing_was_paid_for_the_present_one() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.put("orders/order-1", an_order())
    settled(a_placement(), store)
    assert status_in(store) == "failed"
    assert answered(store, "r1", payment="pi_1") == ("refund_ordered", "earlier_order")
    assert answered(store, "r2", payment="pi_1") == ("not_refunded", "nothing_left")
    assert answered(store, "r3") == ("not_refunded", "failed")
    assert answered(store, "r4", payment="pi_9") == ("not_refunded", "failed")


@pytest.mark.parametrize("state", ["ERROR", "SUCCESS"])
def test_the_same_amount_is_not_ordered_again_silently_even_if_a_person_handled_it(state: str) -> None:
    store = a_shop_that_gave_up_half()
    ended(store, "r1", state=state)
    reported(store, "re_7")
    assert answered(store, "r2", amount=500) == ("not_refunded", "ordered_before")
    assert in_request(store, "r3", amount=499).result == "refund_ordered"
    assert in_request(store, "r4", amount=500, again=True).result == "refund_ordered"
    # The result of another order is not this one's.
    store = a_shop_that_gave_up_half()
    in_request(store, "r2", amount=500)
    ended(store, "r2", state="SUCCESS", refundId="re_7")
    reported(store, "re_7", "failed")
    assert in_request(store, "r5", amount=500).result == "refund_ordered"


class Stripe:
    def create_refund(self, request: Mapping[str, Any], *, key: str) -> Refund:
        assert (request["amount"], request["metadata"]["restock"]) == (500, "none")
        return Refund("re_7", "pending", 500, "eur")

    def refund_made_for(self, payment_id: str, effect_key: str) -> None:
        """None yet."""


def test_until_stripe_has_reported_what_it_has_made_a_second_order_is_told_of_it() -> None:
    store = a_shop_after(a_placement(), a_payment())
    in_request(store, "r1", amount=500, restock="none")
    performer = Refunding(Stripe(), store, AutoRefund.OFF, None)  # type: ignore[arg-type]
    Outbox(store, performer).effects.perform("operator_r1_stripe_refund_pi_1")
    effect = document_at(store, "effects/operator_r1_stripe_refund_pi_1")
    after = {"state": str(EffectState.SUCCESS), "refundId": "re_7", "payload": None}
    assert effect.items() >= {**after, "expireAt": NOW + timedelta(days=90)}.items()
    assert (in_request(store, "r2").note or "").startswith("refund_under_way: 500 eur of pi_1")
    settled(a_refunded_charge("evt_2", a_refund("re_7", 500), total=500), store)
    assert in_request(store, "r3").result == "refund_ordered"
