"""Complete refunds: https://docs.stripe.com/api/refunds/object."""

from tests.support.builders import Fields
from tests.support.stripe.customer import BANK_REFERENCE
from tests.support.stripe.versions import AMOUNT, CURRENT, SECONDS, nulls, written_in


def a_refund_object(api_version: str = CURRENT, **fields: object) -> Fields:
    """A refund of the whole charge."""
    always: Fields = {
        "id": "re_1",
        "object": "refund",
        "amount": AMOUNT,
        "balance_transaction": "txn_2",
        "charge": "ch_1",
        "created": SECONDS,
        "currency": "eur",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "requested_by_customer",
        "receipt_number": "1234-5678",
        "status": "succeeded",
        **nulls("source_transfer_reversal", "transfer_reversal"),
    }
    destination = {
        "reference": BANK_REFERENCE,
        "reference_status": "available",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    since: Fields = {
        "destination_details": {"card": destination, "type": "card"},
        **nulls("customer", "customer_account", "description", "failure_balance_transaction", "failure_reason"),
        **nulls("instructions_email", "next_action", "payment_method", "pending_reason", "presentment_details"),
    }
    return written_in(api_version, always, since=since, but=fields)


def a_failed_refund(api_version: str = CURRENT, **fields: object) -> Fields:
    """The bank could not return the money: the shop has it again."""
    failed: Fields = {"failure_balance_transaction": "txn_3", "failure_reason": "lost_or_stolen_card"}
    return a_refund_object(api_version, **failed | {"status": "failed"} | fields)
