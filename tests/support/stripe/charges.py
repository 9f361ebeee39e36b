"""Complete charges: https://docs.stripe.com/api/charges/object."""

from collections.abc import Mapping, Sequence

from tests.support.builders import Fields
from tests.support.stripe.customer import (
    BANK_FINGERPRINT,
    BANK_LAST4,
    EMAIL,
    RECEIPT,
    SELLER_MESSAGE,
    billing_details,
    card,
    shipping,
)
from tests.support.stripe.refunds import a_refund_object
from tests.support.stripe.versions import AMOUNT, CURRENT, IN_2020, SECONDS, list_of, nulls, written_in

_REFUNDS = "/v1/charges/ch_1/refunds"


def a_charge(api_version: str = CURRENT, **fields: object) -> Fields:
    """Paid and captured."""
    always: Fields = {
        "id": "ch_1",
        "object": "charge",
        "amount": AMOUNT,
        "amount_captured": AMOUNT,
        "amount_refunded": 0,
        "balance_transaction": "txn_1",
        "billing_details": billing_details(),
        "calculated_statement_descriptor": "SHIRTS",
        "captured": True,
        "created": SECONDS,
        "currency": "eur",
        "description": "3 shirts",
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": {"orderId": "order-1"},
        "outcome": _outcome("authorized", "approved_by_network", None, "Payment complete."),
        "paid": True,
        "payment_intent": "pi_1",
        "payment_method": "pm_1",
        "payment_method_details": {"card": card(), "type": "card"},
        "receipt_email": EMAIL,
        "receipt_number": "1234-5678",
        "receipt_url": RECEIPT,
        "refunded": False,
        "shipping": shipping(),
        "status": "succeeded",
        **nulls("application", "application_fee", "application_fee_amount", "customer", "failure_code"),
        **nulls("failure_message", "on_behalf_of", "review", "source", "source_transfer", "statement_descriptor"),
        **nulls("statement_descriptor_suffix", "transfer", "transfer_data", "transfer_group"),
    }
    new = nulls("authorization_code", "failure_balance_transaction", "level3", "presentment_details")
    since: Fields = {**new, "radar_options": {}}
    until: Fields = {**nulls("destination", "dispute", "invoice", "order"), "refunds": list_of([], _REFUNDS)}
    return written_in(api_version, always, since=since, until=until, but=fields)


def an_authorised_charge(api_version: str = CURRENT, **fields: object) -> Fields:
    """Authorised by the bank, not captured."""
    authorised: Fields = {"amount_captured": 0, "balance_transaction": None, "captured": False}
    return a_charge(api_version, **authorised | fields)


def a_pending_charge(api_version: str = CURRENT, **fields: object) -> Fields:
    """A debit of the customer's bank account that is under way."""
    account = {
        "bank_code": "37040044",
        "branch_code": "",
        "country": "DE",
        "fingerprint": BANK_FINGERPRINT,
        "last4": BANK_LAST4,
        "mandate": "mandate_1",
    }
    details = {"sepa_debit": account, "type": "sepa_debit"}
    pending: Fields = {"balance_transaction": None, "paid": False, "status": "pending"}
    return a_charge(api_version, **pending | {"payment_method_details": details} | fields)


def a_failed_charge(
    api_version: str = CURRENT, *, decline_code: str = "insufficient_funds", **fields: object
) -> Fields:
    """Declined by the customer's bank."""
    failed: Fields = {
        "id": "ch_0",
        "amount_captured": 0,
        "captured": False,
        "failure_code": "card_declined",
        "failure_message": "Your card has insufficient funds.",
        "outcome": {
            **_outcome("issuer_declined", "declined_by_network", decline_code, SELLER_MESSAGE),
            "advice_code": "try_again_later",
            "network_decline_code": "51",
        },
        "paid": False,
        "status": "failed",
        **nulls("balance_transaction", "receipt_number", "receipt_url"),
    }
    return a_charge(api_version, **failed | fields)


def a_refunded_charge_object(
    api_version: str = CURRENT,
    *,
    amount_refunded: int = AMOUNT,
    refunds: Sequence[Mapping[str, object]] | None = None,
    **fields: object,
) -> Fields:
    """Refunded so far by this amount. In 2020 it lists its refunds: one of that amount, unless given."""
    listed = [a_refund_object(api_version, amount=amount_refunded)] if refunds is None else refunds
    refunded: Fields = {"amount_refunded": amount_refunded, "refunded": amount_refunded == AMOUNT}
    if api_version == IN_2020:
        refunded["refunds"] = list_of(listed, _REFUNDS)
    return a_charge(api_version, **refunded | fields)


def _outcome(kind: str, network_status: str, reason: str | None, seller_message: str) -> Fields:
    return {
        **nulls("advice_code", "network_advice_code", "network_decline_code"),
        "network_status": network_status,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 7,
        "seller_message": seller_message,
        "type": kind,
    }
