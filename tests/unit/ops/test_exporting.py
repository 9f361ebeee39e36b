"""An accountant's rows from one order's documents."""

import io

from ops.export import _csv_into
from ops.exporting import EXPORTS
from orders.money import Money
from tests.support.builders import a_placement
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, an_updated_refund
from tests.support.shop import a_shop_after, document_at


def test_what_is_refunded_of_a_payment_is_what_is_refunded_of_its_order() -> None:
    store = a_shop_after(a_placement(), a_payment(), an_updated_refund("evt_2", a_refund(amount=500)))
    order = document_at(store, "orders/order-1")
    [paid] = EXPORTS["payments"].rows("order-1", order)
    [sold] = EXPORTS["orders"].rows("order-1", order)
    assert (paid["amountRefunded"], sold["amountRefunded"]) == (500, 500)


def test_what_was_asked_in_another_currency_than_was_paid_is_no_amount_of_the_row() -> None:
    dollars = a_payment(money=Money(4_000, "usd"))
    [row] = EXPORTS["orders"].rows("order-1", document_at(a_shop_after(a_placement(), dollars), "orders/order-1"))
    assert (row["amountAsked"], row["amountReceived"], row["currency"]) == (None, 4_000, "usd")
    [unpaid] = EXPORTS["orders"].rows("order-1", document_at(a_shop_after(a_placement()), "orders/order-1"))
    assert (unpaid["amountAsked"], unpaid["amountReceived"], unpaid["currency"]) == (3_600, None, "eur")


def test_a_file_for_a_spreadsheet_has_no_formula_of_a_customers() -> None:
    written = io.StringIO()
    write = _csv_into(written, ("orderId", "amount", "status"))
    for order_id in ("=1+1", "-A1", "+1", "@now", "order-1"):
        write({"orderId": order_id, "amount": -5, "status": 'a"b,c'})
    heading, *rows = written.getvalue().splitlines()
    assert heading == "orderId,amount,status"
    end = ',-5,"a""b,c"'
    assert rows == [f"{begin}{end}" for begin in ("'=1+1", "'-A1", "'+1", "'@now", "order-1")]
