"""A customer is erased as docs/privacy.md says, and the shop goes on."""

import re
import runpy
import textwrap
from pathlib import Path

import pytest

from tests.emulator.ordering_shop import ON_THE_SHELF, PAID, REFUNDED, Shop
from tests.support.builders import a_request
from tests.support.emulated_shop import documents_in
from tools.toolchain import ROOT


def the_documented_command(user_id: str) -> str:
    (command,) = re.findall(r'python -c "\n(.*?)"\n', (ROOT / "docs/privacy.md").read_text(), re.DOTALL)
    return textwrap.dedent(command).replace("USER_ID", user_id)


def test_the_documented_command_leaves_nothing_that_names_the_customer_and_breaks_no_refund(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", shop.client.project)
    erase_alice = tmp_path / "erase.py"
    erase_alice.write_text(the_documented_command("alice"))
    shop.write("cancelRequests/order-1", a_request())
    shop.write("orderDetails/order-1", {"userId": "alice", "email": "alice@example.com"})
    shop.write("orders/bobs", {"userId": "bob"})
    shop.report(PAID, "evt_paid")
    shop.report("charge.dispute.created", "evt_dispute")
    before = documents_in(shop.client)
    assert [path for path, fields in before.items() if "alice" in f"{path} {fields}"] != []
    runpy.run_path(str(erase_alice))
    after = documents_in(shop.client)
    assert [path for path, fields in after.items() if "alice" in f"{path} {fields}"] == []
    assert {path for path in before if path not in after} == {
        "cancelRequests/order-1",
        "orderDetails/order-1",
        "notifications/alice/messages/evt_paid",
    }
    assert shop.read("orders/bobs") == {"userId": "bob"}
    runpy.run_path(str(erase_alice))
    assert documents_in(shop.client) == after
    assert shop.report(REFUNDED, "evt_refunded") == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)
