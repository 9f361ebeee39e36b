"""What docs/operating.md shows is what the commands say, and it names every command and every exit code."""

import re
from datetime import timedelta
from typing import Final

import pytest

from ops.__main__ import shop
from ops.exit_codes import ExitCode
from orders.money import Money
from tests.support.builders import NOW, an_order
from tests.support.builders import a_payment as paid
from tests.support.builders import a_placement as placed
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.settling import settled
from tests.support.shop import a_shop_after
from tools.toolchain import ROOT

PAGE: Final = (ROOT / "docs/operating.md").read_text()
EXAMPLES: Final = re.findall(r"^```text\n\$ \./shop (.+)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)


def the_shop_of_the_page() -> MemoryStore:
    """One order was paid otherwise than asked, one is held, and one does not exist, although it is paid."""
    early = NOW - timedelta(hours=2)
    for_nobody = paid("evt_9", order_id="order-9", payment_intent_id="pi_9", charge_id="ch_9", created_at=early)
    store = a_shop_after(placed(), paid(money=Money(3_000, "eur")), for_nobody)
    store.put("orders/order-2", an_order(userId="bob", createdAt=NOW + timedelta(hours=3)))
    settled(placed("order-2"), store, now=NOW + timedelta(hours=3))
    return store


@pytest.mark.parametrize(("words", "output"), EXAMPLES, ids=[words for words, _ in EXAMPLES])
def test_every_example_is_what_the_command_says(words: str, output: str) -> None:
    said = operated(the_shop_of_the_page(), *words.split(), now=NOW + timedelta(hours=3, minutes=10)).stdout
    assert [line.rstrip() for line in said.splitlines()] == output.splitlines()


def test_every_command_has_an_example_or_is_named() -> None:
    assert {name for name in shop.commands if f"./shop {name}" not in PAGE} == set()


def test_every_exit_code_is_explained() -> None:
    assert [code for code in ExitCode if f"| {code.value} |" not in PAGE] == []
