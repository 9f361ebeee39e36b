"""The customer and payment method in Stripe's objects: private data for no document and no log."""

from typing import Final

from tests.support.builders import Fields
from tests.support.stripe.versions import AMOUNT, SECONDS, nulls

LAST4, FINGERPRINT, BANK_LAST4, BANK_FINGERPRINT = "4242", "gXk2fYmTq7RzP0aB", "3000", "wN4vHs8KcJ1dLe9u"
NAME, EMAIL, PHONE, IP = "Alice Liddell", "alice@example.com", "+15005550006", "203.0.113.7"
STREET, CITY = "1 Rabbit Hole Lane", "Wonderland"
CLIENT_SECRET: Final = "pi_1_secret_of_nobody"
RECEIPT: Final = "https://pay.stripe.example/receipts/of-nobody"
BANK_REFERENCE: Final = "24492150000000000000001"
SELLER_MESSAGE: Final = "The bank returned a decline code that is meant for the seller."

PRIVATE: Final = (
    *(LAST4, FINGERPRINT, BANK_LAST4, BANK_FINGERPRINT, NAME, EMAIL, PHONE, STREET, CITY, IP),
    *(CLIENT_SECRET, RECEIPT, BANK_REFERENCE, SELLER_MESSAGE, "visa"),
)
"""What the objects contain about a customer, a card or a secret."""


def address() -> Fields:
    return {"city": CITY, "country": "US", "line1": STREET, "line2": None, "postal_code": "02134", "state": "MA"}


def shipping() -> Fields:
    return {"address": address(), "carrier": None, "name": NAME, "phone": PHONE, "tracking_number": None}


def billing_details() -> Fields:
    return {"address": address(), "email": EMAIL, "name": NAME, "phone": PHONE, "tax_id": None}


def card() -> Fields:
    return {
        **nulls("authorization_code", "installments", "mandate", "three_d_secure", "wallet"),
        "amount_authorized": AMOUNT,
        "brand": "visa",
        "checks": dict.fromkeys(("address_line1_check", "address_postal_code_check", "cvc_check"), "pass"),
        "country": "US",
        "exp_month": 11,
        "exp_year": 2031,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": FINGERPRINT,
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "last4": LAST4,
        "multicapture": {"status": "unavailable"},
        "network": "visa",
        "network_token": {"used": False},
        "network_transaction_id": "104557651805572",
        "overcapture": {"maximum_amount_capturable": AMOUNT, "status": "unavailable"},
        "regulated_status": "unregulated",
    }


def payment_method() -> Fields:
    """The declined one; the error contains all of it."""
    of_card = (
        *("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"),
        *("regulated_status", "wallet"),
    )
    return {
        "id": "pm_0",
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details(),
        "card": {
            **{name: card()[name] for name in of_card},
            "display_brand": "visa",
            "generated_from": None,
            "networks": {"available": ["visa"], "preferred": None},
            "three_d_secure_usage": {"supported": True},
        },
        "created": SECONDS,
        "livemode": False,
        "metadata": {},
        "type": "card",
        **nulls("customer", "customer_account"),
    }
