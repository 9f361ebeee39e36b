"""Builds the parameters of an order's Checkout session. Pure.

https://docs.stripe.com/api/checkout/sessions/create
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from inventory.catalogue import Listed
from orders.adjustments import Adjustment
from orders.checkout import ON_THE_WAY_MAX
from orders.frozen import frozen
from orders.money import Money
from orders.order import Order, OrderLine

SESSION_MIN: Final = timedelta(minutes=30)
SESSION_MAX: Final = timedelta(hours=24)
"""How long a session may be open, from its creation by Stripe."""
LINES_MAX: Final = 100
SHIPPING_RATES_MAX: Final = 5
NAME_CHARACTERS_MAX: Final = 250
_METADATA_CHARACTERS_MAX: Final = 500
ORDER_ID: Final = "{orderId}"

Parameters = Mapping[str, object]


@frozen
class CheckoutTerms:
    """How the shop's customers pay, according to its settings."""

    success_url: str
    """Where customers go once they are done. `{orderId}` becomes the order's id, and Stripe replaces
    `{CHECKOUT_SESSION_ID}`."""
    cancel_url: str | None = None
    """Where Stripe's page leads back to."""
    is_embedded: bool = False
    """Whether the session is embedded in the shop's own page."""
    shipping_rates: tuple[str, ...] = ()
    """The ids of Stripe's shipping rates that customers choose from."""
    ships_to: tuple[str, ...] = ()
    """Countries that the shop ships to; empty if it needs no address."""
    automatic_tax: bool = False
    """Whether Stripe calculates the tax, on top of the price unless the account's settings say otherwise."""
    promotion_codes: bool = False
    """Whether customers may enter a promotion code of the account."""

    @property
    def adds(self) -> bool:
        """Whether the customer may pay another amount than the order asks."""
        return bool(self.shipping_rates) or self.automatic_tax or self.promotion_codes


class Opening(NamedTuple):
    """What a session is opened for."""

    order: Order
    attempt: int
    asked: Money
    """What the order asks."""
    listed: Mapping[str, Listed]
    """All of its products, as far as the catalogue has them."""
    expires_at: datetime
    email: str | None = None
    """The customer's."""


def parameters_of(opening: Opening, terms: CheckoutTerms, shop_id: str | None) -> Parameters:
    """All that Stripe is asked for, always the same for the same opening.

    The order's id is in all three places where Stripe's events may show it: the session's metadata, its client
    reference and its payment's metadata. The attempt is beside it, so that a payment shows whether it was made in this
    session.
    """
    order_id = opening.order.order_id
    metadata = {"orderId": order_id, "checkout": str(opening.attempt), **({"shop": shop_id} if shop_id else {})}
    return {
        "mode": "payment",
        "line_items": line_items_of(opening),
        "client_reference_id": order_id,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "expires_at": int(opening.expires_at.timestamp()),
        "locale": "auto",
        **({"customer_email": opening.email} if opening.email else {}),
        **_addresses(order_id, terms),
        **_additions(terms),
    }


def end_of_session(order: Order, now: datetime, at_most: datetime) -> datetime | None:
    """When a session that is opened now expires: as late as the order is held, within Stripe's limits.

    Args:
        at_most: until when the order can be held for it.

    Returns:
        None if that is too short for a session.
    """
    earliest, latest = now + SESSION_MIN + ON_THE_WAY_MAX, min(now + SESSION_MAX - ON_THE_WAY_MAX, at_most)
    held_until = (order.reservation_expires_at or earliest) - ON_THE_WAY_MAX
    # Stripe counts whole seconds.
    return min(max(held_until, earliest), latest).replace(microsecond=0) if earliest <= latest else None


def line_items_of(opening: Opening) -> Sequence[Mapping[str, object]]:
    """The order's lines at the catalogue's prices if they add up to what it asks; otherwise one line for all of it.

    They do not if the catalogue has changed since the order was held, if the shop's backend has written another total,
    or if an adjustment lowers the price, since Stripe has no negative lines. An adjustment that raises it is a line of
    its own.
    """
    currency, order = opening.asked.currency, opening.order
    sold = [_sold(line, opening.listed.get(line.product_id), currency) for line in order.lines]
    added = [_Line(_in_words(each), 1, each.amount) for each in order.adjustments if each.amount]
    lines = [*(line for line in sold if line), *added]
    is_itemized = (
        None not in sold
        and 0 < len(lines) <= LINES_MAX
        and all(line.unit_amount >= 0 for line in lines)
        and sum(line.quantity * line.unit_amount for line in lines) == opening.asked.amount
    )
    whole = _Line(f"Order {order.order_id}", 1, opening.asked.amount)
    return [line.parameters(currency) for line in (lines if is_itemized else [whole])]


class _Line(NamedTuple):
    name: str
    quantity: int
    unit_amount: int
    product_id: str | None = None

    def parameters(self, currency: str) -> Parameters:
        product: dict[str, object] = {"name": self.name[:NAME_CHARACTERS_MAX]}
        if self.product_id:
            product["metadata"] = {"productId": self.product_id[:_METADATA_CHARACTERS_MAX]}
        price = {"currency": currency, "unit_amount": self.unit_amount, "product_data": product}
        return {"quantity": self.quantity, "price_data": price}


def _sold(line: OrderLine, listed: Listed | None, currency: str) -> _Line | None:
    """The line at the catalogue's price; None if the product has none in this currency."""
    if listed is None or listed.unit_price is None or listed.unit_price.currency != currency:
        return None
    name = (listed.name or "").strip() or line.product_id
    return _Line(name, line.quantity, listed.unit_price.amount, line.product_id)


def _in_words(adjustment: Adjustment) -> str:
    return (adjustment.label or "").strip() or adjustment.kind.replace("_", " ").capitalize()


def _addresses(order_id: str, terms: CheckoutTerms) -> Parameters:
    success_url = terms.success_url.replace(ORDER_ID, order_id)
    if terms.is_embedded:
        return {"ui_mode": "embedded_page", "return_url": success_url}
    back = {"cancel_url": terms.cancel_url.replace(ORDER_ID, order_id)} if terms.cancel_url else {}
    return {"success_url": success_url, **back}


def _additions(terms: CheckoutTerms) -> Parameters:
    """The parameters by which Stripe may adjust the price, and what it needs for that."""
    parameters: dict[str, object] = {}
    if terms.shipping_rates:
        parameters["shipping_options"] = [{"shipping_rate": rate} for rate in terms.shipping_rates]
    if terms.ships_to:
        parameters["shipping_address_collection"] = {"allowed_countries": list(terms.ships_to)}
    if terms.automatic_tax:
        parameters["automatic_tax"] = {"enabled": True}
    if terms.promotion_codes:
        parameters["allow_promotion_codes"] = True
    return parameters
