"""The service's requests to Stripe, as Stripe accepts them."""

from typing import Any

from stripe._encode import _api_encode

from tools.stripe_stand_in.form import nested
from tools.stripe_stand_in.parameters import checked


def a_session_request(order_id: str = "order-1", **fields: object) -> dict[str, Any]:
    """For a Checkout session in which 3 shirts cost 36.00."""
    price = {"currency": "eur", "unit_amount": 1_200, "product_data": {"name": "Shirt"}}
    metadata = {"orderId": order_id}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 3, "price_data": price}],
        "client_reference_id": order_id,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/cart",
        **fields,
    }


def as_stripe_reads(request: dict[str, Any], kind: type) -> dict[str, Any]:
    """The request as Stripe decodes it, checked against Stripe's own type, one of `stripe.params`.

    Raises InvalidParameter: Stripe would refuse it.
    """
    return checked(nested((name, str(value)) for name, value in _api_encode(request)), kind)
