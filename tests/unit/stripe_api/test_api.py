"""Stripe's answers are validated on arrival, and its refusals are made fit for a log."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orders.outcome import Transient
from stripe_api.api import (
    Refund,
    Session,
    SessionNotOpen,
    StripeRefused,
    StripeUnavailable,
    event_from,
    printable,
    refund_from,
    session_from,
)
from tests.support.builders import NOW
from tests.support.stripe.checkout_sessions import a_checkout_session
from tests.support.stripe.refunds import a_failed_refund, a_refund_object
from tests.support.stripe_objects import a_stripe_event

TOMORROW = datetime.fromtimestamp(int(NOW.timestamp()) + 86_400, UTC)


def test_a_session_is_what_the_shop_needs_of_it() -> None:
    paid = session_from(a_checkout_session())
    assert paid == Session("cs_1", "complete", TOMORROW, payment_intent_id="pi_1")
    url = "https://checkout.stripe.com/c/pay/cs_1"
    hosted = session_from(a_checkout_session(status="open", url=url, payment_intent=None))
    assert hosted == Session("cs_1", "open", TOMORROW, url=url)
    embedded = session_from(a_checkout_session(status="open", client_secret="cs_1_secret", payment_intent=None))
    assert embedded.client_secret == "cs_1_secret"
    assert "cs_1_secret" not in repr(embedded)
    assert url not in repr(hosted)


def test_a_refund_is_as_it_is_so_far() -> None:
    assert refund_from(a_refund_object()) == Refund("re_1", "succeeded", 3_600, "eur")
    assert refund_from(a_failed_refund()).status == "failed"
    assert refund_from(a_refund_object(status=None)).status is None


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        *((session_from, {**a_checkout_session(), name: None}) for name in ("id", "status", "expires_at")),
        *((refund_from, {**a_refund_object(), name: None}) for name in ("id", "amount", "currency")),
        *((read, {}) for read in (session_from, refund_from, event_from)),
        (event_from, a_checkout_session()),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_is_none_and_may_be_asked_again(read: Any, answer: Any) -> None:
    with pytest.raises(StripeUnavailable, match=r"^Stripe's answer is not a (session|refund|event)$"):
        read(answer)


def test_an_event_is_the_one_that_a_webhook_carries() -> None:
    assert event_from(a_stripe_event()) == a_stripe_event()


def test_what_may_help_later_is_transient_and_a_refusal_is_not() -> None:
    assert (StripeUnavailable("").retryable, StripeRefused("", "").retryable) == (True, False)
    assert issubclass(StripeUnavailable, Transient)
    assert not issubclass(StripeRefused, Transient)
    assert str(SessionNotOpen(session_from(a_checkout_session()))) == "session_not_open: cs_1 is complete"


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("Invalid API Key provided: sk_test_********1234", "Invalid API Key provided: (left out)"),
        ("Expired API Key provided: rk_live_***...l1ve.", "Expired API Key provided: (left out)"),
        ("The provided key 'rk_test_51A***tors' may not do this", "The provided key '(left out)' may not do this"),
        ("Invalid email address: alice+1@example.com", "Invalid email address: (left out)"),
        ("Signed with whsec_abc", "Signed with (left out)"),
        ("No such payment_intent: 'pi_1'", "No such payment_intent: 'pi_1'"),
        ("two\nlines", "two lines"),
        ("x" * 301, "x" * 300),
        ("", "no reason given"),
        (None, "no reason given"),
    ],
)
def test_a_refusal_is_printed_without_keys_and_addresses_on_one_line_that_ends(said: str | None, printed: str) -> None:
    assert printable(said) == printed
