"""The commands beside the emulators do what Stripe, the merchant and the clock would do."""

import runpy
import sys
from collections.abc import Callable

import pytest
from google.cloud import firestore

from tests.e2e.running_shop import RunningShop
from tools.catalogue import CATALOGUE, seed

Tool = Callable[..., str]


@pytest.fixture
def tool(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Runs a tool as `python -m` does, but in this process, which has it loaded; returns its output."""

    def run(name: str, *words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", [name, *words])
        monkeypatch.delitem(sys.modules, f"tools.{name}", raising=False)
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(f"tools.{name}", run_name="__main__")
        assert ended.value.code == code
        said = capsys.readouterr()
        return said.out + said.err

    return run


def test_an_order_is_paid_and_refunded_and_each_answer_gives_its_reason(shop: RunningShop, tool: Tool) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    unpriced = f"Order {order_id} is reserved and has no price: name one with AMOUNT=... CURRENCY=...\n"
    assert tool("pay", f"--order={order_id}", code=1) == unpriced
    # The backend sets the price.
    shop.client.document(f"orders/{order_id}").update({"amountTotal": 3_600, "currency": "eur"})
    reason = "amount_mismatch: 5 eur was paid, 3600 eur was asked"
    wrong = tool("pay", f"--order={order_id}", "--amount=5", "--event=charge.succeeded")
    assert wrong.endswith(f": 200 quarantined: {reason}\nOrder {order_id} is review.\n")
    paid = tool("pay", f"--order={order_id}")
    assert f"Order {order_id} is finalized.\n" in paid
    payment = paid.split("PAYMENT=")[1].split()[0]
    again = tool("pay", f"--order={order_id}", f"--payment={payment}")
    assert ": 200 duplicate_detected\n" in again
    too_much = f"AMOUNT must be from 1 to 3600: that is left of payment {payment}.\n"
    assert tool("refund", f"--order={order_id}", "--amount=3601", code=1) == too_much
    assert tool("refund", f"--order={order_id}").endswith(f": 200 refunded\nOrder {order_id} is refunded.\n")
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 0}


def test_an_order_that_does_not_exist_is_answered_with_the_latest(shop: RunningShop, tool: Tool) -> None:
    shop.place_order("order", shirt=3)
    nobodys = shop.id("nobodys")
    assert tool("refund", f"--order={nobodys}", code=1).startswith(f"There is no order {nobodys}. The latest: ")
    assert tool("pay", code=1).startswith("Which order? Name it with ORDER=... The latest: ")


def test_a_sweep_expires_what_nobody_pays_and_releases_its_units_but_not_before_its_time(
    shop: RunningShop, tool: Tool
) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    assert tool("sweep").startswith("Swept: ")
    assert shop.get(f"orders/{order_id}")["status"] == "reserved"
    shop.expire_hold(order_id)
    assert tool("sweep").startswith("Swept: ")
    assert shop.get(f"orders/{order_id}")["status"] == "expired"
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 0}
    assert shop.audit_entries(order_id)[f"lapsed_{order_id}"]["result"] == "expired"
    assert shop.notices() == ["reserved", "expired"]


def test_the_catalogue_is_completed_and_nothing_of_it_overwritten(firestore_client: firestore.Client) -> None:
    firestore_client.document("inventory/gift-tin").set({"stock": 7, "reserved": 1})
    assert seed(firestore_client) == 2 * len(CATALOGUE) - 1
    assert seed(firestore_client) == 0
    assert firestore_client.document("inventory/gift-tin").get().to_dict() == {"stock": 7, "reserved": 1}
