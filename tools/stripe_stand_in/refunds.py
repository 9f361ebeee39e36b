"""Refunds of charges: create, end, fail (https://docs.stripe.com/api/refunds)."""

from http import HTTPStatus

from tools.stripe_events import Json, refund_object
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused, no_such


def create(account: Account, asked: Json) -> Json:
    """Raises Refused."""
    charge = _charge_of(account, asked)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = asked.get("amount", left)
    if amount < 1:
        raise Refused("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise Refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    refund = refund_object(
        f"re_{account.new_name()}",
        amount,
        charge["currency"],
        account.now,
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        metadata=asked.get("metadata", {}),
        reason=asked.get("reason"),
        status="succeeded" if account.refund_outcome == "succeeded" else "pending",
    )
    account.refunds[refund["id"]] = refund
    _count(charge, amount)
    account.report("refund.created", refund)
    account.report("charge.refunded", charge)
    if account.refund_outcome == "failed":
        end(account, refund, is_paid=False)
    return refund


def end(account: Account, refund: Json, *, is_paid: bool) -> Json:
    """A pending refund succeeds or fails. Raises Refused: it is not pending."""
    if refund["status"] != "pending":
        raise Refused(f"This refund is {refund['status']}.")
    if is_paid:
        refund["status"] = "succeeded"
        account.report("refund.updated", refund)
    else:
        refund.update(status="failed", failure_reason="unknown")
        _count(account.charges[refund["charge"]], -refund["amount"])
        account.report("refund.failed", refund)
    account.report("charge.refund.updated", refund)
    return refund


def _count(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def _charge_of(account: Account, asked: Json) -> Json:
    intent_id, charge_id = asked.get("payment_intent"), asked.get("charge")
    if intent_id is None and charge_id is None:
        raise Refused("One of the following params should be provided for this request: payment_intent or charge.")
    if intent_id is not None:
        if intent_id not in account.intents:
            raise no_such("payment_intent", intent_id, "payment_intent", HTTPStatus.NOT_FOUND)
        of_intent = account.charges.get(account.intents[intent_id]["latest_charge"] or "", {})
        if charge_id not in (None, of_intent.get("id")):
            raise Refused("This charge is not of this PaymentIntent.", param="charge")
        charge_id = of_intent.get("id", "")
    charge = account.charges.get(charge_id or "")
    if charge is None and intent_id is None:
        raise no_such("charge", charge_id or "", "charge", HTTPStatus.NOT_FOUND)
    if charge is None or charge["status"] != "succeeded":
        raise Refused(f"{intent_id or charge_id} does not have a successful charge to refund.")
    return charge
