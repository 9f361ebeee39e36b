"""The refund request to Stripe, and what Stripe's answers mean."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from effects.effect import Effect, RefundTerms, an_ordered_refund
from effects.outside import Failed, Refunded, Skipped
from effects.refunding import Refunding
from settlement.terms import AutoRefund
from stripe_api.api import AlreadyRefunded, Refund, StripeApi, StripeRefused, StripeUnavailable
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.support.builders import NOW
from tests.support.effects import A_REFUND
from tests.support.memory_store import MemoryStore
from tests.support.shop import a_shop_paid_twice
from tests.support.stripe_requests import a_session_request
from tests.support.stripe_stand_in import a_stand_in
from tools.stripe_stand_in.faults import Kind
from tools.stripe_stand_in.idempotency import LIFETIME_SECONDS


class Stripe:
    """Accepts refunds, or refuses them with this error."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.asked: list[tuple[Mapping[str, object], str]] = []
        self.looked_for: list[tuple[str, str]] = []

    def create_refund(self, request: Mapping[str, object], *, key: str) -> Refund:
        self.asked.append((request, key))
        if self.refusal:
            raise self.refusal
        return Refund("re_1", "succeeded", 3_600, "eur")

    def refund_made_for(self, payment_id: str, effect_key: str) -> None:
        """None yet."""
        self.looked_for.append((payment_id, effect_key))


def refunding(stripe: Stripe | StripeClient, store: MemoryStore | None = None, **settings: str) -> Refunding:
    store = a_shop_paid_twice() if store is None else store
    auto_refund = AutoRefund(settings.get("auto_refund", "extras"))
    return Refunding(cast("StripeApi", stripe), store, auto_refund, settings.get("shop_id"))


def test_all_that_is_left_of_the_payment_is_refunded_under_the_key_of_the_order_and_the_payment() -> None:
    stripe = Stripe()
    performer = refunding(stripe)
    assert performer.perform(A_REFUND, performer.prepare(A_REFUND, NOW)) == Refunded("re_1")
    request = {"payment_intent": "pi_2", "metadata": {"orderId": "order-1"}}
    assert stripe.asked == [(request, "stripe_refund_order-1_pi_2")]
    assert stripe.looked_for == []


def test_a_payment_that_is_known_by_its_charge_alone_is_refunded_by_that_and_the_refund_names_its_shop() -> None:
    effect = replace(A_REFUND, recipient="ch_2")
    request = refunding(Stripe(), shop_id="staging").prepare(effect, NOW)
    assert request == {"charge": "ch_2", "metadata": {"orderId": "order-1", "shop": "staging"}}


def test_what_its_order_needs_by_now_is_not_refunded_and_operators_who_were_told_otherwise_learn_of_it() -> None:
    stripe = Stripe()
    with pytest.raises(Failed, match=r"^pi_2 is not refunded: AUTO_REFUND is off$") as failed:
        refunding(stripe, auto_refund="off").perform(A_REFUND, {})
    assert (failed.value.retryable, stripe.asked) == (False, [])


def test_what_an_operator_has_ordered_is_refunded_as_it_is_ordered_whatever_the_shop_refunds_by_itself() -> None:
    stripe = Stripe()
    performer = refunding(stripe, auto_refund="off")
    ordered = replace(A_REFUND, key="operator_r", refund=RefundTerms(500, "shirt:1"))
    assert performer.perform(ordered, performer.prepare(ordered, NOW)) == Refunded("re_1")
    metadata = {"orderId": "order-1", "restock": "shirt:1", "effect": "operator_r"}
    assert stripe.asked == [({"payment_intent": "pi_2", "amount": 500, "metadata": metadata}, "operator_r")]
    assert stripe.looked_for == [("pi_2", "operator_r")]
    all_of_it = replace(ordered, refund=RefundTerms(None, None))
    assert performer.prepare(all_of_it, NOW) == {"payment_intent": "pi_2", "metadata": {"orderId": "order-1"}}


def test_what_is_refunded_already_is_over() -> None:
    refunded = AlreadyRefunded("Charge ch_2 has already been refunded.", "charge_already_refunded")
    reason = "charge_already_refunded: Charge ch_2 has already been refunded."
    all_that_is_left = replace(A_REFUND, refund=RefundTerms(None, None))
    for effect in A_REFUND, all_that_is_left:
        assert refunding(Stripe(refunded)).perform(effect, {}) == Skipped(reason)
    # Nothing of the ordered amount went back, and an operator learns of it.
    with pytest.raises(Failed, match=reason) as failed:
        refunding(Stripe(refunded)).perform(replace(A_REFUND, refund=RefundTerms(500, None)), {})
    assert not failed.value.retryable


def test_a_part_whose_answer_was_lost_goes_back_once_also_after_stripe_has_forgotten_its_key() -> None:
    part, as_much = (an_ordered_refund("", RefundTerms(500, None), "order-1", cause, "alice") for cause in ("r1", "r2"))
    with a_stand_in() as stand_in:
        stripe = StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)
        session = stripe.create_session(a_session_request(), key="a session")
        payment_id = stand_in.complete(session.session_id)["payment_intent"]
        performer = refunding(stripe)

        def performed(effect: Effect) -> Skipped | Refunded:
            effect = replace(effect, recipient=payment_id)
            return performer.perform(effect, performer.prepare(effect, NOW))

        stand_in.fail_next(Kind.LOST, about=part.key)
        with pytest.raises(Failed, match="Stripe does not answer"):
            performed(part)
        (lost,) = stripe.refunds_of(payment_id).items
        stand_in.go_forward(LIFETIME_SECONDS)
        assert performed(part) == Refunded(lost.refund_id)
        assert performed(as_much) != Refunded(lost.refund_id)
        assert [each.amount for each in stripe.refunds_of(payment_id).items] == [500, 500]


@pytest.mark.parametrize(
    ("refusal", "retry_after"),
    [
        (StripeUnavailable("Stripe answers 429 (rate_limit)", timedelta(seconds=7)), timedelta(seconds=7)),
        (StripeUnavailable("Stripe does not answer"), None),
    ],
)
def test_while_stripe_does_not_answer_another_try_can_help(
    refusal: StripeUnavailable, retry_after: timedelta | None
) -> None:
    with pytest.raises(Failed, match=str(refusal).split("(")[0]) as failed:
        refunding(Stripe(refusal)).perform(A_REFUND, {})
    assert (failed.value.retryable, failed.value.retry_after) == (True, retry_after)


def test_what_stripe_refuses_is_given_up_and_so_is_the_refund_of_an_order_that_is_gone() -> None:
    for performer, reason in (
        (refunding(Stripe(StripeRefused("is disputed", "charge_disputed"))), "charge_disputed: is disputed"),
        (refunding(Stripe(), MemoryStore()), "order-1 no longer exists: refund pi_2 by hand"),
    ):
        with pytest.raises(Failed, match=reason) as failed:
            performer.perform(A_REFUND, {})
        assert not failed.value.retryable
