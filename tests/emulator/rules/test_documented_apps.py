"""What the documentation has apps do, and the rules it has shops add, under the deployed rules."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.emulator.rules.clients import ALICE, BOB, Client
from tests.emulator.rules.conftest import RULES
from tests.emulator.rules.emulated_project import Attempt, EmulatedProject, Special, Value
from tests.support.documented import calls_in, page

GUEST = Client("a guest", {"sub": "alice", "firebase": {"sign_in_provider": "anonymous"}})


def documented(client: Client, page_name: str, method: str = "setDoc") -> list[Attempt]:
    """What this client writes when it follows the page."""
    return [
        client.sets(
            call.target,
            {
                name: Special.REQUEST_TIME if value == "serverTimestamp()" else value
                for name, value in call.fields.items()
            },
        )
        for call in calls_in(page_name, of={method})
    ]


@pytest.mark.parametrize("client", [ALICE, GUEST], ids=lambda client: client.name)
def test_customers_and_guests_order_and_cancel_and_register_a_device_as_the_page_says(
    shop: EmulatedProject, client: Client
) -> None:
    order, device, cancel_request = documented(client, "integration.md")
    assert shop.allows(order)
    assert shop.allows(device)
    assert shop.allows(replace(cancel_request, path="cancelRequests/new"))


def test_customers_say_in_the_same_commit_where_their_order_is_to_go_as_the_page_says(shop: EmulatedProject) -> None:
    order, details = documented(ALICE, "integration.md", "batch.set")
    assert not shop.allows(details)
    assert shop.allows(replace(details, alongside={order.path: order.fields}))


def test_an_app_that_comes_from_the_extension_orders_as_its_page_says(shop: EmulatedProject) -> None:
    (order,) = documented(ALICE, "from-the-stripe-extension.md")
    assert shop.allows(order)


def test_while_the_extension_is_there_no_customer_names_an_order_through_it(
    new_project: Callable[[], EmulatedProject],
) -> None:
    (block,) = re.findall(r"```text\n(match .*?)```", page("from-the-stripe-extension.md"), re.DOTALL)
    merged = re.sub(r"(?<=/documents \{\n)", block, RULES.read_text())
    project = new_project()
    project.load_rules(merged)
    (session,) = documented(ALICE, "from-the-stripe-extension.md", "addDoc")
    assert project.allows(session)

    def allows(metadata: Value, client: Client = ALICE) -> bool:
        return project.allows(client.sets(f"{session.path}er", {**session.fields, "metadata": metadata}))

    # Brackets reach Stripe unescaped.
    naming_one: list[Value] = [{"orderId": "bobs"}, {"orderId]": "bobs"}, {"note": "", "orderId": "bobs"}, "orderId"]
    assert not any(map(allows, naming_one))
    assert not allows({}, BOB)
    assert allows({"note": "a gift"})
    assert not project.allows(ALICE.updates(session.path, metadata={"note": "another"}))
    assert project.allows(ALICE.gets(session.path))
    assert not project.allows(BOB.gets(session.path))
