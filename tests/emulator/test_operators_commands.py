"""The operators' commands on Firestore itself: what is shown is what is done, and a query finds all of a status."""

import os
import re

from click.testing import CliRunner, Result

from ops.__main__ import shop as command_line
from ops.commands import Asked
from ops.connection import Shop as OpenedShop
from tests.emulator.ordering_shop import ON_THE_SHELF, SOLD, Shop
from tests.support.builders import NOW

YES = ("--yes", "--reason", "as agreed", "--operator", "olga")


def ran(shop: Shop, *words: str) -> Result:
    environment = {**os.environ, "GOOGLE_CLOUD_PROJECT": shop.client.project}
    opened = OpenedShop(shop.client.project, environment, lambda: NOW)
    return CliRunner().invoke(command_line, words, obj=Asked(open=lambda *_: opened, now=lambda: NOW))


def test_all_orders_of_a_status_are_released_and_then_accepted_after_all(shop: Shop) -> None:
    for words, status, stock in (
        (("release", "--all", "--status", "reserved"), "expired", ON_THE_SHELF),
        (("accept", "--all", "--status", "expired"), "finalized", SOLD),
    ):
        before = (shop.order, shop.stock)
        shown = ran(shop, *words)
        assert ((shop.order, shop.stock), shown.exit_code, "1 order, 3600 eur" in shown.stdout) == (before, 0, True)
        found = re.search(r"--count \d+ --set \w+", shown.stdout)
        assert found
        done = ran(shop, *words, *YES, *found[0].split())
        assert (done.exit_code, shop.order["status"], shop.stock) == (0, status, stock), done.output
