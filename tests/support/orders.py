"""Orders as settlement reads them, in each status: three shirts for 36 euros, ordered by alice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from orders.checkout import ON_THE_WAY_MAX, Checkout
from orders.money import Money
from orders.order import Order, OrderLine, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refund, Refunds
from tests.support.builders import NOW

EUR_36 = Money(3_600, "eur")
PAID = Payment("pi_1", PaymentState.SUCCEEDED, NOW, EUR_36, "ch_1")
PAID_NOW: dict[str, Any] = {"payments": Payments.of(PAID), "settled_by": "evt_1"}
"""By the event of the test, unless it gives another id."""
UNPRICED: dict[str, Any] = {"total": None, "items_total": None}


def a_pending_order(status: str = "pending", **changes: Any) -> Order:
    """Holds nothing, whatever its status."""
    statuses = {name: OrderStatus(changes[name]) for name in ("held_from", "unfulfilled_as") if changes.get(name)}
    order = Order("order-1", OrderStatus(status), "alice", lines_of(shirt=3), defect=None, total=None, created_at=NOW)
    return replace(order, **{**changes, **statuses})


def a_counted_order(status: str = "reserving", **changes: Any) -> Order:
    """Its units are counted as held, but not yet confirmed."""
    return a_pending_order(status, **{"held_from": "pending", "total": EUR_36, "items_total": EUR_36, **changes})


def a_held_order(status: str = "reserved", **changes: Any) -> Order:
    held = {
        "total": EUR_36,
        "items_total": EUR_36,
        "reserved_at": NOW,
        "reservation_expires_at": NOW + timedelta(minutes=30),
    }
    return a_pending_order(status, **{**held, **changes})


def a_sold_order(status: str = "finalized", **changes: Any) -> Order:
    """Paid, and its units taken from stock."""
    return a_held_order(
        status, **{"payments": Payments.of(PAID), "settled_by": "evt_0", "finalized_at": NOW, **changes}
    )


def known(**fields: Any) -> dict[str, Any]:
    """Named fields that several tests have in common."""
    return fields


def lines_of(**units: int) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(product_id, quantity) for product_id, quantity in units.items())


def paid_as(payment: Payment = PAID, **changes: Any) -> Payments:
    """The only known payment of an order."""
    return Payments.of(replace(payment, **changes))


def refunded_as(*refunds: Refund, charge_total: int = 0) -> dict[str, Any]:
    """The only known payment, with these refunds.

    Args:
        charge_total: the refunded amount that the charge itself names.
    """
    return known(payments=paid_as(amount_refunded=charge_total), refunds=Refunds.of(*refunds))


def an_order_in_checkout(checkout: Checkout, status: str = "reserved", **changes: Any) -> Order:
    """Held for this attempt, which is open."""
    until = checkout.expires_at + ON_THE_WAY_MAX
    held = {
        "checkout_attempts": checkout.attempt,
        "checkout_until": until,
        "priced_by_checkout": checkout.adds,
        "reservation_expires_at": until,
    }
    return a_held_order(status, **{**held, **changes})
