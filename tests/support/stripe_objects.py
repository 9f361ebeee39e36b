"""Stripe's objects whole, as its webhooks carry them: every field, in the newest API version and in one of 2020.

Each builder makes one situation and takes the fields that a test is about. The fields are documented at
https://docs.stripe.com/api/payment_intents/object, https://docs.stripe.com/api/charges/object,
https://docs.stripe.com/api/checkout/sessions/object, https://docs.stripe.com/api/refunds/object,
https://docs.stripe.com/api/disputes/object and https://docs.stripe.com/api/events/object.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tests.support.builders import NOW, Fields

CURRENT: Final = "2026-10-28.endive"
IN_2020: Final = "2020-08-27"
"""Here a PaymentIntent carries its charges and has no `latest_charge`, and a charge carries its refunds."""
API_VERSIONS: Final = (CURRENT, IN_2020)

AMOUNT: Final = 3_600
PAYMENT_EVENTS: Final = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
"""The events that Stripe sends within milliseconds of one Checkout payment."""
DUE_BY: Final = NOW + timedelta(days=7)

_LAST4, _FINGERPRINT, _BANK_LAST4, _BANK_FINGERPRINT = "4242", "gXk2fYmTq7RzP0aB", "3000", "wN4vHs8KcJ1dLe9u"
_NAME, _EMAIL, _PHONE, _STREET, _CITY, _IP = (
    "Alice Liddell",
    "alice@example.com",
    "+15005550006",
    "1 Rabbit Hole Lane",
    "Wonderland",
    "203.0.113.7",
)
_CLIENT_SECRET: Final = "pi_1_secret_of_nobody"
_RECEIPT: Final = "https://pay.stripe.example/receipts/of-nobody"
_BANK_REFERENCE: Final = "24492150000000000000001"
_SELLER_MESSAGE: Final = "The bank returned a decline code that is meant for the seller."

PRIVATE: Final = (
    *(_LAST4, _FINGERPRINT, _BANK_LAST4, _BANK_FINGERPRINT, _NAME, _EMAIL, _PHONE, _STREET, _CITY, _IP),
    *(_CLIENT_SECRET, _RECEIPT, _BANK_REFERENCE, _SELLER_MESSAGE, "visa"),
)
"""What the objects below contain about a customer, a card or a secret: it belongs in no document and no log."""

_SECONDS: Final = int(NOW.timestamp())


# --- The whole life of a payment, by event type ----------------------------------------------------------------------


def an_event(
    event_type: str,
    stripe_object: Mapping[str, object],
    event_id: str = "evt_1",
    *,
    api_version: str = CURRENT,
    created: datetime = NOW,
    **fields: object,
) -> Fields:
    """The event around an object."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": api_version,
        "created": int(created.timestamp()),
        "data": {"object": stripe_object},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": "3f0c8a52-7a5e-4c1e-9d57-2f1d2f6f2a11"},
        "type": event_type,
        **fields,
    }


def a_thin_event(event_type: str = "v1.payment_intent.succeeded", event_id: str = "evt_1", **fields: object) -> Fields:
    """An event that names its object: https://docs.stripe.com/event-destinations#thin-payload."""
    return {
        "id": event_id,
        "object": "v2.core.event",
        "type": event_type,
        "livemode": False,
        "created": "2026-03-14T15:09:26.000Z",
        "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/pi_1"},
        "snapshot_event": "evt_snapshot",
        "context": None,
        **fields,
    }


def the_event(event_type: str, api_version: str = CURRENT, event_id: str = "evt_1", **object_fields: object) -> Fields:
    """The usual event of this type, whose object differs from the usual in these fields."""
    return an_event(event_type, OBJECT_OF[event_type](api_version, **object_fields), event_id, api_version=api_version)


def a_stripe_event(
    stripe_object: Mapping[str, object] | None = None,
    event_type: str = "payment_intent.succeeded",
    event_id: str = "evt_1",
    **fields: Any,
) -> Fields:
    """An event for tests that are not about its shape: order-1 is paid, unless they say otherwise."""
    return an_event(event_type, a_payment_intent() if stripe_object is None else stripe_object, event_id, **fields)


def an_event_for(order_id: str, event_type: str, **object_fields: object) -> Fields:
    """The usual event of this type for the order's own payment. Each type has an event id of its own."""
    intent_id, charge_id, metadata = f"pi_{order_id}", f"ch_{order_id}", {"orderId": order_id}
    ids: Mapping[str, Fields] = {
        "payment_intent": {"id": intent_id, "metadata": metadata},
        "charge": {"id": charge_id, "payment_intent": intent_id, "metadata": metadata},
        "checkout": {"id": f"cs_{order_id}", "payment_intent": intent_id, "metadata": metadata},
        "refund": {"id": f"re_{order_id}", "payment_intent": intent_id, "charge": charge_id},
    }
    event_id = f"evt_{order_id}_{event_type}".replace(".", "_")
    return the_event(event_type, CURRENT, event_id, **{**ids[event_type.partition(".")[0]], **object_fields})


def a_payment_event(order_id: str, event_type: str = "payment_intent.succeeded", amount: int = AMOUNT) -> Fields:
    """One of `PAYMENT_EVENTS`, for an order that was paid with this amount."""
    fields: Mapping[str, Fields] = {
        "charge.succeeded": {"amount": amount, "amount_captured": amount},
        "payment_intent.succeeded": {"amount": amount, "amount_received": amount, "latest_charge": f"ch_{order_id}"},
        "checkout.session.completed": {"amount_subtotal": amount, "amount_total": amount},
    }
    return an_event_for(order_id, event_type, **fields[event_type])


def three_events_of_one_payment(order_id: str, amount: int = AMOUNT) -> list[Fields]:
    """All `PAYMENT_EVENTS` of one payment."""
    return [a_payment_event(order_id, event_type, amount) for event_type in PAYMENT_EVENTS]


# --- PaymentIntents --------------------------------------------------------------------------------------------------


def a_payment_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Paid."""
    return _intent(api_version, a_charge(api_version), fields)


def a_processing_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """The bank has been asked to debit the customer, and may take days."""
    processing = {"amount_received": 0, "status": "processing", "payment_method_types": ["sepa_debit"]}
    return _intent(api_version, a_pending_charge(api_version), {**processing, **fields})


def an_authorised_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """The bank has authorised the money; nobody has captured it yet."""
    authorised = {
        "amount_capturable": AMOUNT,
        "amount_received": 0,
        "capture_method": "manual",
        "status": "requires_capture",
    }
    return _intent(api_version, an_authorised_charge(api_version), {**authorised, **fields})


def a_waiting_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Its customer has a voucher to pay."""
    voucher = {"expires_after": int(DUE_BY.timestamp()), "hosted_voucher_url": _RECEIPT, "number": "123456"}
    waiting = {
        "amount_received": 0,
        "next_action": {"oxxo_display_details": voucher, "type": "oxxo_display_details"},
        "payment_method_types": ["oxxo"],
        "status": "requires_action",
    }
    return _intent(api_version, None, {**waiting, **fields})


def a_partially_funded_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Its customer has transferred too little, and knows where to transfer the rest."""
    transfer = {"display_bank_transfer_instructions": {"amount_remaining": 1_200}}
    action = {**transfer, "type": "display_bank_transfer_instructions"}
    return a_waiting_intent(
        api_version, **{"next_action": action, "payment_method_types": ["customer_balance"], **fields}
    )


def a_declined_intent(
    api_version: str = CURRENT, *, decline_code: str = "insufficient_funds", charge_id: str = "ch_0", **fields: object
) -> Fields:
    """The bank declined; the customer may try another card."""
    declined = {
        "amount_received": 0,
        "last_payment_error": {
            "advice_code": "try_again_later",
            "charge": charge_id,
            "code": "card_declined",
            "decline_code": decline_code,
            "doc_url": "https://docs.stripe.com/error-codes/card-declined",
            "message": "Your card has insufficient funds.",
            "network_decline_code": "51",
            "payment_method": _payment_method(),
            "type": "card_error",
        },
        "payment_method": None,
        "status": "requires_payment_method",
    }
    charge = a_failed_charge(api_version, decline_code=decline_code, id=charge_id)
    return _intent(api_version, charge, {**declined, **fields})


def a_canceled_intent(api_version: str = CURRENT, **fields: object) -> Fields:
    """Abandoned before anybody tried to pay it."""
    canceled = {
        "amount_received": 0,
        "canceled_at": _SECONDS,
        "cancellation_reason": "abandoned",
        "payment_method": None,
        "status": "canceled",
    }
    return _intent(api_version, None, {**canceled, **fields})


def _intent(api_version: str, charge: Fields | None, fields: Mapping[str, object]) -> Fields:
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": AMOUNT,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": AMOUNT,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": _CLIENT_SECRET,
        "confirmation_method": "automatic",
        "created": _SECONDS,
        "currency": "eur",
        "customer": None,
        "customer_account": None,
        "description": "3 shirts",
        "excluded_payment_method_types": None,
        "hooks": None,
        "last_payment_error": None,
        "latest_charge": charge["id"] if charge else None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {"orderId": "order-1"},
        "next_action": None,
        "on_behalf_of": None,
        "payment_details": {"customer_reference": None, "order_reference": None},
        "payment_method": "pm_1",
        "payment_method_configuration_details": {"id": "pmc_1", "parent": None},
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "payment_record": None,
        "presentment_details": None,
        "processing": None,
        "receipt_email": _EMAIL,
        "review": None,
        "setup_future_usage": None,
        "shipping": {"address": _address(), "carrier": None, "name": _NAME, "phone": _PHONE, "tracking_number": None},
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }
    since_then = (
        *("allowed_payment_method_types", "amount_details", "automatic_payment_methods", "customer_account"),
        *("excluded_payment_method_types", "hooks", "latest_charge", "managed_payments", "payment_details"),
        *("payment_method_configuration_details", "payment_record", "presentment_details"),
    )
    charges = _list_of([charge] if charge else [], "/v1/charges?payment_intent=pi_1")
    until_then = {"capture_method": "automatic", "charges": charges, "invoice": None}
    return {**_written_in(api_version, intent, since_then, until_then), **fields}


# --- Charges ---------------------------------------------------------------------------------------------------------


def a_charge(api_version: str = CURRENT, **fields: object) -> Fields:
    """Paid and captured."""
    charge = {
        "id": "ch_1",
        "object": "charge",
        "amount": AMOUNT,
        "amount_captured": AMOUNT,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "authorization_code": None,
        "balance_transaction": "txn_1",
        "billing_details": _billing_details(),
        "calculated_statement_descriptor": "SHIRTS",
        "captured": True,
        "created": _SECONDS,
        "currency": "eur",
        "customer": None,
        "description": "3 shirts",
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "level3": None,
        "livemode": False,
        "metadata": {"orderId": "order-1"},
        "on_behalf_of": None,
        "outcome": _outcome("authorized", "approved_by_network", None, "Payment complete."),
        "paid": True,
        "payment_intent": "pi_1",
        "payment_method": "pm_1",
        "payment_method_details": {"card": _card(), "type": "card"},
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": _EMAIL,
        "receipt_number": "1234-5678",
        "receipt_url": _RECEIPT,
        "refunded": False,
        "review": None,
        "shipping": {"address": _address(), "carrier": None, "name": _NAME, "phone": _PHONE, "tracking_number": None},
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer": None,
        "transfer_data": None,
        "transfer_group": None,
    }
    since_then = ("authorization_code", "failure_balance_transaction", "level3", "presentment_details", "radar_options")
    refunds = _list_of([], "/v1/charges/ch_1/refunds")
    until_then = {"destination": None, "dispute": None, "invoice": None, "order": None, "refunds": refunds}
    return {**_written_in(api_version, charge, since_then, until_then), **fields}


def an_authorised_charge(api_version: str = CURRENT, **fields: object) -> Fields:
    """Authorised by the bank, and not captured."""
    authorised: Fields = {"amount_captured": 0, "balance_transaction": None, "captured": False}
    return a_charge(api_version, **{**authorised, **fields})


def a_pending_charge(api_version: str = CURRENT, **fields: object) -> Fields:
    """On its way from the customer's bank account."""
    pending: Fields = {
        "amount_captured": AMOUNT,
        "balance_transaction": None,
        "outcome": _outcome("authorized", "approved_by_network", None, "Payment complete."),
        "paid": False,
        "payment_method_details": {
            "sepa_debit": {
                "bank_code": "37040044",
                "branch_code": "",
                "country": "DE",
                "fingerprint": _BANK_FINGERPRINT,
                "last4": _BANK_LAST4,
                "mandate": "mandate_1",
            },
            "type": "sepa_debit",
        },
        "status": "pending",
    }
    return a_charge(api_version, **{**pending, **fields})


def a_failed_charge(
    api_version: str = CURRENT, *, decline_code: str = "insufficient_funds", **fields: object
) -> Fields:
    """Declined by the customer's bank."""
    failed: Fields = {
        "id": "ch_0",
        "amount_captured": 0,
        "balance_transaction": None,
        "captured": False,
        "failure_code": "card_declined",
        "failure_message": "Your card has insufficient funds.",
        "outcome": {
            **_outcome("issuer_declined", "declined_by_network", decline_code, _SELLER_MESSAGE),
            "advice_code": "try_again_later",
            "network_decline_code": "51",
        },
        "paid": False,
        "receipt_number": None,
        "receipt_url": None,
        "status": "failed",
    }
    return a_charge(api_version, **{**failed, **fields})


def a_refunded_charge_object(
    api_version: str = CURRENT,
    *,
    amount_refunded: int = AMOUNT,
    refunds: Sequence[Mapping[str, object]] | None = None,
    **fields: object,
) -> Fields:
    """Refunded so far: this amount. In 2020 it lists its refunds: one of that amount, unless others are given."""
    listed = [a_refund_object(api_version, amount=amount_refunded)] if refunds is None else refunds
    refunded: Fields = {"amount_refunded": amount_refunded, "refunded": amount_refunded == AMOUNT}
    if api_version == IN_2020:
        refunded["refunds"] = _list_of(listed, "/v1/charges/ch_1/refunds")
    return a_charge(api_version, **{**refunded, **fields})


# --- Checkout --------------------------------------------------------------------------------------------------------


def a_checkout_session(api_version: str = CURRENT, **fields: object) -> Fields:
    """Completed and paid."""
    session: Fields = {
        "id": "cs_1",
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": None,
        "amount_subtotal": AMOUNT,
        "amount_total": AMOUNT,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": "required",
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0074d4",
            "display_name": "Shirts",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "cancel_url": "https://shop.example/cart",
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": {"address": _address(), "name": _NAME},
        },
        "consent": None,
        "consent_collection": None,
        "created": _SECONDS,
        "currency": "eur",
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_account": None,
        "customer_creation": "if_required",
        "customer_details": {
            "address": _address(),
            "business_name": None,
            "email": _EMAIL,
            "individual_name": None,
            "name": _NAME,
            "phone": _PHONE,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "customer_email": _EMAIL,
        "discounts": [],
        "excluded_payment_method_types": None,
        "expires_at": _SECONDS + 86_400,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "livemode": False,
        "locale": "auto",
        "managed_payments": None,
        "metadata": {"orderId": "order-1"},
        "mode": "payment",
        "name_collection": None,
        "optional_items": None,
        "origin_context": None,
        "payment_intent": "pi_1",
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": {"id": "pmc_1", "parent": None},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "permissions": None,
        "phone_number_collection": {"enabled": True},
        "presentment_details": None,
        "recovered_from": None,
        "redirect_on_completion": None,
        "return_url": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": {"allowed_countries": ["US"]},
        "shipping_cost": None,
        "shipping_options": [],
        "status": "complete",
        "submit_type": None,
        "subscription": None,
        "success_url": "https://shop.example/thanks",
        "tax_id_collection": {"enabled": False, "required": "never"},
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
        "wallet_options": None,
    }
    since_then = (
        *("adaptive_pricing", "after_expiration", "allowed_payment_method_types", "branding_settings", "client_secret"),
        *("collected_information", "consent", "consent_collection", "created", "currency_conversion", "custom_fields"),
        *("custom_text", "customer_account", "customer_creation", "discounts", "excluded_payment_method_types"),
        *("expires_at", "integration_identifier", "invoice", "invoice_creation", "managed_payments", "name_collection"),
        *("optional_items", "origin_context", "payment_link", "payment_method_collection", "permissions"),
        *("payment_method_configuration_details", "phone_number_collection", "presentment_details", "recovered_from"),
        *("redirect_on_completion", "return_url", "saved_payment_method_options", "shipping_cost", "shipping_options"),
        *("tax_id_collection", "ui_mode", "wallet_options"),
    )
    until_then = {
        "automatic_tax": {"enabled": False, "status": None},
        "customer_details": {"email": _EMAIL, "phone": _PHONE, "tax_exempt": "none", "tax_ids": []},
        "shipping": {"address": _address(), "name": _NAME},
    }
    return {**_written_in(api_version, session, since_then, until_then), **fields}


def an_unpaid_session(api_version: str = CURRENT, **fields: object) -> Fields:
    """Completed by the customer, with a payment method that takes days."""
    return a_checkout_session(api_version, **{"payment_status": "unpaid", **fields})


def an_expired_session(api_version: str = CURRENT, **fields: object) -> Fields:
    """Nobody completed it in time, so nobody tried to pay."""
    expired: Fields = {
        "collected_information": None,
        "customer_details": None,
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "expired",
    }
    if api_version == IN_2020:
        # Sessions had their PaymentIntent from the start until 2022-08-01.
        del expired["collected_information"], expired["payment_intent"]
    return a_checkout_session(api_version, **{**expired, **fields})


# --- Refunds and disputes --------------------------------------------------------------------------------------------


def a_refund_object(api_version: str = CURRENT, **fields: object) -> Fields:
    """The whole charge, refunded."""
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": AMOUNT,
        "balance_transaction": "txn_2",
        "charge": "ch_1",
        "created": _SECONDS,
        "currency": "eur",
        "customer": None,
        "customer_account": None,
        "description": None,
        "destination_details": {
            "card": {
                "reference": _BANK_REFERENCE,
                "reference_status": "available",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "failure_balance_transaction": None,
        "failure_reason": None,
        "instructions_email": None,
        "metadata": {},
        "next_action": None,
        "payment_intent": "pi_1",
        "payment_method": None,
        "pending_reason": None,
        "presentment_details": None,
        "reason": "requested_by_customer",
        "receipt_number": "1234-5678",
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    since_then = (
        *("customer", "customer_account", "description", "destination_details", "failure_balance_transaction"),
        *("failure_reason", "instructions_email", "next_action", "payment_method", "pending_reason"),
        "presentment_details",
    )
    return {**_written_in(api_version, refund, since_then), **fields}


def a_failed_refund(api_version: str = CURRENT, **fields: object) -> Fields:
    """The bank could not return the money: it is the shop's again."""
    failed: Fields = {
        "failure_balance_transaction": "txn_3",
        "failure_reason": "lost_or_stolen_card",
        "status": "failed",
    }
    return a_refund_object(api_version, **{**failed, **fields})


def a_dispute_object(
    api_version: str = CURRENT, *, status: str = "needs_response", due_by: datetime | None = DUE_BY, **fields: object
) -> Fields:
    dispute: Fields = {
        "id": "dp_1",
        "object": "dispute",
        "amount": AMOUNT,
        "balance_transactions": [],
        "charge": "ch_1",
        "created": _SECONDS,
        "currency": "eur",
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), **_known_evidence(), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": int(due_by.timestamp()) if due_by else None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": "manual",
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": "pi_1",
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": "fraudulent",
        "status": status,
    }
    since_then = ("enhanced_eligibility_types", "intended_submission_method", "network_reason_code")
    return {**_written_in(api_version, dispute, (*since_then, "payment_method_details")), **fields}


_EVIDENCE: Final = (
    *("access_activity_log", "appeal", "billing_address", "cancellation_policy", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name"),
    *("customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation"),
    *("duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
    *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier"),
    *("shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file"),
    "uncategorized_text",
)


def _known_evidence() -> Fields:
    """What Stripe fills in by itself."""
    return {
        "billing_address": f"{_STREET}, {_CITY}",
        "customer_email_address": _EMAIL,
        "customer_name": _NAME,
        "customer_purchase_ip": _IP,
        "receipt": "file_1",
    }


# --- Inside the objects ----------------------------------------------------------------------------------------------


def _written_in(
    api_version: str, fields: Fields, since_then: Iterable[str], until_then: Mapping[str, object] | None = None
) -> Fields:
    """The object in that API version: in 2020 without the fields added later, and with those removed since."""
    if api_version == CURRENT:
        return fields
    return {name: value for name, value in fields.items() if name not in set(since_then)} | dict(until_then or {})


def _list_of(objects: Sequence[Mapping[str, object]], url: str) -> Fields:
    return {"object": "list", "data": list(objects), "has_more": False, "total_count": len(objects), "url": url}


def _address() -> Fields:
    return {"city": _CITY, "country": "US", "line1": _STREET, "line2": None, "postal_code": "02134", "state": "MA"}


def _billing_details() -> Fields:
    return {"address": _address(), "email": _EMAIL, "name": _NAME, "phone": _PHONE, "tax_id": None}


def _outcome(kind: str, network_status: str, reason: str | None, seller_message: str) -> Fields:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 7,
        "seller_message": seller_message,
        "type": kind,
    }


def _card() -> Fields:
    return {
        "amount_authorized": AMOUNT,
        "authorization_code": None,
        "brand": "visa",
        "checks": {
            "address_line1_check": "pass",
            "address_postal_code_check": "pass",
            "cvc_check": "pass",
        },
        "country": "US",
        "exp_month": 11,
        "exp_year": 2031,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": _FINGERPRINT,
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": _LAST4,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": "visa",
        "network_token": {"used": False},
        "network_transaction_id": "104557651805572",
        "overcapture": {"maximum_amount_capturable": AMOUNT, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "wallet": None,
    }


def _payment_method() -> Fields:
    """The one that was declined; the error contains all of it."""
    return {
        "id": "pm_0",
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing_details(),
        "card": {
            **{name: _card()[name] for name in ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint")},
            **{name: _card()[name] for name in ("funding", "last4", "regulated_status", "wallet")},
            "display_brand": "visa",
            "generated_from": None,
            "networks": {"available": ["visa"], "preferred": None},
            "three_d_secure_usage": {"supported": True},
        },
        "created": _SECONDS,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


OBJECT_OF: Final[Mapping[str, Callable[..., Fields]]] = {
    "payment_intent.succeeded": a_payment_intent,
    "charge.succeeded": a_charge,
    "charge.captured": a_charge,
    "checkout.session.completed": a_checkout_session,
    "checkout.session.async_payment_succeeded": a_checkout_session,
    "payment_intent.processing": a_processing_intent,
    "payment_intent.partially_funded": a_partially_funded_intent,
    "payment_intent.requires_action": a_waiting_intent,
    "payment_intent.amount_capturable_updated": an_authorised_intent,
    "charge.pending": a_pending_charge,
    "payment_intent.payment_failed": a_declined_intent,
    "charge.failed": a_failed_charge,
    "checkout.session.async_payment_failed": an_unpaid_session,
    "payment_intent.canceled": a_canceled_intent,
    "checkout.session.expired": an_expired_session,
    "charge.refunded": a_refunded_charge_object,
    "refund.created": a_refund_object,
    "refund.updated": a_refund_object,
    "refund.failed": a_failed_refund,
    "charge.refund.updated": a_refund_object,
    "charge.dispute.created": a_dispute_object,
    "charge.dispute.updated": a_dispute_object,
    "charge.dispute.closed": a_dispute_object,
    "charge.dispute.funds_withdrawn": a_dispute_object,
    "charge.dispute.funds_reinstated": a_dispute_object,
}
"""For every type of event that is handled, the object that it usually carries, given the API version."""
