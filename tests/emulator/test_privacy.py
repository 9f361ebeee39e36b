"""A customer is erased as docs/privacy.md says, and the shop goes on."""

import os
import re
import subprocess
import sys
import textwrap

from tests.emulator.ordering_shop import ON_THE_SHELF, PAID, REFUNDED, Shop
from tests.support.builders import a_request
from tests.support.emulated_shop import documents_in
from tests.support.stripe_objects import the_event
from tools.toolchain import ROOT


def erase_as_documented(shop: Shop, user_id: str) -> None:
    """Run the page's own command."""
    (command,) = re.findall(r'python -c "\n(.*?)"\n', (ROOT / "docs/privacy.md").read_text(), re.DOTALL)
    program = textwrap.dedent(command).replace("USER_ID", user_id)
    environment = {**os.environ, "GOOGLE_CLOUD_PROJECT": shop.client.project, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=60)


def test_the_documented_command_leaves_nothing_that_names_the_customer_and_breaks_no_refund(shop: Shop) -> None:
    shop.write("cancelRequests/order-1", a_request())
    shop.write("orderDetails/order-1", {"userId": "alice", "email": "alice@example.com"})
    shop.write("orders/bobs", {"userId": "bob"})
    shop.deliver(the_event(PAID, event_id="evt_paid"))
    shop.deliver(the_event("charge.dispute.created", event_id="evt_dispute"))
    before = documents_in(shop.client)
    assert [path for path, fields in before.items() if "alice" in f"{path} {fields}"] != []
    erase_as_documented(shop, "alice")
    after = documents_in(shop.client)
    assert [path for path, fields in after.items() if "alice" in f"{path} {fields}"] == []
    assert {path for path in before if path not in after} == {
        "cancelRequests/order-1",
        "orderDetails/order-1",
        "notifications/alice/messages/evt_paid",
    }
    assert shop.read("orders/bobs") == {"userId": "bob"}
    erase_as_documented(shop, "alice")
    assert documents_in(shop.client) == after
    assert shop.deliver(the_event(REFUNDED, event_id="evt_refunded")) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)
