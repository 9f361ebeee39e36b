"""Complete Checkout sessions: https://docs.stripe.com/api/checkout/sessions/object."""

from tests.support.builders import Fields
from tests.support.stripe.customer import EMAIL, NAME, PHONE, address
from tests.support.stripe.versions import AMOUNT, CURRENT, IN_2020, SECONDS, nulls, written_in


def a_checkout_session(api_version: str = CURRENT, **fields: object) -> Fields:
    """Completed and paid."""
    always: Fields = {
        "id": "cs_1",
        "object": "checkout.session",
        "amount_subtotal": AMOUNT,
        "amount_total": AMOUNT,
        "billing_address_collection": "required",
        "cancel_url": "https://shop.example/cart",
        "currency": "eur",
        "customer_email": EMAIL,
        "livemode": False,
        "locale": "auto",
        "metadata": {"orderId": "order-1"},
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "shipping_address_collection": {"allowed_countries": ["US"]},
        "status": "complete",
        "success_url": "https://shop.example/thanks",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        **nulls("allow_promotion_codes", "client_reference_id", "customer", "setup_intent", "submit_type"),
        **nulls("subscription", "url"),
    }
    customer = {"email": EMAIL, "phone": PHONE, "tax_exempt": "none", "tax_ids": []}
    shipped_to = {"address": address(), "name": NAME}
    until: Fields = {
        "automatic_tax": {"enabled": False, "status": None},
        "customer_details": customer,
        "shipping": shipped_to,
    }
    newer = {"address": address(), "name": NAME, **nulls("business_name", "individual_name")}
    since: Fields = {
        "customer_details": customer | newer,
        "collected_information": {**nulls("business_name", "individual_name"), "shipping_details": shipped_to},
        **_since_2020(),
    }
    return written_in(api_version, always, since=since, until=until, but=fields)


def _since_2020() -> Fields:
    """The fields that are not about the customer."""
    branding = {
        "background_color": "#ffffff",
        "border_style": "rounded",
        "button_color": "#0074d4",
        "display_name": "Shirts",
        "font_family": "default",
        **nulls("icon", "logo"),
    }
    invoice_data = {
        **nulls("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options"),
        "metadata": {},
    }
    return {
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False, **nulls("liability", "provider", "status")},
        "branding_settings": branding,
        "created": SECONDS,
        "custom_fields": [],
        "custom_text": nulls("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"),
        "customer_creation": "if_required",
        "discounts": [],
        "expires_at": SECONDS + 86_400,
        "invoice_creation": {"enabled": False, "invoice_data": invoice_data},
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": {"id": "pmc_1", "parent": None},
        "phone_number_collection": {"enabled": True},
        "shipping_options": [],
        "tax_id_collection": {"enabled": False, "required": "never"},
        "ui_mode": "hosted_page",
        **nulls("after_expiration", "allowed_payment_method_types", "client_secret", "consent", "consent_collection"),
        **nulls("currency_conversion", "customer_account", "excluded_payment_method_types", "integration_identifier"),
        **nulls("invoice", "managed_payments", "name_collection", "optional_items", "origin_context", "payment_link"),
        **nulls("permissions", "presentment_details", "recovered_from", "redirect_on_completion", "return_url"),
        **nulls("saved_payment_method_options", "shipping_cost", "wallet_options"),
    }


def an_unpaid_session(api_version: str = CURRENT, **fields: object) -> Fields:
    """Completed with a payment method that takes days."""
    return a_checkout_session(api_version, **{"payment_status": "unpaid", **fields})


def an_expired_session(api_version: str = CURRENT, **fields: object) -> Fields:
    """Not completed in time, so without any attempt to pay."""
    expired: Fields = {"customer_details": None, "payment_status": "unpaid", "status": "expired"}
    # Until 2022-08-01, sessions had their PaymentIntent from the start.
    without = {} if api_version == IN_2020 else nulls("collected_information", "payment_intent")
    return a_checkout_session(api_version, **expired | without | fields)
