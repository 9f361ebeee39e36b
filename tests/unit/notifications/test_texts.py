"""The texts of notices: one for each notice and audience."""

import subprocess
import sys
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.notices import Audience, NoticeType
from notifications.shop import Shop
from notifications.texts import UnreadableNotice, text_of
from orders.money import AMOUNT_MINOR_MAX, Money
from tests.support.builders import Fields
from tests.support.notices import NOTICES, TO_CUSTOMERS, TO_OPERATORS, a_document
from tools.toolchain import ROOT

NOT_NOTICES = sorted(set(product(NoticeType, Audience)) - set(NOTICES))
WITH_A_REASON = [NoticeType.FAILED, NoticeType.PAYMENT_FAILED]


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


def test_a_short_text_without_an_amount_has_no_brackets() -> None:
    assert text_of(a_document(money=None)).short == "Thank you. Your order order-1 is paid."


def test_what_cannot_be_printed_is_replaced() -> None:
    assert text_of(a_document(order_id="1\n2")).subject == "Your order 1\ufffd2 is paid"


def test_an_operator_learns_what_happened_why_and_what_to_do() -> None:
    reason = "insufficient_stock: 3 of 'shirt' ordered, 2 available"
    text = text_of(a_document(NoticeType.REFUND_DUE, Audience.OPERATOR, reason=reason))
    assert text.subject == "Refund order order-1"
    assert text.body == (
        f"Order order-1 is paid and cannot be fulfilled.\n\nPaid: €36.00\nReason: {reason}\n\n"
        "What to do: refund what is not refunded yet, with ./shop refund order-1 or in Stripe. Each refund updates the "
        "order and notifies the customer.\n\n"
        "You are receiving this message because you look after the shop."
    )


@pytest.mark.parametrize("kind", [NoticeType.REFUND_DUE, NoticeType.SECOND_PAYMENT])
def test_nobody_is_asked_to_refund_what_the_service_is_refunding(kind: NoticeType) -> None:
    remark = "refund_under_way: being refunded: pi_1"
    said: tuple[str | None, ...] = (remark, f"second_payment: pi_1 (3600 eur) is not needed; {remark}")
    for reason in said:
        text = text_of(a_document(kind, Audience.OPERATOR, reason=reason))
        assert "refund what the reason does not list as being refunded" in text.body
        assert text.short.endswith("A refund is under way.")
        assert not text.subject.startswith("Refund order")
    for reason in (
        "unknown_product: the inventory does not count '; refund_under_way:'",
        "no refund_under_way: yet",
        None,
    ):
        text = text_of(a_document(kind, Audience.OPERATOR, reason=reason))
        assert "is being refunded" not in text.body
        assert "under way" not in text.short


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


SHOWN = {
    "insufficient_stock: not enough is left of 'shirt', 'it\\'s'": "Not enough is left of 'shirt', 'it\\'s'.",
    "insufficient_stock: not enough is left": "Not enough is left.",
    "unknown_product: the inventory does not count 'shirt'": "We do not have 'shirt'.",
    "not_on_sale: 'shirt' is not on sale": "'shirt' is no longer for sale.",
    "too_many_open_orders: 20 unpaid orders at a time": "You have too many unpaid orders; pay for one of them, or",
    "invalid_order: items: must be a list": "It cannot be accepted as it is.",
    "a_word_of_next_year: something": "It cannot be accepted as it is.",
    "sold out": "sold out",
}


@pytest.mark.parametrize(("failure_reason", "shown"), SHOWN.items())
def test_the_customer_of_a_failed_order_reads_why_in_plain_words(failure_reason: str, shown: str) -> None:
    assert f"\nReason: {shown}" in text_of(a_document(NoticeType.FAILED, money=None, reason=failure_reason)).body
    assert "Reason" not in text_of(a_document(NoticeType.FAILED)).body


def test_a_customer_learns_gently_why_a_payment_was_declined() -> None:
    body = text_of(a_document(NoticeType.PAYMENT_FAILED, reason="insufficient_funds")).body
    assert "Reason: There is not enough money in the account." in body
    assert "insufficient_funds" not in body


DECLINES = {
    "insufficient_funds": "There is not enough money in the account.",
    "card_velocity_exceeded withdrawal_count_limit_exceeded": "A limit of the card or the account has been reached.",
    "expired_card": "The card has expired.",
    "incorrect_number invalid_number": "The card number is not correct.",
    "invalid_expiry_month invalid_expiry_year": "The card's expiry date is not correct.",
    "incorrect_cvc invalid_cvc": "The card's security code is not correct.",
    "incorrect_address incorrect_zip": "The address does not match the one that the bank has.",
    "authentication_required payment_intent_authentication_failure": "The bank asked you to confirm the payment",
    "card_not_supported": "The card cannot be used for this kind of payment.",
    "currency_not_supported": "The card cannot pay in this currency.",
    "issuer_not_available processing_error reenter_transaction try_again_later": "The bank could not process it just",
}


@pytest.mark.parametrize(("codes", "shown"), DECLINES.items())
def test_a_customer_learns_what_helps_to_pay(codes: str, shown: str) -> None:
    for code in codes.split():
        assert f"\nReason: {shown}" in text_of(a_document(NoticeType.PAYMENT_FAILED, reason=code)).body


# Stripe says to show these as a generic decline: https://docs.stripe.com/declines/codes.
@pytest.mark.parametrize(
    "code", ["fraudulent", "lost_card", "stolen_card", "pickup_card", "merchant_blacklist", "a_code_of_next_year", None]
)
def test_a_suspicious_or_unknown_decline_reads_like_any_other(code: str | None) -> None:
    text = text_of(a_document(NoticeType.PAYMENT_FAILED, reason=code))
    assert text == text_of(a_document(NoticeType.PAYMENT_FAILED, reason="generic_decline"))
    assert "Reason: It was declined; your bank may be able to say why." in text.body


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


# A customer chooses the order's id, and the subject becomes a mail header.
@given(st.sampled_from(NOTICES), st.text(min_size=1), st.text())
def test_nothing_that_a_customer_wrote_breaks_a_line_or_hides_what_it_says(
    notice: tuple[NoticeType, Audience], order_id: str, reason: str
) -> None:
    text = text_of(a_document(*notice, order_id=order_id, reason=reason))
    assert text.subject.isprintable()
    assert all(line.isprintable() for line in text.body.split("\n"))
    assert len(text.body.split("\n")) <= 8
    assert text.short.isprintable()


@pytest.mark.parametrize("order_id", ["{reason}", "{0}", "{order.__class__}", "}"])
def test_braces_in_an_orders_id_are_only_braces(order_id: str) -> None:
    assert text_of(a_document(order_id=order_id)).subject == f"Your order {order_id} is paid"


# --- The short text --------------------------------------------------------------------------------------------------

# https://www.3gpp.org/dynareport/23038.htm, 6.2.1: an SMS has room for 160 of these; those in the second line count
# twice.
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_TWICE = set("^{}\\[~]|€")


def places(short: str) -> int:
    """The text's length in an SMS of 160 places."""
    assert set(short) <= GSM_7 | GSM_7_TWICE
    return len(short) + sum(character in GSM_7_TWICE for character in short)


@pytest.mark.parametrize("locale", ["en", "de", "de_CH", "fr"])
def test_the_short_text_fits_one_sms(locale: str) -> None:
    for (kind, audience), reason in product(NOTICES, (None, "refund_under_way: being refunded: pi_1")):
        notice = a_document(kind, audience, order_id="W" * 20, money=Money(123_456_700, "eur"), reason=reason)
        text = text_of(notice, locale=locale, shop=Shop(locale="de"))
        assert "W" * 20 in text.short
        assert places(text.short) <= 160


@given(
    st.sampled_from(NOTICES),
    st.sampled_from(["en", "de"]),
    st.text(min_size=1),
    st.text(),
    st.integers(0, AMOUNT_MINOR_MAX),
)
def test_the_short_text_is_short_whatever_the_document_holds(
    notice: tuple[NoticeType, Audience], locale: str, order_id: str, reason: str, amount: int
) -> None:
    document = a_document(*notice, order_id=order_id, reason=reason, money=Money(amount, "chf"))
    assert len(text_of(document, locale=locale).short) <= 160


@pytest.mark.parametrize("locale", ["ar", "he", "fa", "fr", "de_CH"])
def test_no_amount_takes_an_sms_out_of_its_alphabet_unseen(locale: str) -> None:
    assert places(text_of(a_document(money=Money(123_456_789, "usd")), locale=locale).short) < 70


def test_an_id_of_more_than_20_characters_is_shortened_in_the_short_text_alone() -> None:
    text = text_of(a_document(order_id="0123456789" * 3))
    assert "order 01234567890123456... is paid (€36.00)" in text.short
    assert "order 012345678901234567890123456789 is paid" in text.body


# --- Who waits for them ----------------------------------------------------------------------------------------------

# Each is imported when it is built. These are all but the one that delivers.
ENTRY_POINTS = (
    *("webhook_endpoint", "order_created_trigger", "cancel_requested_trigger", "inventory_changed_trigger"),
    *("reservation_sweep", "takings_due", "webhook_canary"),
)
BUILD_THEM = f"""
import sys
import main
from service.wiring import service_from
service = service_from({{"GOOGLE_CLOUD_PROJECT": "demo-texts"}})
for name in {ENTRY_POINTS}:
    getattr(service, name)()
assert {{"webhooks.endpoint", "triggers.sweep", "google.cloud.firestore"}} <= sys.modules.keys()
print(*sorted({{"babel", "notifications.layouts", "notifications.texts", "notifications.words"}} & sys.modules.keys()))
"""


def test_no_function_that_settles_anything_waits_for_the_texts_or_for_babel() -> None:
    environment = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(
        [sys.executable, "-c", BUILD_THEM], env=environment, capture_output=True, text=True, check=True
    )
    assert built.stdout.split() == []


def test_only_a_customer_is_led_to_the_orders_page() -> None:
    shop = Shop(order_url="https://shop.example/{orderId}")
    assert text_of(a_document(), shop=shop).page == "https://shop.example/order-1"
    assert text_of(a_document(NoticeType.REFUND_DUE, Audience.OPERATOR), shop=shop).page is None
    assert text_of(a_document()).page is None
