"""PaymentIntents and refunds are listed as Stripe does: by time, in pages, newest first."""

from typing import Any

import pytest

from tools.stripe_events import Json
from tools.stripe_stand_in import lists
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused

NOW = 1_800_000_000


@pytest.fixture
def account() -> Account:
    """Five payments, one a second, each with a refund."""
    account = Account("http://stand-in.example", lambda: NOW)
    for number in range(5):
        account.intents[f"pi_{number}"] = {"id": f"pi_{number}", "created": NOW + number}
        refund = {"id": f"re_{number}", "created": NOW + number, "payment_intent": f"pi_{number}", "charge": "ch_1"}
        account.refunds[f"re_{number}"] = refund
    return account


def ids(page: Json) -> list[str]:
    return [each["id"] for each in page["data"]]


def test_payments_are_listed_from_the_newest_on_and_page_by_page(account: Account) -> None:
    first = lists.payment_intents(account, {"limit": 2, "created": {"gte": NOW + 1}})
    assert (ids(first), first["has_more"]) == (["pi_4", "pi_3"], True)
    rest = lists.payment_intents(account, {"limit": 2, "created": {"gte": NOW + 1}, "starting_after": "pi_3"})
    assert (ids(rest), rest["has_more"]) == (["pi_2", "pi_1"], False)


def test_refunds_are_listed_of_one_payment_or_of_all(account: Account) -> None:
    assert ids(lists.refunds(account, {"payment_intent": "pi_2"})) == ["re_2"]
    assert ids(lists.refunds(account, {"charge": "ch_1", "created": {"lt": NOW + 2}})) == ["re_1", "re_0"]


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 101},
        {"starting_after": "pi_x"},
        {"starting_after": "pi_1", "ending_before": "pi_2"},
        {"customer": "c"},
    ],
)
def test_what_stripe_refuses_of_a_list_is_refused(account: Account, asked: Any) -> None:
    with pytest.raises(Refused):
        lists.payment_intents(account, asked)
