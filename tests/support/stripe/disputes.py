"""Complete disputes: https://docs.stripe.com/api/disputes/object."""

from datetime import datetime
from typing import Final

from tests.support.builders import Fields
from tests.support.stripe.customer import CITY, EMAIL, IP, NAME, STREET
from tests.support.stripe.versions import AMOUNT, CURRENT, DUE_BY, SECONDS, nulls, written_in

_UNKNOWN: Final = nulls(
    *("access_activity_log", "appeal", "cancellation_policy", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_communication", "customer_signature", "duplicate_charge_documentation"),
    *("duplicate_charge_explanation", "duplicate_charge_id", "product_description", "refund_policy"),
    *("refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation"),
    *("shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number"),
    *("uncategorized_file", "uncategorized_text"),
)
_FILLED_IN_BY_STRIPE: Final = {
    "billing_address": f"{STREET}, {CITY}",
    "customer_email_address": EMAIL,
    "customer_name": NAME,
    "customer_purchase_ip": IP,
    "receipt": "file_1",
}


def a_dispute_object(
    api_version: str = CURRENT, *, status: str = "needs_response", due_by: datetime | None = DUE_BY, **fields: object
) -> Fields:
    always: Fields = {
        "id": "dp_1",
        "object": "dispute",
        "amount": AMOUNT,
        "balance_transactions": [],
        "charge": "ch_1",
        "created": SECONDS,
        "currency": "eur",
        "evidence": {**_UNKNOWN, **_FILLED_IN_BY_STRIPE, "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": int(due_by.timestamp()) if due_by else None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        "status": status,
    }
    card = {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"}
    since: Fields = {
        "enhanced_eligibility_types": [],
        "intended_submission_method": "manual",
        "network_reason_code": "10.4",
        "payment_method_details": {"card": card, "type": "card"},
    }
    return written_in(api_version, always, since=since, but=fields)
