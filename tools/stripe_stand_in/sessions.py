"""Checkout sessions: create, pay, decline, expire (https://docs.stripe.com/api/checkout/sessions)."""

from http import HTTPStatus

from tools.stripe_events import CardPayment, Json, charge_object, decline_of, intent_object, session_object
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused, no_such
from tools.stripe_stand_in.session_checks import EXPIRES_SECONDS_MAX, check_session, currency_of, unit_amount


def create(account: Account, asked: Json) -> Json:
    """Raises Refused."""
    check_session(account, asked)
    subtotal = sum(unit_amount(item) * item["quantity"] for item in asked["line_items"])
    shipping = [_shipping_rate(account, option, at) for at, option in enumerate(asked.get("shipping_options", []))]
    is_hosted = asked.get("ui_mode", "hosted_page") == "hosted_page"
    name = account.new_name()
    session_id = f"cs_test_{name}"
    payment = _payment(name, subtotal, currency_of(asked), account.now)
    session = session_object(
        payment,
        id=session_id,
        metadata=asked.get("metadata", {}),
        client_reference_id=asked.get("client_reference_id"),
        customer_email=asked.get("customer_email"),
        automatic_tax={"enabled": asked.get("automatic_tax", {}).get("enabled", False), "status": None},
        allow_promotion_codes=asked.get("allow_promotion_codes"),
        cancel_url=asked.get("cancel_url"),
        success_url=asked.get("success_url"),
        return_url=asked.get("return_url"),
        locale=asked.get("locale"),
        ui_mode=asked.get("ui_mode", "hosted_page"),
        url=f"{account.origin}/pay/{session_id}" if is_hosted else None,
        client_secret=None if is_hosted else f"{session_id}_secret_{name}",
        expires_at=asked.get("expires_at", account.now + EXPIRES_SECONDS_MAX),
        payment_intent=None,
        payment_method_types=asked.get("payment_method_types", ["card"]),
        payment_status="unpaid",
        shipping_options=[{"shipping_amount": rate["amount"], "shipping_rate": rate["id"]} for rate in shipping],
        status="open",
    )
    # The first option applies until the customer chooses another.
    _set_totals(session, shipping=shipping[0] if shipping else None, tax=0, discount=0)
    account.sessions[session_id] = session
    account.asked[session_id] = asked
    return session


def expire(account: Account, session: Json) -> Json:
    """Raises Refused."""
    if session["status"] != "open":
        raise Refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    session.update(status="expired", url=None)
    account.report("checkout.session.expired", session)
    return session


def expire_what_is_due(account: Account) -> None:
    for session in account.sessions.values():
        if session["status"] == "open" and session["expires_at"] <= account.now:
            expire(account, session)


def complete(account: Account, session: Json, *, shipping: int, tax: int, discount: int, is_slow: bool) -> Json:
    """The customer pays, at once or by a method that takes days, which `settle` ends.

    Args:
        shipping: the index of the chosen shipping option, from 0.

    Raises:
        Refused: the session is not open, or does not let the customer do this.
    """
    if session["status"] != "open":
        raise Refused(f"This session is {session['status']}.")
    _set_totals(session, shipping=_chosen(account, session, shipping), tax=tax, discount=discount)
    if session["amount_total"] == 0:
        # No payment is made: https://docs.stripe.com/payments/checkout/no-cost-orders.
        session.update(status="complete", payment_status="no_payment_required", url=None)
    else:
        _pay(account, session, is_slow=is_slow)
    account.report("checkout.session.completed", session)
    return session


def decline(account: Account, session: Json) -> Json:
    """The bank declines the customer's card; the session stays open. Raises Refused: it is not open."""
    if session["status"] != "open":
        raise Refused(f"This session is {session['status']}.")
    intent, charge = _begin(account, session)
    _fail(intent, charge)
    account.report("charge.failed", charge)
    account.report("payment_intent.payment_failed", intent)
    return session


def settle(account: Account, session: Json, *, is_paid: bool) -> Json:
    """The payment that was processing succeeds or fails. Raises Refused: none is processing."""
    intent = account.intents.get(session["payment_intent"] or "", {})
    if intent.get("status") != "processing":
        raise Refused("No money of this session is on its way.")
    charge = account.charges[intent["latest_charge"]]
    if is_paid:
        _succeed(intent, charge)
        session["payment_status"] = "paid"
        ends = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.async_payment_succeeded")
    else:
        _fail(intent, charge)
        ends = ("charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed")
    for event_type, changed in zip(ends, (charge, intent, session), strict=True):
        account.report(event_type, changed)
    return session


def _pay(account: Account, session: Json, *, is_slow: bool) -> None:
    intent, charge = _begin(account, session)
    session.update(status="complete", url=None, payment_intent=intent["id"])
    if is_slow:
        intent["status"], charge["status"] = "processing", "pending"
        charge.update(paid=False)
        account.report("charge.pending", charge)
        account.report("payment_intent.processing", intent)
    else:
        _succeed(intent, charge)
        session["payment_status"] = "paid"
        account.report("charge.succeeded", charge)
        account.report("payment_intent.succeeded", intent)


def _begin(account: Account, session: Json) -> tuple[Json, Json]:
    """The session's PaymentIntent, made at the first attempt, and a new charge for this attempt."""
    payment = _payment(account.new_name(), session["amount_total"], session["currency"], account.now)
    data = account.asked[session["id"]].get("payment_intent_data", {})
    intent = account.intents.get(session["payment_intent"] or "")
    if intent is None:
        intent = intent_object(payment, "requires_payment_method")
        account.intents[intent["id"]] = intent
    intent.update(
        amount=payment.amount,
        metadata=data.get("metadata", {}),
        description=data.get("description"),
        receipt_email=data.get("receipt_email"),
        latest_charge=payment.charge_id,
        last_payment_error=None,
    )
    session["payment_intent"] = intent["id"]
    # Stripe copies metadata to the charge once, when the charge is made.
    charge = charge_object(payment, payment_intent=intent["id"], metadata=dict(intent["metadata"]))
    account.charges[charge["id"]] = charge
    return intent, charge


def _succeed(intent: Json, charge: Json) -> None:
    intent.update(status="succeeded", amount_received=intent["amount"])
    charge.update(status="succeeded", paid=True)


def _fail(intent: Json, charge: Json) -> None:
    intent.update(status="requires_payment_method", last_payment_error=decline_of(charge["id"]))
    charge.update(status="failed", paid=False, captured=False, amount_captured=0, failure_code="card_declined")


def _payment(name: str, amount: int, currency: str, now: int) -> CardPayment:
    # No order id here: the objects' metadata comes from the session's parameters.
    return CardPayment(name, "", amount, currency, now)


def _set_totals(session: Json, *, shipping: Json | None, tax: int, discount: int) -> None:
    amount_shipping = shipping["amount"] if shipping else 0
    session["total_details"] = {"amount_discount": discount, "amount_shipping": amount_shipping, "amount_tax": tax}
    session["shipping_cost"] = shipping and {
        "amount_subtotal": amount_shipping,
        "amount_tax": 0,
        "amount_total": amount_shipping,
        "shipping_rate": shipping["id"],
    }
    session["amount_total"] = session["amount_subtotal"] - discount + amount_shipping + tax


def _chosen(account: Account, session: Json, shipping: int) -> Json | None:
    options = session["shipping_options"]
    if shipping and shipping >= len(options):
        raise Refused(f"This session has {len(options)} shipping options.")
    return account.shipping_rates[options[shipping]["shipping_rate"]] if options else None


def _shipping_rate(account: Account, option: Json, at: int) -> Json:
    """The named rate, or one made from the given data. Raises Refused."""
    param = f"shipping_options[{at}]"
    if ("shipping_rate" in option) == ("shipping_rate_data" in option):
        raise Refused("You must specify either `shipping_rate` or `shipping_rate_data`.", param=param)
    if named := option.get("shipping_rate"):
        if named not in account.shipping_rates:
            raise no_such("shipping rate", named, f"{param}[shipping_rate]", HTTPStatus.BAD_REQUEST)
        return account.shipping_rates[named]
    data = option["shipping_rate_data"]
    if "fixed_amount" not in data or data.get("type", "fixed_amount") != "fixed_amount":
        raise Refused("Missing required param: fixed_amount.", code="parameter_missing", param=param)
    rate = {"id": f"shr_{account.new_name()}", **data["fixed_amount"], "display_name": data["display_name"]}
    account.shipping_rates[rate["id"]] = rate
    return rate
