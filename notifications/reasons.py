"""Reasons that customers read in their own language, by the words in which Stripe and this service give them. Pure."""

import re
from enum import StrEnum
from typing import Final

# As `repr` quotes a product's id, which a customer may have made up.
_QUOTED: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


class DeclineReason(StrEnum):
    """Why a payment did not go through: only what helps the customer to pay."""

    NO_MONEY = "no_money"
    LIMIT_REACHED = "limit_reached"
    CARD_EXPIRED = "card_expired"
    WRONG_NUMBER = "wrong_number"
    WRONG_EXPIRY = "wrong_expiry"
    WRONG_SECURITY_CODE = "wrong_security_code"
    WRONG_ADDRESS = "wrong_address"
    NOT_CONFIRMED = "not_confirmed"
    NOT_THIS_KIND = "not_this_kind"
    NOT_THIS_CURRENCY = "not_this_currency"
    BANK_UNAVAILABLE = "bank_unavailable"
    OTHER = "other"
    """Also what Stripe asks to say no more of: a card reported lost or stolen, or suspected fraud."""


# https://docs.stripe.com/declines/codes
_CODES: Final = {
    DeclineReason.NO_MONEY: ("insufficient_funds",),
    DeclineReason.LIMIT_REACHED: ("card_velocity_exceeded", "withdrawal_count_limit_exceeded"),
    DeclineReason.CARD_EXPIRED: ("expired_card",),
    DeclineReason.WRONG_NUMBER: ("incorrect_number", "invalid_number"),
    DeclineReason.WRONG_EXPIRY: ("invalid_expiry_month", "invalid_expiry_year"),
    DeclineReason.WRONG_SECURITY_CODE: ("incorrect_cvc", "invalid_cvc"),
    DeclineReason.WRONG_ADDRESS: ("incorrect_address", "incorrect_zip"),
    DeclineReason.NOT_CONFIRMED: ("authentication_required", "payment_intent_authentication_failure"),
    DeclineReason.NOT_THIS_KIND: ("card_not_supported",),
    DeclineReason.NOT_THIS_CURRENCY: ("currency_not_supported",),
    DeclineReason.BANK_UNAVAILABLE: (
        "issuer_not_available",
        "processing_error",
        "reenter_transaction",
        "try_again_later",
    ),
}
_DECLINES: Final = {code: reason for reason, codes in _CODES.items() for code in codes}


class FailureReason(StrEnum):
    """Why an order could not be accepted, by the first word of its `failureReason`."""

    INSUFFICIENT_STOCK = "insufficient_stock"
    UNKNOWN_PRODUCT = "unknown_product"
    NOT_ON_SALE = "not_on_sale"
    TOO_MANY_OPEN_ORDERS = "too_many_open_orders"
    ID_USED_BEFORE = "id_used_before"
    AMOUNT_TOO_LARGE = "amount_too_large"
    MIXED_CURRENCIES = "mixed_currencies"
    OTHER = "other"
    """What no customer can do anything about: the order or the catalogue is not written as it must be."""


def decline_reason(code: str | None) -> DeclineReason:
    """Stripe's decline code, or error code, for the customer."""
    return _DECLINES.get(code or "", DeclineReason.OTHER)


def failure_reason(reason: str) -> FailureReason | None:
    """None if the reason begins with no word of this service's: then somebody wrote it for the customer."""
    code = re.match(r"([a-z_]+): ", reason)
    if not code:
        return None
    return FailureReason(code[1]) if code[1] in set(FailureReason) else FailureReason.OTHER


def products_in(reason: str) -> str:
    """The products that a reason names, as it quotes them; empty if it names none."""
    return ", ".join(_QUOTED.findall(reason))


def says_refund_is_under_way(reason: str) -> bool:
    """Whether one of an operator's remarks (`orders.outcome.in_words`) says that the service itself refunds."""
    return re.search(r"(\A|; )refund_under_way:", _QUOTED.sub("", reason)) is not None
