"""What an accountant is given of one order's documents."""

from ops.exporting import EXPORTS
from tests.support.builders import a_payment, a_placement, a_refund, an_updated_refund
from tests.support.shop import a_shop_after, document_at


def test_what_is_refunded_of_a_payment_is_what_is_refunded_of_its_order() -> None:
    store = a_shop_after(a_placement(), a_payment(), an_updated_refund("evt_2", a_refund(amount=500)))
    order = document_at(store, "orders/order-1")
    [paid] = EXPORTS["payments"].rows("order-1", order)
    [sold] = EXPORTS["orders"].rows("order-1", order)
    assert (paid["amountRefunded"], sold["amountRefunded"]) == (500, 500)
