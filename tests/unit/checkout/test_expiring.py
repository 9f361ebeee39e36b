"""Expiring a session: which of Stripe's answers mean retry, give up, complete, or nothing to do."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from checkout.expiring import Expiring
from database.documents.checkouts import checkout_fields, checkout_path
from effects.effect import EffectKind, a_stripe_call
from effects.outside import Failed, Skipped
from orders.checkout import Checkout, CheckoutState
from orders.events import Cause
from orders.outcome import Outcome, Result
from orders.shop_events import CheckoutEnded
from stripe_api.api import Session, SessionNotOpen, StripeRefused, StripeUnavailable
from tests.support.builders import NOW
from tests.support.checkouts import an_open_checkout
from tests.support.memory_store import MemoryStore

EFFECT = a_stripe_call(EffectKind.STRIPE_EXPIRE_SESSION, "cs_1", "order-1", "cancel_order-1", "alice")


@dataclass
class Stripe:
    """Answers as the test says."""

    answer: Session | Exception
    settled: list[Cause] = field(default_factory=list)

    def expire_session(self, session_id: str, *, key: str) -> Session:
        assert (session_id, key) == ("cs_1", EFFECT.key)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def expiring(self, checkout: Checkout | None) -> Expiring:
        store = MemoryStore({checkout_path("order-1"): checkout_fields(checkout)} if checkout else {})
        stripe: Any = self
        return Expiring(stripe, store, self._settle, lambda: NOW)

    def perform(self, checkout: Checkout | None) -> Skipped | None:
        return self.expiring(checkout).perform(EFFECT, {})

    def _settle(self, event: Cause, _now: datetime) -> Outcome:
        self.settled.append(event)
        return Outcome(Result.CHECKOUT_ENDED, "order-1")


def a_session(status: str) -> Session:
    return Session("cs_1", status, NOW)


def test_what_is_kept_of_it_names_the_session() -> None:
    assert Stripe(a_session("open")).expiring(an_open_checkout()).prepare(EFFECT, NOW) == {"session": "cs_1"}


COMPLETE = Skipped("cs_1 is complete: its payment decides")


@pytest.mark.parametrize(
    ("answer", "is_complete", "skipped"),
    [
        (a_session("expired"), False, None),
        (SessionNotOpen(a_session("expired")), False, None),
        (SessionNotOpen(a_session("complete")), True, COMPLETE),
    ],
    ids=["now", "before", "paid in"],
)
def test_what_has_become_of_the_session_is_settled(
    answer: Session | Exception, *, is_complete: bool, skipped: Skipped | None
) -> None:
    stripe = Stripe(answer)
    assert stripe.perform(an_open_checkout()) == skipped
    assert stripe.settled == [CheckoutEnded("order-1", 1, is_complete)]


@pytest.mark.parametrize(
    ("error", "retryable", "retry_after"),
    [
        (StripeUnavailable("slow down", timedelta(minutes=7)), True, timedelta(minutes=7)),
        (StripeRefused("no such session", "resource_missing"), False, None),
    ],
    ids=["unavailable", "refused"],
)
def test_without_an_answer_it_is_tried_again_and_a_refusal_is_given_up(
    error: Exception, *, retryable: bool, retry_after: timedelta | None
) -> None:
    stripe = Stripe(error)
    with pytest.raises(Failed, match=f"^{error}$") as failed:
        stripe.perform(an_open_checkout())
    assert (failed.value.retryable, failed.value.retry_after, stripe.settled) == (retryable, retry_after, [])


@pytest.mark.parametrize("checkout", [None, an_open_checkout(session_id="cs_2")])
def test_a_session_that_is_not_on_record_any_more_is_expired_all_the_same(checkout: Checkout | None) -> None:
    stripe = Stripe(SessionNotOpen(a_session("complete")))
    assert (stripe.perform(checkout), stripe.settled) == (COMPLETE, [])


def test_stripe_is_not_asked_about_a_session_that_is_known_to_be_over() -> None:
    stripe = Stripe(ZeroDivisionError())
    assert stripe.perform(an_open_checkout(state=CheckoutState.EXPIRED)) == Skipped("cs_1 is known to be over")
    assert stripe.settled == []
