"""Refunded orders, and the events of their refunds."""

from dataclasses import replace
from typing import Any

from orders.events import ChargeRefunded, RefundUpdated
from orders.money import Money
from orders.order import Order
from orders.refunds import Refunds
from tests.support.builders import TERMS
from tests.support.orders import a_sold_order, known, lines_of, paid_as
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund

Refunding = ChargeRefunded | RefundUpdated


def refunded(amount: int = 3_600, refund_id: str = "re_1", status: str = "succeeded", **restock: int) -> RefundUpdated:
    """A single refund, as Stripe reports it."""
    return an_updated_refund("evt_1", a_refund(refund_id, amount, status, restock or None), order_id="order-1")


def paid(amount: int, currency: str = "eur") -> dict[str, Any]:
    return known(payments=paid_as(money=Money(amount, currency)))


def a_refunded_order(status: str = "refunded", **changes: Any) -> Order:
    """Its shirts were returned to stock."""
    return a_sold_order(status, **{"refunds": Refunds.of(a_refund()), "returned": {"shirt": 3}, **changes})


OF_ANOTHER = known(payments=paid_as(payment_id="pi_2", charge_id="ch_2"))
NO_RESTOCK = replace(TERMS, restock_on_refund=False)
FAILED, CHARGE = refunded(status="failed"), a_refunded_charge()
ONE, TWO_OF_THREE = a_refund("re_1", 1_200, restock={"shirt": 1}), a_refund("re_2", 2_400)
ONE_BACK = a_sold_order("partially_refunded", refunds=Refunds.of(ONE), returned={"shirt": 1})
TWO_PRODUCTS, ALL_OF_BOTH = known(lines=lines_of(shirt=2, mug=1)), {"shirt": 2, "mug": 1}
PARTLY = "partially_refunded"
