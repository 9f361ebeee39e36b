"""Complete PaymentIntents: https://docs.stripe.com/api/payment_intents/object."""

from collections.abc import Mapping

from tests.support.builders import Fields
from tests.support.stripe.charges import a_charge, a_failed_charge, a_pending_charge, an_authorised_charge
from tests.support.stripe.customer import CLIENT_SECRET, EMAIL, RECEIPT, payment_method, shipping
from tests.support.stripe.versions import AMOUNT, CURRENT, DUE_BY, SECONDS, list_of, nulls, written_in


def a_payment_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Paid."""
    return _intent(api_version, a_charge(api_version), fields)


def a_processing_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """The bank has been asked to debit the customer, which may take days."""
    processing: Fields = {"amount_received": 0, "status": "processing", "payment_method_types": ["sepa_debit"]}
    return _intent(api_version, a_pending_charge(api_version), processing | fields)


def an_authorised_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """The bank has authorised the payment, but it is not captured yet."""
    amounts: Fields = {"amount_capturable": AMOUNT, "amount_received": 0}
    authorised: Fields = {**amounts, "capture_method": "manual", "status": "requires_capture"}
    return _intent(api_version, an_authorised_charge(api_version), authorised | fields)


def a_waiting_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Its customer has a voucher to pay."""
    voucher = {"expires_after": int(DUE_BY.timestamp()), "hosted_voucher_url": RECEIPT, "number": "123456"}
    waiting: Fields = {
        "amount_received": 0,
        "next_action": {"oxxo_display_details": voucher, "type": "oxxo_display_details"},
        "payment_method_types": ["oxxo"],
        "status": "requires_action",
    }
    return _intent(api_version, None, waiting | fields)


def a_partially_funded_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Its customer has transferred too little, and is told where to transfer the rest."""
    kind = "display_bank_transfer_instructions"
    waiting: Fields = {
        "next_action": {kind: {"amount_remaining": 1_200}, "type": kind},
        "payment_method_types": ["customer_balance"],
    }
    return a_waiting_intent(api_version, **waiting | fields)


def a_declined_intent(
    api_version: str = CURRENT, *, decline_code: str = "insufficient_funds", charge_id: str = "ch_0", **fields: object
) -> Fields:
    """The bank declined; the customer may try another card."""
    declined: Fields = {
        "amount_received": 0,
        "last_payment_error": {
            "advice_code": "try_again_later",
            "charge": charge_id,
            "code": "card_declined",
            "decline_code": decline_code,
            "doc_url": "https://docs.stripe.com/error-codes/card-declined",
            "message": "Your card has insufficient funds.",
            "network_decline_code": "51",
            "payment_method": payment_method(),
            "type": "card_error",
        },
        "payment_method": None,
        "status": "requires_payment_method",
    }
    charge = a_failed_charge(api_version, decline_code=decline_code, id=charge_id)
    return _intent(api_version, charge, declined | fields)


def a_canceled_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Abandoned before any attempt to pay."""
    ended: Fields = {"canceled_at": SECONDS, "cancellation_reason": "abandoned", "status": "canceled"}
    return _intent(api_version, None, {"amount_received": 0, "payment_method": None, **ended, **fields})


def _intent(api_version: str, charge: Fields | None, fields: Mapping[str, object]) -> Fields:
    always: Fields = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": AMOUNT,
        "amount_capturable": 0,
        "amount_received": AMOUNT,
        "client_secret": CLIENT_SECRET,
        "confirmation_method": "automatic",
        "created": SECONDS,
        "currency": "eur",
        "description": "3 shirts",
        "livemode": False,
        "metadata": {"orderId": "order-1"},
        "payment_method": "pm_1",
        "payment_method_options": {
            "card": {**nulls("installments", "mandate_options", "network"), "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "receipt_email": EMAIL,
        "shipping": shipping(),
        "status": "succeeded",
        **nulls("application", "application_fee_amount", "canceled_at", "cancellation_reason", "customer"),
        **nulls("last_payment_error", "next_action", "on_behalf_of", "processing", "review", "setup_future_usage"),
        **nulls("source", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group"),
    }
    since: Fields = {
        "amount_details": {"tip": {}},
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "capture_method": "automatic_async",
        "latest_charge": charge["id"] if charge else None,
        "payment_details": {"customer_reference": None, "order_reference": None},
        "payment_method_configuration_details": {"id": "pmc_1", "parent": None},
        **nulls("allowed_payment_method_types", "customer_account", "excluded_payment_method_types", "hooks"),
        **nulls("managed_payments", "payment_record", "presentment_details"),
    }
    charges = list_of([charge] if charge else [], "/v1/charges?payment_intent=pi_1")
    until: Fields = {"capture_method": "automatic", "charges": charges, "invoice": None}
    return written_in(api_version, always, since=since, until=until, but=fields)
