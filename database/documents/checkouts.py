"""`checkouts/{orderId}` ↔ the latest attempt to have an order paid in a Checkout session that the service opened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from database.documents.values import money_or_none, text_or_none, time_or_none
from database.store import Create, Document, Update
from orders.checkout import Checkout, CheckoutState, SessionTotals
from orders.money import amount_or_none, is_currency
from orders.numbers import whole_number
from orders.order import PAID, Order, OrderStatus
from settlement.snapshot import KnownCheckout, Snapshot

_STATES: Final = frozenset(CheckoutState)
_ENDS: Final = frozenset({OrderStatus.EXPIRED, OrderStatus.CANCELLED}) | PAID


def checkout_path(order_id: str) -> str:
    return f"checkouts/{order_id}"


def known_checkout_from(document: Document) -> KnownCheckout | None:
    """None if it cannot be read: then no session counts as the order's own."""
    fields = document.fields
    attempt, state = whole_number(fields.get("attempt")), text_or_none(fields.get("state"))
    asked, expires_at = (
        money_or_none(fields.get("asked"), fields.get("currency")),
        time_or_none(fields.get("expiresAt")),
    )
    if attempt is None or attempt < 1 or state not in _STATES or asked is None or expires_at is None:
        return None
    request, ends_as = fields.get("request"), text_or_none(fields.get("endsAs"))
    checkout = Checkout(
        attempt=attempt,
        asked=asked,
        adds=fields.get("adds") is True,
        expires_at=expires_at,
        is_marked=fields.get("marked") is True,
        request=request if isinstance(request, Mapping) else None,
        state=CheckoutState(state),
        session_id=text_or_none(fields.get("sessionId")),
        url=text_or_none(fields.get("url")),
        client_secret=text_or_none(fields.get("clientSecret")),
        ends_as=OrderStatus(ends_as) if ends_as in _ENDS else None,
    )
    return KnownCheckout(checkout, document.version)


def checkout_write(checkout: Checkout, order: Order, snapshot: Snapshot, now: datetime) -> Create | Update:
    """Write the attempt, unless it has changed since it was read."""
    path, known = checkout_path(order.order_id), snapshot.checkout
    fields = {**checkout_fields(checkout), "userId": order.user_id, "updatedAt": now}
    return Update(path, fields, known.version) if known else Create(path, fields)


def recorded_session(order_id: str, checkout: Checkout, version: object, now: datetime) -> Update:
    """Record Stripe's answer, unless the attempt has changed since Stripe was asked."""
    return Update(checkout_path(order_id), {**checkout_fields(checkout), "updatedAt": now}, version)


def checkout_fields(checkout: Checkout) -> dict[str, object]:
    return {
        "attempt": checkout.attempt,
        "state": str(checkout.state),
        "asked": checkout.asked.amount,
        "currency": checkout.asked.currency,
        "adds": checkout.adds,
        "expiresAt": checkout.expires_at,
        "marked": checkout.is_marked,
        "request": checkout.request,
        "sessionId": checkout.session_id,
        "url": checkout.url,
        "clientSecret": checkout.client_secret,
        "endsAs": str(checkout.ends_as) if checkout.ends_as else None,
    }


def totals_fields(totals: SessionTotals) -> dict[str, object]:
    """A session's totals, as a parked event stores them."""
    return {
        "subtotal": totals.subtotal,
        "total": totals.total,
        "discount": totals.discount,
        "shipping": totals.shipping,
        "tax": totals.tax,
        "currency": totals.currency,
    }


def totals_from(fields: object) -> SessionTotals | None:
    if not isinstance(fields, Mapping):
        return None
    subtotal, total, discount, shipping, tax = (
        amount_or_none(fields.get(name)) for name in ("subtotal", "total", "discount", "shipping", "tax")
    )
    currency = fields.get("currency")
    if subtotal is None or total is None or discount is None or shipping is None or tax is None:
        return None
    return SessionTotals(subtotal, total, discount, shipping, tax, currency) if is_currency(currency) else None
