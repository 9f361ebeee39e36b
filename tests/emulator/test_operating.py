"""The operators' command line on a real database: `why`, what waits, and orders of a small shop."""

import json
from datetime import timedelta
from typing import Any

from ops.exit_codes import ExitCode
from tests.emulator.ordering_shop import DISPUTE_OPENED, PAID, Shop, operated
from tests.support.builders import NOW, an_order

AT = NOW + timedelta(minutes=1)


def test_a_small_shop_answers_what_an_operator_asks(shop: Shop) -> None:
    def answered(code: ExitCode, *words: str) -> Any:
        result = operated(shop.client, *words, "--json", clock=lambda _: AT)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    assert shop.report(PAID, "evt_paid", amount_received=3_000) == "quarantined"
    assert shop.report(DISPUTE_OPENED, "evt_disputed") == "dispute_recorded"
    shop.write("orders/order-2", an_order(createdAt=AT))

    report = answered(ExitCode.FOUND, "why", "pi_1")
    assert (report["order_id"], report["status"]) == ("order-1", "review")
    assert [each["what"] for each in report["timeline"] if "notice" not in each["what"]] == [PAID, DISPUTE_OPENED]
    assert [step["command"] for step in report["next"]][:2] == ["./shop accept order-1", "./shop refund order-1"]
    assert [(row["product_id"], row["held"], row["reserved"]) for row in report["stock"]] == [
        ("shirt", 2, 2),
        ("hat", 1, 1),
    ]

    concerns = answered(ExitCode.FOUND, "status")["concerns"]
    waiting = {each["name"]: each["money"] for each in concerns if each["count"]}
    assert waiting == {
        "review": [{"amount": 3_000, "currency": "eur"}],
        "disputes": [{"amount": 3_600, "currency": "eur"}],
    }

    first = answered(ExitCode.FINE, "orders", "--limit", "1")
    rest = answered(ExitCode.FINE, "orders", "--limit", "1", "--after", first["next"])
    assert [order["order_id"] for page in (first, rest) for order in page["orders"]] == ["order-2", "order-1"]
    hits = answered(ExitCode.FINE, "search", "order")
    assert {hit["id"] for hit in hits} == {"order-1", "order-2"}
    assert answered(ExitCode.FINE, "stock", "hat")["held_by"][0]["order_id"] == "order-1"
