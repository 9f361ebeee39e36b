"""A call that opens a session may die or get no answer: the next call continues where it stopped."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from orders.outcome import StoreUnavailable
from stripe_api.api import Session, StripeApi, StripeRefused, StripeUnavailable
from tests.support.checkout_shop import CheckoutShop, Disturbed, adding, refusal_of
from tests.support.interference import DisturbedStore
from tools.stripe_stand_in.faults import Kind


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.UNAVAILABLE, Kind.LOCK_TIMEOUT, Kind.GARBAGE])
def test_what_stripe_did_not_answer_is_asked_again_with_the_same_words_and_the_same_key(
    shop: CheckoutShop, kind: Kind
) -> None:
    shop.stand_in.fail_next(kind, times=2, about=shop.order_id)
    assert shop.open()["url"]
    assert len({str((each["key"], each["parameters"])) for each in shop.made()}) == 1
    assert len(shop.open_sessions()) == 1


class Died(BaseException):
    """The process dies."""


def dying(stripe: StripeApi, *, after: bool) -> StripeApi:
    """Stripe, for a process that dies before or after it requests a session."""

    def die(request: Mapping[str, object], *, key: str) -> Session:
        if after:
            stripe.create_session(request, key=key)
        raise Died

    return Disturbed(stripe, die)


@pytest.mark.parametrize("after", [False, True], ids=["before Stripe was asked", "after it was asked"])
def test_the_next_call_continues_where_a_process_died(shop: CheckoutShop, *, after: bool) -> None:
    stripe, shop.stripe = shop.stripe, dying(shop.stripe, after=after)
    with pytest.raises(Died):
        shop.open()
    assert shop.document("checkouts")["sessionId"] is None
    shop.stripe = stripe
    # The settings and the catalogue have changed since: the request is still the one that was claimed.
    shop.terms = adding(success_url="https://new.example", promotion_codes=True)
    shop.memory.put("products/shirt", {"name": "New", "unitAmount": 9, "currency": "eur"})
    assert shop.open()["url"]
    assert len({str(each["parameters"]) for each in shop.made()}) == 1
    assert len(shop.open_sessions()) == 1


def test_a_dead_process_claim_that_is_too_old_for_stripe_is_replaced_in_the_same_call(shop: CheckoutShop) -> None:
    def too_late(request: Mapping[str, object], *, key: str) -> Session:
        if key == f"checkout_{shop.order_id}_1:shop-1":
            raise StripeRefused("expires_at must be at least 30 minutes from creation", "parameter_invalid")
        return stripe.create_session(request, key=key)

    stripe, shop.stripe = shop.stripe, dying(shop.stripe, after=False)
    with pytest.raises(Died):
        shop.open()
    shop.stripe = Disturbed(stripe, too_late)
    shop.pass_time(5 * timedelta(minutes=1))
    assert refusal_of(shop)["reason"] == "refused_by_stripe"
    assert shop.open() == {"url": shop.document("checkouts")["url"]}
    assert shop.document("checkouts")["attempt"] == 2


def test_a_commit_whose_answer_is_lost_was_done(shop: CheckoutShop) -> None:
    def lose_answer(commit: Any) -> Any:
        commit()
        raise StoreUnavailable("no answer")

    shop.store = DisturbedStore(shop.memory, [lose_answer, lose_answer])
    assert shop.open() == {"url": shop.document("checkouts")["url"]}
    assert len(shop.open_sessions()) == 1


def test_while_stripe_does_not_answer_the_call_may_be_made_again(shop: CheckoutShop) -> None:
    shop.stand_in.fail_next(Kind.UNAVAILABLE, times=1_000, about=shop.order_id)
    with pytest.raises(StripeUnavailable):
        shop.open()
    shop.stand_in.fail_no_more()
    assert shop.open()["url"]


def test_stripe_is_not_asked_again_in_the_same_call_when_it_asks_to_wait(shop: CheckoutShop) -> None:
    shop.stand_in.fail_next(Kind.RATE_LIMITED, seconds=7, times=1_000, about=shop.order_id)
    with pytest.raises(StripeUnavailable):
        shop.open()
    assert len(shop.made()) == 1
    shop.stand_in.fail_no_more()
