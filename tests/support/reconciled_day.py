"""A day at a shop that missed some or all webhooks, and the shop after a reconciliation run."""

from collections.abc import Callable

from tests.support.reconciling import ShopAtStripe
from tests.support.shop import document_at


def a_day_at(shop: ShopAtStripe, deliver: Callable[[ShopAtStripe], object]) -> ShopAtStripe:
    """One order is paid and partly refunded, one paid and refunded, one paid by a slow method, one only placed."""
    payments = {}
    for order_id in ("order-1", "order-2", "order-3", "order-4"):
        shop.order(order_id, quantity=2)
    for order_id in ("order-1", "order-2"):
        shop.later(minutes=1)
        payments[order_id] = shop.pay(order_id, quantity=2)
    shop.pay("order-3", quantity=2, is_slow=True)
    shop.later(minutes=1)
    shop.refund(payments["order-1"], 500)
    shop.later(minutes=1)
    shop.refund(payments["order-2"])
    deliver(shop)
    shop.later(days=1)
    return shop


def nothing(_shop: ShopAtStripe) -> None:
    """No webhook arrives: all are lost, or the endpoint is disabled or has the wrong secret."""


def outcome_in(shop: ShopAtStripe) -> dict[str, dict[str, object]]:
    """Everything but which of several equivalent events came first."""
    kept = ("orders/", "inventory/", "payments/")
    found = {path: fields for path, fields in shop.documents().items() if path.startswith(kept)}
    of_the_trail = dict.fromkeys(("webhookEventId", "waiting", "auditCount"))
    return {path: {**fields, **of_the_trail} for path, fields in found.items()}


def a_reconciled_shop() -> ShopAtStripe:
    shop = a_day_at(ShopAtStripe(), ShopAtStripe.deliver)
    assert shop.reconcile().opened == ()
    return shop


def lose(shop: ShopAtStripe, *paths: str) -> None:
    for path in paths:
        shop.store.delete(path)


def a_payment_of(order_id: str, shop: ShopAtStripe) -> str:
    return str(document_at(shop.store, f"orders/{order_id}")["paymentIntentId"])


def refund_more(shop: ShopAtStripe) -> None:
    next(iter(shop.account.refunds.values()))["amount"] += 1
