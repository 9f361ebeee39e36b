"""Maps the reasons given by Stripe and this service to texts in the customer's language. Pure."""

import re
from enum import StrEnum
from typing import Final

# Product ids as `repr` quotes them; customers may have made them up.
_QUOTED: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


class DeclineReason(StrEnum):
    """Why a payment was declined: only what helps the customer to pay."""

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
    """Also for what Stripe asks not to disclose: a lost or stolen card, or suspected fraud."""


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
    """Why an order was not accepted, by the first word of its `failureReason`."""

    INSUFFICIENT_STOCK = "insufficient_stock"
    UNKNOWN_PRODUCT = "unknown_product"
    NOT_ON_SALE = "not_on_sale"
    TOO_MANY_OPEN_ORDERS = "too_many_open_orders"
    ID_USED_BEFORE = "id_used_before"
    AMOUNT_TOO_LARGE = "amount_too_large"
    MIXED_CURRENCIES = "mixed_currencies"
    OTHER = "other"
    """The order or the catalogue is invalid, about which the customer can do nothing."""


def decline_reason(code: str | None) -> DeclineReason:
    """The reason for Stripe's decline code or error code."""
    return _DECLINES.get(code or "", DeclineReason.OTHER)


def failure_reason(reason: str) -> FailureReason | None:
    """None if the reason does not begin with a code of this service: then somebody wrote it for the customer."""
    code = re.match(r"([a-z_]+): ", reason)
    if not code:
        return None
    return FailureReason(code[1]) if code[1] in set(FailureReason) else FailureReason.OTHER


def products_in(reason: str) -> str:
    """The products that a reason names, as quoted there; empty if none."""
    return ", ".join(_QUOTED.findall(reason))


def says_refund_is_under_way(reason: str) -> bool:
    """Whether one of an operator's remarks (`orders.outcome.in_words`) says that the service itself refunds."""
    return re.search(r"(\A|; )refund_under_way:", _QUOTED.sub("", reason)) is not None
