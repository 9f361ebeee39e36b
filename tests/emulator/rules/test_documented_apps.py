"""What the documentation has an app do, against the rules that are deployed."""

from dataclasses import replace

import pytest

from tests.emulator.rules.clients import ALICE, Client
from tests.emulator.rules.emulated_project import Attempt, EmulatedProject, Special
from tests.support.documented import calls_in

GUEST = Client("a guest", {"sub": "alice", "firebase": {"sign_in_provider": "anonymous"}})


def documented(client: Client, page_name: str) -> list[Attempt]:
    """What this client writes if it does as the page's app does."""
    now = {"createdAt": Special.REQUEST_TIME}
    return [
        client.sets(call.target, {**call.fields, **(now if "createdAt" in call.fields else {})})
        for call in calls_in(page_name, of={"setDoc"})
    ]


@pytest.mark.parametrize("client", [ALICE, GUEST], ids=lambda client: client.name)
def test_customers_and_guests_order_and_cancel_as_the_page_says(shop: EmulatedProject, client: Client) -> None:
    order, cancel_request = documented(client, "integration.md")
    assert shop.allows(order)
    assert shop.allows(replace(cancel_request, path="cancelRequests/new"))
