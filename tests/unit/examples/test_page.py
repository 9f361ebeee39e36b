"""The page in examples/shop has a text for every word that the service tells a customer."""

import re
from pathlib import Path

import pytest

from notifications.amounts import _EXPONENTS
from notifications.notices import AUDIENCES, Audience
from orders.order import OrderStatus
from tools.web_sdk import CONSOLE, PAGE


def keys_of(table: str) -> set[str]:
    """The keys of a table in words.js."""
    return set(
        re.findall(
            r"^  (\w+):", re.split(rf"^const {table} = ", words(), flags=re.MULTILINE)[1].split("};")[0], re.MULTILINE
        )
    )


def words() -> str:
    return (PAGE / "words.js").read_text()


def test_every_status_has_a_name_and_a_meaning() -> None:
    assert keys_of("STATUSES") == set(OrderStatus) - {OrderStatus.UNKNOWN}


def test_every_notice_for_customers_has_a_sentence() -> None:
    assert keys_of("NOTICES") == {kind for kind, audiences in AUDIENCES.items() if Audience.CUSTOMER in audiences}


@pytest.mark.parametrize("page", [PAGE, CONSOLE])
def test_amounts_have_as_many_decimals_as_in_the_texts_of_notices(page: Path) -> None:
    listed = re.findall(r'^const (\w+)_DECIMALS = "([a-z ]+)"', (page / "money.js").read_text(), re.MULTILINE)
    assert {currency: {"NO": 0, "THREE": 3}[many] for many, named in listed for currency in named.split()} == _EXPONENTS
