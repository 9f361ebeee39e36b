"""`./shop export`: one row per thing, amounts in minor units."""

import csv
import json
from datetime import datetime, timedelta

from click.testing import Result

from tests.emulator.ordering_shop import REFUNDED, Shop, operated


def exported(shop: Shop, *words: str) -> Result:
    result = operated(shop.client, "export", *words)
    assert result.exit_code == 0, result.output
    return result


def test_an_accountant_gets_each_order_payment_refund_and_entry_with_its_amount_and_currency(paid_shop: Shop) -> None:
    paid_shop.report(REFUNDED, "evt_refunded")
    received = paid_shop.order["amountReceived"]
    result = exported(paid_shop, "orders")
    (order,) = map(json.loads, result.stdout.splitlines())
    assert (order["orderId"], order["status"], order["currency"]) == ("order-1", "refunded", "eur")
    assert (order["amountReceived"], order["amountRefunded"]) == (received, received)
    assert result.stderr == "1 row. Stripe's fees are not included: they are only in Stripe's reports.\n"
    (payment,) = csv.DictReader(exported(paid_shop, "payments", "--format", "csv").stdout.splitlines())
    assert (payment["orderId"], payment["amount"], payment["currency"]) == ("order-1", str(received), "eur")
    entries = [json.loads(line) for line in exported(paid_shop, "trail").stdout.splitlines()]
    assert {(entry["eventId"], entry["sequence"]) for entry in entries} == {("evt_paid", 1), ("evt_refunded", 2)}
    for refund in map(json.loads, exported(paid_shop, "refunds").stdout.splitlines()):
        assert (refund["orderId"], refund["currency"]) == ("order-1", "eur")


def test_only_what_happened_in_the_window_is_exported(paid_shop: Shop) -> None:
    created = paid_shop.order["createdAt"]
    assert isinstance(created, datetime)
    day = f"{created:%Y-%m-%d}"
    assert exported(paid_shop, "orders", "--since", day).stdout != ""
    assert exported(paid_shop, "orders", "--until", day).stdout == ""
    assert exported(paid_shop, "orders", "--since", f"{created + timedelta(days=1):%Y-%m-%d}").stdout == ""
