"""The texts of notices: one for every notice and audience."""

import subprocess
import sys
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.notifications import notice_write
from notifications.notices import AUDIENCES, Audience, Notice, NoticeType
from notifications.texts import Text, UnreadableNotice, text_of
from orders.money import Money
from tests.support.builders import NOW, Fields
from tests.support.deployed import PACKAGES
from tools.toolchain import ROOT

NOTICES = [(kind, audience) for kind, audiences in AUDIENCES.items() for audience in audiences]
NOT_NOTICES = sorted(set(product(NoticeType, Audience)) - set(NOTICES))
TO_CUSTOMERS = [kind for kind, audience in NOTICES if audience is Audience.CUSTOMER]
TO_OPERATORS = [kind for kind, audience in NOTICES if audience is Audience.OPERATOR]
TO_BOTH = [kind for kind in TO_CUSTOMERS if kind in TO_OPERATORS]
WITH_A_REASON = [NoticeType.FAILED, NoticeType.PAYMENT_FAILED]


def a_document(
    kind: NoticeType = NoticeType.PAID,
    audience: Audience = Audience.CUSTOMER,
    *,
    order_id: str = "order-1",
    money: Money | None = Money(3_600, "eur"),
    reason: str | None = None,
    **changed: object,
) -> Fields:
    """A notice as the outbox holds it, but for the changes."""
    notice = Notice(kind, audience, "alice", money, reason)
    return {**notice_write(notice, "evt_1", order_id, NOW, timedelta(days=90)).fields, **changed}


# --- Every notice ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "audience"), NOT_NOTICES)
def test_a_notice_has_no_text_for_another_audience(kind: NoticeType, audience: Audience) -> None:
    with pytest.raises(UnreadableNotice, match=f"audience: no {kind} notice for '{audience}' is known"):
        text_of(a_document(kind, audience))


@pytest.mark.parametrize(("kind", "audience"), NOTICES)
def test_every_notice_has_a_text_for_each_of_its_audiences(kind: NoticeType, audience: Audience) -> None:
    """It names the order, and the amount if there is one."""
    priced, unpriced = text_of(a_document(kind, audience)), text_of(a_document(kind, audience, money=None))
    assert "order-1" in priced.subject and "order-1" in priced.body
    assert "€36.00" in priced.body
    assert "None" not in unpriced.body and "€" not in unpriced.body
    without_amount = [line for line in priced.body.splitlines() if line and "€36.00" not in line]
    assert without_amount == [line for line in unpriced.body.splitlines() if line]


def test_the_locale_says_how_the_amount_is_written() -> None:
    assert "Paid: 36,00\N{NO-BREAK SPACE}€" in text_of(a_document(), locale="de").body


def test_no_two_notices_have_one_text() -> None:
    texts = [text_of(a_document(kind, audience)) for kind, audience in NOTICES]
    assert len({text.subject for text in texts}) == len({text.body for text in texts}) == len(NOTICES)


def test_a_customer_learns_what_happened() -> None:
    assert text_of(a_document(NoticeType.PARTIALLY_REFUNDED, money=Money(1_200, "eur"))) == Text(
        "Your order order-1 is partly refunded",
        "Part of what you paid for order order-1 is refunded.\n\nRefunded so far: €12.00\n\n"
        "Your bank may take a few days to show it. There is nothing for you to do.",
    )


def test_an_operator_learns_what_happened_why_and_what_to_do() -> None:
    reason = "insufficient_stock: 3 of 'shirt' ordered, 2 available"
    assert text_of(a_document(NoticeType.REFUND_DUE, Audience.OPERATOR, reason=reason)) == Text(
        "Refund order order-1",
        f"Order order-1 is paid and cannot be fulfilled.\n\nPaid: €36.00\nReason: {reason}\n\n"
        "What to do: refund in Stripe what is not refunded yet. That updates the order and notifies the customer.",
    )


ADVICE = [
    (NoticeType.REVIEW, "Paid", "a payment that makes up the price settles the order"),
    (NoticeType.SECOND_PAYMENT, "Not needed", "refund in Stripe the payment that the reason names"),
    (NoticeType.EARLIER_ORDER, "Paid", "refund the payment in Stripe, unless the customer has what they paid for"),
    (NoticeType.NOT_PAID, "Price", "if it was meant to be free, finish the order by hand"),
    (NoticeType.SUBSCRIPTION, "Price", "find out why the shop's backend has put an order's id into a session"),
]


@pytest.mark.parametrize(("kind", "amount", "advice"), ADVICE)
def test_an_operator_learns_what_the_money_is_and_what_to_do_about_it(
    kind: NoticeType, amount: str, advice: str
) -> None:
    body = text_of(a_document(kind, Audience.OPERATOR)).body
    assert f"\n{amount}: €36.00\n" in body
    assert advice in body


# --- Reasons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TO_OPERATORS)
def test_an_operator_always_learns_what_to_do_and_why_if_there_is_a_reason(kind: NoticeType) -> None:
    with_reason = text_of(a_document(kind, Audience.OPERATOR, reason="some_remark: word for word")).body
    without = text_of(a_document(kind, Audience.OPERATOR)).body
    assert "Reason: some_remark: word for word" in with_reason
    assert "Reason" not in without and "None" not in without
    assert "What to do: " in with_reason and "What to do: " in without


@pytest.mark.parametrize("kind", TO_CUSTOMERS)
def test_a_customer_learns_neither_what_an_operator_has_to_do_nor_a_reason_written_for_operators(
    kind: NoticeType,
) -> None:
    text = text_of(a_document(kind))
    assert "Stripe" not in text.subject + text.body
    assert "What to do" not in text.body
    if kind not in WITH_A_REASON:
        assert text == text_of(a_document(kind, reason="amount_mismatch: 1 eur was paid, 3600 eur was asked"))


@pytest.mark.parametrize("kind", TO_BOTH)
def test_customer_and_operator_read_different_words(kind: NoticeType) -> None:
    customers, operators = (text_of(a_document(kind, audience)) for audience in Audience)
    assert customers.subject != operators.subject
    assert set(customers.body.splitlines()) & set(operators.body.splitlines()) == {"", "Paid: €36.00"}


SHOWN = {
    "insufficient_stock: not enough is left of 'shirt'": "not enough is left of 'shirt'",
    "invalid_order: items: must be a list": "items: must be a list",
    "sold out": "sold out",
}


@pytest.mark.parametrize(("failure_reason", "shown"), SHOWN.items())
def test_the_customer_of_a_failed_order_reads_its_reason_if_it_has_one_without_its_code(
    failure_reason: str, shown: str
) -> None:
    assert f"\nReason: {shown}\n" in text_of(a_document(NoticeType.FAILED, money=None, reason=failure_reason)).body
    assert "Reason" not in text_of(a_document(NoticeType.FAILED)).body


def test_a_customer_learns_gently_why_a_payment_was_declined() -> None:
    body = text_of(a_document(NoticeType.PAYMENT_FAILED, reason="insufficient_funds")).body
    assert "Reason: there is not enough money in the account" in body
    assert "insufficient_funds" not in body


# Stripe: show these as a generic decline (https://docs.stripe.com/declines/codes).
@pytest.mark.parametrize(
    "code", ["fraudulent", "lost_card", "stolen_card", "pickup_card", "merchant_blacklist", "a_code_of_next_year", None]
)
def test_a_suspicious_or_unknown_decline_reads_like_any_other(code: str | None) -> None:
    text = text_of(a_document(NoticeType.PAYMENT_FAILED, reason=code))
    assert text == text_of(a_document(NoticeType.PAYMENT_FAILED, reason="generic_decline"))
    assert "Reason: it was declined; your bank may be able to say why" in text.body


# --- What the document holds -----------------------------------------------------------------------------------------


NOT_MINOR_UNITS, NO_CURRENCY = "amount: not an amount in minor units", "currency: not three lower-case letters"
UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"type": "teleported"}, "type: no notice of type 'teleported' is known"),
    *(({"type": None}, "type: missing"), ({"type": 1}, "type: not a text")),
    ({"audience": "everyone"}, "audience: no paid notice for 'everyone' is known"),
    *(({"audience": None}, "audience: missing"), ({"orderId": None}, "orderId: missing")),
    ({"reason": ["why"]}, "reason: not a text"),
    *(({"amount": amount}, NOT_MINOR_UNITS) for amount in ("36", True, 36.5, -1)),
    *(({"currency": currency}, NO_CURRENCY) for currency in (None, "EURO")),
]


@pytest.mark.parametrize(("changed", "message"), UNREADABLE)
def test_a_document_that_is_no_notice_is_refused_with_the_field_to_blame(changed: Fields, message: str) -> None:
    with pytest.raises(UnreadableNotice, match=f"^{message}$"):
        text_of(a_document() | changed)


def test_an_empty_document_is_refused_with_a_value_error() -> None:
    with pytest.raises(ValueError, match="type: missing"):
        text_of({})


# A customer chooses an order's id, and a subject becomes a mail's header.
@given(st.sampled_from(NOTICES), st.text(min_size=1), st.text())
def test_nothing_that_a_customer_wrote_breaks_a_line_or_hides_what_it_says(
    notice: tuple[NoticeType, Audience], order_id: str, reason: str
) -> None:
    text = text_of(a_document(*notice, order_id=order_id, reason=reason))
    assert text.subject.isprintable()
    assert all(line.isprintable() for line in text.body.split("\n"))
    assert len(text.body.split("\n")) <= 6


@pytest.mark.parametrize("order_id", ["{reason}", "{0}", "{order.__class__}", "}"])
def test_braces_in_an_orders_id_are_only_braces(order_id: str) -> None:
    assert text_of(a_document(order_id=order_id)).subject == f"Your order {order_id} is paid"


# --- Who waits for them ----------------------------------------------------------------------------------------------

# The entry points are imported on the first request, so importing main alone would prove little.
FOR_DELIVERERS = ("notifications.amounts", "notifications.texts")
IMPORT_ALL_BUT_THESE = f"""
import importlib, pkgutil, sys
import main
for room in {PACKAGES}:
    for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{{room}}."):
        if module.name not in {FOR_DELIVERERS}:
            importlib.import_module(module.name)
assert {{"webhooks.endpoint", "database.documents.recorder", "notifications.notices"}} <= sys.modules.keys()
print(*sorted(name for name in sys.modules if name.split(".")[0] == "babel" or name in {FOR_DELIVERERS}))
"""


def test_nothing_that_is_deployed_waits_for_the_texts_or_for_babel() -> None:
    imported = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL_BUT_THESE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert imported.stdout.split() == []
