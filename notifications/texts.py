"""Renders notices' texts from their documents when they are delivered. Pure.

Nothing that settles an event imports this, so no payment waits for Babel to load.
"""

from collections.abc import Mapping
from typing import Any, Final

from babel import Locale

from notifications.amounts import amount_in_words, is_known
from notifications.languages import fallbacks, shipped_for
from notifications.layouts import as_html, as_text, filled_in
from notifications.locales import words_of
from notifications.notices import AUDIENCES, Audience, NoticeType
from notifications.reasons import decline_reason, failure_reason, products_in, says_refund_is_under_way
from notifications.shop import Shop
from notifications.words import Words
from orders.frozen import frozen
from orders.money import Money, amount_or_none, is_currency

_SHORT_ID_CHARACTERS_MAX: Final = 20
"""Ids made by Firestore's SDK are shown whole."""


@frozen
class Text:
    """One message in every form that a channel may need. No invisible character in it comes from the document."""

    subject: str
    """One line, safe for a mail header."""
    body: str
    """Plain text: it must be escaped in markup, since customers choose order and product ids."""
    html: str
    """A whole mail with the same content as `body`, escaped. It loads only the shop's logo."""
    short: str
    """One or two sentences for push, SMS and chat: at most 160 characters, so one SMS unless the currency's sign is not
    in the SMS alphabet (GSM 03.38), such as ₩.

    To fit, ids of more than 20 characters are shortened, and it contains no reason, shop name or link.
    """
    page: str | None = None
    """The address of the order's page; None for operators, and if the shop has none."""


class UnreadableNotice(ValueError):
    """The document has no text: a later release wrote it, or it is not a notice."""


def text_of(fields: Mapping[str, object], *, locale: str | None = None, shop: Shop = Shop()) -> Text:
    """The text of the notice `notifications/{userId}/messages/{eventId}` for its audience.

    Args:
        locale: in Babel's or a browser's form (`de_AT`, `de-AT`); None if unknown. Falls back to its language, the
            shop's locale, then English. Amounts are formatted for the first of these that Babel knows. So every locale
            gets a text.

    Raises:
        UnreadableNotice: the document has no text; the message names the field at fault.
    """
    read = _notice_in(fields)
    language = shipped_for(locale, shop.locale)
    words = words_of(language)
    parts = _parts(read, words, next(filter(is_known, fallbacks(locale, shop.locale))), shop)
    direction = Locale.parse(language).text_direction
    return Text(
        subject=parts["subject"],
        body=as_text(parts),
        html=as_html({**parts, "language": language.replace("_", "-"), "direction": direction}, read.type),
        short=parts["short"],
        page=parts["page"],
    )


# --- What a message says ---------------------------------------------------------------------------------------------


def _parts(read: "_Read", words: Words, amounts_locale: str, shop: Shop) -> dict[str, Any]:
    """The values for a layout, all plain text."""
    wording = (words.customers if read.is_for_customer else words.operators)[read.type]
    amount = amount_in_words(read.money.amount, read.money.currency, amounts_locale) if read.money else None
    values = {
        "order": _printable(read.order_id),
        "in_brackets": f" ({amount})" if amount else "",
        "refund_under_way": says_refund_is_under_way(read.reason or ""),
    }
    brief = {**values, "order": _printable(_shortened(read.order_id))}
    details = {wording.amount: amount, words.reason: _reason(read, words)}
    return {
        "subject": filled_in(wording.subject, values),
        "title": wording.title,
        "news": filled_in(wording.news, values),
        "amount": amount,
        "details": [(label, detail) for label, detail in details.items() if detail],
        "to_do": None if read.is_for_customer else words.to_do,
        "advice": filled_in(wording.advice, values),
        "page": shop.page_of(read.order_id) if read.is_for_customer else None,
        "link": wording.link or words.link,
        "shop": shop.name,
        "logo": shop.logo_url,
        "why": filled_in(words.why_customers if read.is_for_customer else words.why_operators, values),
        "short": filled_in(wording.short, brief).translate(_FOR_SMS),
    }


def _reason(read: "_Read", words: Words) -> str | None:
    """The reason to show; a customer gets one only if it is meant for customers, in their language."""
    reason = _printable(read.reason or "")
    if not read.is_for_customer:
        return reason
    match read.type:
        case NoticeType.PAYMENT_FAILED:
            return words.declines[decline_reason(reason)]
        case NoticeType.FAILED if reason:
            known = failure_reason(reason)
            return filled_in(words.failures[known], {"products": products_in(reason)}) if known else reason
        case _:
            return None


def _shortened(order_id: str) -> str:
    return order_id if len(order_id) <= _SHORT_ID_CHARACTERS_MAX else f"{order_id[: _SHORT_ID_CHARACTERS_MAX - 3]}..."


# Characters in amounts that the SMS alphabet lacks: a single one cuts an SMS from 160 to 70 characters. The marks of
# direction, in amounts for Arabic, Hebrew and Persian, are invisible.
_FOR_SMS: Final = str.maketrans(
    {
        **dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", " "),
        "\u2019": "'",
        **dict.fromkeys("\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}"),
    }
)


def _printable(text: str) -> str:
    """Replaces line breaks, which would end a mail header, and characters that are not what they look like."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


# --- What the document holds -----------------------------------------------------------------------------------------


@frozen
class _Read:
    type: NoticeType
    is_for_customer: bool
    order_id: str
    money: Money | None
    reason: str | None


def _notice_in(fields: Mapping[str, object]) -> _Read:
    kind, audience = _text(fields, "type"), _text(fields, "audience")
    if kind not in set(NoticeType):
        raise UnreadableNotice(f"type: no notice of type {kind!r} is known")
    if audience not in AUDIENCES[NoticeType(kind)]:
        raise UnreadableNotice(f"audience: no {kind} notice for {audience!r} is known")
    return _Read(
        type=NoticeType(kind),
        is_for_customer=audience == Audience.CUSTOMER,
        order_id=_text(fields, "orderId"),
        money=_money(fields),
        reason=_text_or_none(fields, "reason"),
    )


def _money(fields: Mapping[str, object]) -> Money | None:
    if fields.get("amount") is None:
        return None
    amount, currency = amount_or_none(fields.get("amount")), fields.get("currency")
    if amount is None:
        raise UnreadableNotice("amount: not an amount in minor units")
    if not is_currency(currency):
        raise UnreadableNotice("currency: not three lower-case letters")
    return Money(amount, currency)


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
