"""The payment page: what Stripe hosts, in a few lines."""

from html import escape

from werkzeug import Request, Response
from werkzeug.utils import redirect

from tools.stripe_events import Json
from tools.stripe_stand_in import sessions
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused
from tools.stripe_stand_in.routes import session_in


def respond(request: Request, account: Account, session_id: str) -> Response:
    """Raises Refused."""
    session = session_in(account, session_id)
    if request.method == "POST" and session["status"] == "open":
        if "decline" in request.form:
            return _shown(sessions.decline(account, session), account, "The bank has declined the card.")
        if "cancel" in request.form:
            return redirect(session["cancel_url"] or session["success_url"])
        chosen = int(request.form.get("shipping", "0"))
        sessions.complete(account, session, shipping=chosen, tax=0, discount=0, is_slow="slow" in request.form)
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)
    return _shown(session, account, "")


def refused(refusal: Refused) -> Response:
    return Response(escape(str(refusal)), refusal.status, mimetype="text/html")


def _shown(session: Json, account: Account, said: str) -> Response:
    lines = "".join(
        f"<li>{item['quantity']} of {escape(item['price_data'].get('product_data', {}).get('name', ''))}</li>"
        for item in account.asked[session["id"]]["line_items"]
    )
    shipping = "".join(
        f'<label><input type="radio" name="shipping" value="{at}"{"" if at else " checked"}>'
        f" {escape(account.shipping_rates[option['shipping_rate']]['display_name'])},"
        f" {option['shipping_amount']}</label><br>"
        for at, option in enumerate(session["shipping_options"])
    )
    is_open = session["status"] == "open"
    buttons = "".join(
        f'<button name="{name}">{words}</button> '
        for name, words in (
            ("pay", "Pay"),
            ("slow", "Pay by bank debit"),
            ("decline", "Be declined"),
            ("cancel", "Back"),
        )
        if is_open
    )
    return Response(
        f"<!doctype html><title>Stand-in for Stripe</title><h1>Stand-in for Stripe</h1><p>{escape(said)}</p>"
        f"<ul>{lines}</ul><p>{session['amount_total']} {session['currency']}, minor units</p>"
        f"<form method=post>{shipping}<p>{buttons if is_open else escape(session['status'])}</p></form>",
        mimetype="text/html",
    )
