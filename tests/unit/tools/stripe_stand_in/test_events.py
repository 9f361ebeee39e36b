"""Events are listed as Stripe does: by type and time, in pages, for thirty days."""

from typing import Any

import pytest
import stripe

from stripe_api.keys import EMULATORS_KEY
from tests.support.stripe_requests import a_session_request
from tools.stripe_events import Json
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.control import StandIn
from tools.stripe_stand_in.lists import events
from tools.stripe_stand_in.refusals import Refused

NOW = 1_800_000_000
A_DAY = 24 * 60 * 60


@pytest.fixture
def account() -> Account:
    """Twelve events, one a second, of three types in turn."""
    account = Account("http://stand-in.example", lambda: NOW)
    for number in range(12):
        account.report(f"thing.{'abc'[number % 3]}", {"number": number})
        account.ahead_seconds += 1
    return account


def numbers(page: Json) -> list[int]:
    return [event["data"]["object"]["number"] for event in page["data"]]


@pytest.mark.parametrize(
    ("asked", "expected", "has_more"),
    [
        ({}, list(range(11, 1, -1)), True),
        ({"limit": 100}, list(range(11, -1, -1)), False),
        ({"type": "thing.a"}, [9, 6, 3, 0], False),
        ({"types": ["thing.a", "thing.b"], "limit": 3}, [10, 9, 7], True),
        ({"created": {"gt": NOW + 9}}, [11, 10], False),
        ({"created": {"gte": NOW + 9, "lt": NOW + 11}}, [10, 9], False),
        ({"created": {"lte": NOW + 1}}, [1, 0], False),
        ({"created": NOW + 4}, [4], False),
    ],
)
def test_events_are_listed_from_the_newest_on(account: Account, asked: Json, expected: Any, has_more: object) -> None:
    page = events(account, asked)
    assert (numbers(page), page["has_more"]) == (expected, has_more)


def test_pages_go_on_towards_the_oldest_or_towards_the_newest(account: Account) -> None:
    sixth = account.events[5]["id"]
    assert numbers(events(account, {"starting_after": sixth, "limit": 3})) == [4, 3, 2]
    page = events(account, {"ending_before": sixth, "limit": 4})
    assert (numbers(page), page["has_more"]) == ([9, 8, 7, 6], True)


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"limit": 101}, {"types": ["t"] * 21}, {"type": "a", "types": ["b"]}, {"ending_before": "evt_x"}],
)
def test_what_stripe_refuses_of_a_list_is_refused(account: Account, asked: Json) -> None:
    with pytest.raises(Refused):
        events(account, asked)


def test_events_are_kept_for_thirty_days(account: Account) -> None:
    account.ahead_seconds = 30 * A_DAY + 6
    assert numbers(events(account, {})) == [11, 10, 9, 8, 7]


def test_stripes_own_library_turns_the_pages(stand_in: StandIn, order_id: str) -> None:
    client = stripe.StripeClient(EMULATORS_KEY, base_addresses={"api": stand_in.origin})
    for _ in range(2):
        session = client.v1.checkout.sessions.create(a_session_request(order_id))  # type: ignore[arg-type]
        stand_in.complete(session.id)
    happened = [event["id"] for event in stand_in.events()]
    page = client.v1.events.list({"ending_before": happened[0], "limit": 2})
    assert [event.id for event in page.auto_paging_iter()] == happened[1:]
