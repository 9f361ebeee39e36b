"""The texts of notices, written when they are delivered, from the documents in the outbox. Pure.

These are for whoever delivers. Nothing that settles an event imports them, so no payment waits for Babel to load, and
the deployed functions do without Babel.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from notifications.amounts import amount_in_words
from notifications.notices import AUDIENCES, Audience, NoticeType
from orders.money import amount_or_none, is_currency


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text: whoever makes HTML of it escapes it, because customers choose order and product ids."""

    subject: str
    """One line of printable characters, fit for a mail's header."""
    body: str


class UnreadableNotice(ValueError):
    """The document has no text: a later release wrote it, or it is not a notice."""


def text_of(fields: Mapping[str, object], *, locale: str = "en") -> Text:
    """The text of a notice `notifications/{userId}/messages/{eventId}`, for the audience that the document names.

    The words are English; the locale, as Babel names it (`en`, `en_GB`), says how amounts are written.

    Raises:
        UnreadableNotice: the document has no text; the message names the field that is to blame.
        babel.UnknownLocaleError: there is no such locale.
        ValueError: the locale is not written as Babel does (`en-GB`).
    """
    kind, audience = _kind_and_audience(fields)
    template = _TEMPLATES[kind, audience]
    order = _printable(_text(fields, "orderId"))
    details = {
        template.amount: _amount_in_words(fields, locale),
        "Reason": _printable(template.reason(_text_or_none(fields, "reason")) or ""),
    }
    paragraphs = (
        template.news.format(order=order),
        "\n".join(f"{name}: {detail}" for name, detail in details.items() if detail),
        template.advice,
    )
    return Text(template.subject.format(order=order), "\n\n".join(filter(None, paragraphs)))


# --- What a notice says ----------------------------------------------------------------------------------------------


def _withheld(_: str | None) -> None:
    """What this service remarks on an order is not meant for its customer."""


def _verbatim(reason: str | None) -> str | None:
    return reason


def _without_code(reason: str | None) -> str | None:
    return reason and re.sub(r"\A[a-z_]+: ", "", reason)


def _why_declined(code: str | None) -> str:
    return _DECLINES.get(code or "", "it was declined; your bank may be able to say why")


# Only what helps the customer to pay. Stripe asks to say no more of a card that is reported lost or stolen, or of
# suspected fraud, than of any other decline: https://docs.stripe.com/declines/codes.
_DECLINES: Final = {
    code: words
    for words, codes in {
        "there is not enough money in the account": ("insufficient_funds",),
        "a limit of the card or the account has been reached": (
            "card_velocity_exceeded",
            "withdrawal_count_limit_exceeded",
        ),
        "the card has expired": ("expired_card",),
        "the card number is not correct": ("incorrect_number", "invalid_number"),
        "the card's expiry date is not correct": ("invalid_expiry_month", "invalid_expiry_year"),
        "the card's security code is not correct": ("incorrect_cvc", "invalid_cvc"),
        "the address does not match the one that the bank has": ("incorrect_address", "incorrect_zip"),
        "the bank asked you to confirm the payment, and it was not confirmed": (
            "authentication_required",
            "payment_intent_authentication_failure",
        ),
        "the card cannot be used for this kind of payment": ("card_not_supported",),
        "the card cannot pay in this currency": ("currency_not_supported",),
        "the bank could not process it just now": (
            "issuer_not_available",
            "processing_error",
            "reenter_transaction",
            "try_again_later",
        ),
    }.items()
    for code in codes
}


@dataclass(frozen=True, slots=True)
class _Template:
    """What is in braces comes from the document."""

    subject: str
    news: str
    amount: str
    """What the amount is; left out of a notice without one."""
    advice: str
    reason: Callable[[str | None], str | None]


def _for_customer(
    subject: str, news: str, amount: str, advice: str, reason: Callable[[str | None], str | None] = _withheld
) -> _Template:
    return _Template(subject, news, amount, advice, reason)


def _for_operator(subject: str, news: str, amount: str, to_do: str) -> _Template:
    return _Template(subject, news, amount, f"What to do: {to_do}", _verbatim)


_TEMPLATES: Final[Mapping[tuple[NoticeType, Audience], _Template]] = {
    (NoticeType.RESERVED, Audience.CUSTOMER): _for_customer(
        "Your order {order} can be paid now",
        "The items of your order {order} are held for you, for a limited time.",
        "To pay",
        "Your payment completes the order. What is not paid in time goes back on the shelf.",
    ),
    (NoticeType.FAILED, Audience.CUSTOMER): _for_customer(
        "Your order {order} could not be accepted",
        "We are sorry: your order {order} could not be accepted.",
        "Price",
        "There is nothing to pay. You are welcome to order again.",
        _without_code,
    ),
    (NoticeType.PAID, Audience.CUSTOMER): _for_customer(
        "Your order {order} is paid",
        "Thank you. Your order {order} is paid.",
        "Paid",
        "There is nothing more for you to do.",
    ),
    (NoticeType.PAYMENT_FAILED, Audience.CUSTOMER): _for_customer(
        "The payment for your order {order} did not go through",
        "Your payment for order {order} did not go through.",
        "To pay",
        "As long as the order is open you can try again, or pay in another way.",
        _why_declined,
    ),
    (NoticeType.EXPIRED, Audience.CUSTOMER): _for_customer(
        "Your order {order} was not paid in time",
        "No payment for order {order} arrived in time, so its items are no longer held for you.",
        "Price",
        "If you still want them, you are welcome to order again.",
    ),
    (NoticeType.CANCELLED, Audience.CUSTOMER): _for_customer(
        "Your order {order} is cancelled",
        "Your order {order} is cancelled, and its items are no longer held for you.",
        "Price",
        "There is nothing to pay. You are welcome to order again.",
    ),
    (NoticeType.CANCEL_REQUESTED, Audience.OPERATOR): _for_operator(
        "Cancel order {order}?",
        "The customer wants order {order} cancelled, and it is paid.",
        "Paid",
        "refund it in Stripe if you agree: that updates the order (if it cost nothing, put its units back by hand). If "
        "you do not, tell the customer.",
    ),
    (NoticeType.REFUNDED, Audience.CUSTOMER): _for_customer(
        "Your order {order} is refunded",
        "What you paid for order {order} is refunded.",
        "Refunded",
        "Your bank may take a few days to show it. There is nothing for you to do.",
    ),
    (NoticeType.PARTIALLY_REFUNDED, Audience.CUSTOMER): _for_customer(
        "Your order {order} is partly refunded",
        "Part of what you paid for order {order} is refunded.",
        "Refunded so far",
        "Your bank may take a few days to show it. There is nothing for you to do.",
    ),
    (NoticeType.REFUND_FAILED, Audience.OPERATOR): _for_operator(
        "A refund of order {order} has failed",
        "A refund of order {order} has failed, or was cancelled: the customer does not have that money.",
        "Refunded without it",
        "find out in Stripe why. Refund it again, or pay the customer in another way, and tell them.",
    ),
    (NoticeType.REFUND_DUE, Audience.CUSTOMER): _for_customer(
        "Your order {order} cannot be delivered",
        "We are sorry: your payment for order {order} has arrived, but we cannot deliver what you ordered.",
        "Paid",
        "You will get your money back. There is nothing for you to do.",
    ),
    (NoticeType.REFUND_DUE, Audience.OPERATOR): _for_operator(
        "Refund order {order}",
        "Order {order} is paid and cannot be fulfilled.",
        "Paid",
        "refund in Stripe what is not refunded yet. That updates the order and notifies the customer.",
    ),
    (NoticeType.REVIEW, Audience.CUSTOMER): _for_customer(
        "We are looking at your order {order}",
        "Your payment for order {order} has arrived. One of us will look at the order before we go on.",
        "Paid",
        "Your money is safe, and there is nothing for you to do. You will hear from us.",
    ),
    (NoticeType.REVIEW, Audience.OPERATOR): _for_operator(
        "Decide on order {order}",
        "Order {order} is paid, but the payment and the order do not fit together. Nothing moves until you decide.",
        "Paid",
        "compare the order with its payments in Stripe. If the rest is still to be paid, have it paid: a payment that "
        "makes up the price settles the order. Else refund what was paid there, or finish the order by hand.",
    ),
    (NoticeType.NOT_PAID, Audience.OPERATOR): _for_operator(
        "Was order {order} meant to be free?",
        "The customer has completed a Checkout session that was free of charge, but order {order} has a price.",
        "Price",
        "if it was meant to be free, finish the order by hand. If not, tell the customer that nothing was paid. A "
        "reserved order is held until its reservationExpiresAt and can still be paid; a closed one holds nothing.",
    ),
    (NoticeType.SUBSCRIPTION, Audience.OPERATOR): _for_operator(
        "A subscription was sold for order {order}",
        "A Checkout session that names order {order} has sold a subscription. That pays for no order.",
        "Price",
        "find out why the shop's backend has put an order's id into a session for a subscription. The order stays "
        "as it is.",
    ),
    (NoticeType.SECOND_PAYMENT, Audience.OPERATOR): _for_operator(
        "Order {order} was paid more than once",
        "Order {order} is paid, and more money has arrived for it than is needed.",
        "Not needed",
        "refund in Stripe the payment that the reason names, as far as it is not refunded yet. The order stays as it "
        "is.",
    ),
    (NoticeType.EARLIER_ORDER, Audience.OPERATOR): _for_operator(
        "Money for an earlier order {order}",
        "A payment belongs to an earlier order with the id {order}, which was deleted. The order that has this id now "
        "stays as it is.",
        "Paid",
        "refund the payment in Stripe, unless the customer has what they paid for. Never use an order's id twice.",
    ),
    (NoticeType.DISPUTE, Audience.OPERATOR): _for_operator(
        "The payment of order {order} is disputed",
        "There is news of a dispute about the payment of order {order}.",
        "Disputed",
        "open the dispute in Stripe. If it needs a response, send your evidence before it is due. No stock has moved.",
    ),
    (NoticeType.EFFECT_FAILED, Audience.OPERATOR): _for_operator(
        "Something was not done for order {order}",
        "Something that had to be done outside for order {order} has failed, and is not tried again.",
        "Amount",
        "the reason says what it was, and why it failed. See to that, and then have it tried again, or do it by hand.",
    ),
}

# --- What the document holds -----------------------------------------------------------------------------------------


def _kind_and_audience(fields: Mapping[str, object]) -> tuple[NoticeType, Audience]:
    kind, audience = _text(fields, "type"), _text(fields, "audience")
    if kind not in set(NoticeType):
        raise UnreadableNotice(f"type: no notice of type {kind!r} is known")
    if audience not in AUDIENCES[NoticeType(kind)]:
        raise UnreadableNotice(f"audience: no {kind} notice for {audience!r} is known")
    return NoticeType(kind), Audience(audience)


def _amount_in_words(fields: Mapping[str, object], locale: str) -> str | None:
    if fields.get("amount") is None:
        return None
    amount, currency = amount_or_none(fields.get("amount")), fields.get("currency")
    if amount is None:
        raise UnreadableNotice("amount: not an amount in minor units")
    if not is_currency(currency):
        raise UnreadableNotice("currency: not three lower-case letters")
    return amount_in_words(amount, currency, locale)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = _text_or_none(fields, name)
    if value is None:
        raise UnreadableNotice(f"{name}: missing")
    return value


def _text_or_none(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise UnreadableNotice(f"{name}: not a text")
    return value


def _printable(text: str) -> str:
    """Without line breaks, which would end a mail's header, and without characters that are not what they look like."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
