"""How long a payment may be under way, by its payment method and by what its customer still has to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from orders.money import Money, amount_or_none, is_currency
from orders.numbers import unix_time
from webhooks.stripe_fields import Json, code_or_none, list_or_empty, object_or_empty


def _business_days(days: int) -> timedelta:
    """An upper bound in calendar days: with all weekends, including one before the first day, and a holiday."""
    weekends = days // 5 + 1
    return timedelta(days=days + 2 * weekends + 1)


LASTS_AT_MOST: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        # https://docs.stripe.com/payments/sepa-debit
        "sepa_debit": _business_days(14),
        # https://docs.stripe.com/payments/bacs-debit, with a mandate that is new
        "bacs_debit": _business_days(7),
        # https://docs.stripe.com/payments/ach-direct-debit says 4, to which a day is added after the daily cut-off:
        # https://support.stripe.com/questions/ach-direct-debit-payment-settlement-time
        "us_bank_account": _business_days(5),
        # https://docs.stripe.com/payments/acss-debit
        "acss_debit": _business_days(5),
        # https://docs.stripe.com/payments/au-becs-debit
        "au_becs_debit": _business_days(3),
        # https://docs.stripe.com/payments/nz-bank-account
        "nz_bank_account": _business_days(2),
        # https://docs.stripe.com/payments/multibanco
        "multibanco": timedelta(days=7),
        # Until midnight after three more days, unless the shop sets another number:
        # https://docs.stripe.com/payments/boleto/accept-a-payment, and likewise for the others
        "boleto": timedelta(days=4),
        "konbini": timedelta(days=4),
        "oxxo": timedelta(days=4),
    }
)
"""For methods whose money comes later. For any other, the shop's own setting applies."""
AUTHORISED_FOR: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        # https://docs.stripe.com/payments/affirm/accept-a-payment
        "affirm": timedelta(days=30),
        # https://docs.stripe.com/payments/afterpay-clearpay/accept-a-payment
        "afterpay_clearpay": timedelta(days=13),
        # https://docs.stripe.com/payments/klarna/accept-a-payment
        "klarna": timedelta(days=28),
    }
)
"""How long an authorisation can be captured, where that is longer than for a card and no charge says so."""

_VOUCHER_DAYS_MAX: Final = 60
"""https://docs.stripe.com/payments/boleto/accept-a-payment."""
_BANK_TRANSFER: Final = "display_bank_transfer_instructions"
_WITHOUT_END: Final = frozenset({_BANK_TRANSFER, "verify_with_microdeposits"})
"""Actions of a customer that have no time limit: https://docs.stripe.com/payments/bank-transfers."""


def slowest_end(payment: Json, since: datetime) -> datetime | None:
    """Until when the payment of an intent, charge or session may be under way.

    None if none of its methods is known to be slow.
    """
    lasting = [_lasts_at_most(method, payment) for method in _methods_of(payment)]
    return max((since + known for known in lasting if known), default=None)


def _methods_of(payment: Json) -> Sequence[object]:
    """The method in use if it is known, otherwise all that were offered."""
    embedded = next(iter(list_or_empty(payment, "charges")), None)
    latest = embedded if isinstance(embedded, Mapping) else object_or_empty(payment, "latest_charge")
    for charge in (payment, latest):
        if used := code_or_none(object_or_empty(charge, "payment_method_details"), "type"):
            return (used,)
    offered = payment.get("payment_method_types")
    return offered if isinstance(offered, list) else ()


def _lasts_at_most(method: object, payment: Json) -> timedelta | None:
    if not isinstance(method, str):
        return None
    options = object_or_empty(object_or_empty(payment, "payment_method_options"), method)
    days = options.get("expires_after_days")
    if type(days) is int and 0 <= days <= _VOUCHER_DAYS_MAX:
        return timedelta(days=days + 1)
    return LASTS_AT_MOST.get(method)


def authorised_until(charge: Json) -> datetime | None:
    """When an authorisation ends, according to its charge or else its method; None if neither is known to say.

    https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
    """
    details = object_or_empty(charge, "payment_method_details")
    if (method := code_or_none(details, "type")) is None:
        return None
    made_at, lasts = unix_time(charge.get("created")), AUTHORISED_FOR.get(method)
    by_method = made_at + lasts if made_at and lasts else None
    return unix_time(object_or_empty(details, method).get("capture_before")) or by_method


def is_waiting_for_money(intent: Json) -> bool:
    """Whether its customer has a voucher or bank details to pay with, rather than something to confirm."""
    action = code_or_none(object_or_empty(intent, "next_action"), "type")
    return action in _WITHOUT_END or voucher_expiry(intent) is not None


def partly_funded(intent: Json) -> Money | None:
    """What of a bank transfer has arrived while more is to come; None if nothing has.

    https://docs.stripe.com/api/payment_intents/object#payment_intent_object-next_action-display_bank_transfer_instructions
    """
    instructions = object_or_empty(object_or_empty(intent, "next_action"), _BANK_TRANSFER)
    amount, remaining = amount_or_none(intent.get("amount")), amount_or_none(instructions.get("amount_remaining"))
    currency = intent.get("currency")
    if amount is None or remaining is None or remaining >= amount or not is_currency(currency):
        return None
    return Money(amount - remaining, currency)


def voucher_expiry(intent: Json) -> datetime | None:
    """When the voucher that its customer has to pay expires; None if there is none.

    https://docs.stripe.com/api/payment_intents/object#payment_intent_object-next_action
    """
    next_action = object_or_empty(intent, "next_action")
    action = code_or_none(next_action, "type")
    details = object_or_empty(next_action, action) if action else {}
    return unix_time(details.get("expires_at")) or unix_time(details.get("expires_after"))
