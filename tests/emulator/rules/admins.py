"""What admins may do, and what nobody may."""

from collections.abc import Iterator
from itertools import chain, cycle, product
from typing import Final

from database.ids import OPERATORS
from tests.emulator.rules.clients import (
    ADMIN,
    ADMIN_NAMESAKE,
    ALICE,
    FORMER_ADMIN,
    NUMBER_ADMIN,
    OPERATORS_NAMESAKE,
    SELF_MADE_ADMIN,
    TEXT_ADMIN,
    UNAUTHENTICATED,
    Client,
)
from tests.emulator.rules.details import CHECKOUT, WRITTEN_DETAILS
from tests.emulator.rules.emulated_project import Attempt
from tests.emulator.rules.shop import EARLIER, REQUEST_TIME

OPERATORS_NOTICES: Final = f"notifications/{OPERATORS}/messages"
OPERATORS_NOTICE: Final = f"{OPERATORS_NOTICES}/evt_1"
EFFECT: Final = "effects/evt_1_mail_alice"
ADMINS_PERMITTED: Final = {
    "an admin reads the inventory of a product": ADMIN.gets("inventory/shirt"),
    "an admin lists the inventory": ADMIN.lists("inventory"),
    "an admin reads what is still to be taken for an order": ADMIN.gets("takings/alices"),
    "an admin lists what is still to be taken": ADMIN.lists("takings"),
    "an admin reads the claim of an event": ADMIN.gets("webhookEvents/evt_1"),
    "an admin lists the events that are parked": ADMIN.lists("webhookEvents", processed=False),
    "an admin reads which order a payment is for": ADMIN.gets("payments/pi_1"),
    "an admin lists the payments of an order": ADMIN.lists("payments", orderId="alices"),
    "an admin reads a dispute": ADMIN.gets("disputes/dp_1"),
    "an admin lists the disputes that need a response": ADMIN.lists("disputes", status="needs_response"),
    "an admin reads what is done outside": ADMIN.gets(EFFECT),
    "an admin lists what was given up": ADMIN.lists("effects", state="ERROR"),
    "an admin lists what is done outside for an order": ADMIN.lists("effects", orderId="alices"),
    "an admin reads an audit entry": ADMIN.gets("auditLog/evt_1"),
    "an admin lists the audit entries of an order": ADMIN.lists("auditLog", orderId="alices"),
    "an admin reads a further delivery": ADMIN.gets("auditLog/evt_1/deliveries/2"),
    "an admin lists the further deliveries of an event": ADMIN.lists("auditLog/evt_1/deliveries"),
    "an admin counts the further deliveries of all events": ADMIN.lists_everywhere("deliveries"),
    "an admin reads a notice for operators": ADMIN.gets(OPERATORS_NOTICE),
    "an admin lists the notices for operators": ADMIN.lists(OPERATORS_NOTICES),
    "an admin marks a notice for operators read": ADMIN.updates(OPERATORS_NOTICE, readAt=REQUEST_TIME),
    "an admin whose user id is the operators' is still an admin": ADMIN_NAMESAKE.gets(OPERATORS_NOTICE),
}
ADMINS_REFUSED: Final = {
    "an admin cannot list the notices of all customers": ADMIN.lists_everywhere("messages"),
    "an admin cannot read below the inventory of a product": ADMIN.gets("inventory/shirt/below/one"),
    "an admin cannot read below what is to be taken": ADMIN.gets("takings/alices/below/one"),
    "an admin cannot read below an order": ADMIN.gets("orders/alices/below/one"),
    "an admin cannot read below a claim": ADMIN.gets("webhookEvents/evt_1/below/one"),
    "an admin cannot read below a payment": ADMIN.gets("payments/pi_1/below/one"),
    "an admin cannot list the orders of all collections": ADMIN.lists_everywhere("orders"),
    "an admin cannot read below what is done outside": ADMIN.gets(f"{EFFECT}/below/one"),
    "an admin cannot read below a dispute": ADMIN.gets("disputes/dp_1/below/one"),
    "an admin cannot read anything below an audit entry but deliveries": ADMIN.gets("auditLog/evt_1/below/one"),
    "an admin cannot mark a notice for operators read at a chosen time": ADMIN.updates(
        OPERATORS_NOTICE, readAt=EARLIER
    ),
    "an admin cannot rewrite a notice for operators": ADMIN.updates(OPERATORS_NOTICE, type="paid", readAt=REQUEST_TIME),
    "an admin cannot read below a notice for operators": ADMIN.gets(f"{OPERATORS_NOTICE}/below/one"),
    "an admin cannot read beside the notices for operators": ADMIN.gets(f"notifications/{OPERATORS}"),
    "an admin cannot read below a further delivery": ADMIN.gets("auditLog/evt_1/deliveries/2/below/one"),
}
FOR_ADMINS: Final = (
    *("inventory/shirt", "takings/alices", "webhookEvents/evt_1", "payments/pi_1", "disputes/dp_1"),
    *("auditLog/evt_1", "auditLog/evt_1/deliveries/2"),
    *(EFFECT, OPERATORS_NOTICE),
    *("operatorRequests/req-1", "findings/reserved_not_held_shirt"),
)
FOR_THE_SERVICE: Final = (
    *("sweeps/products", "anchors/20260314", "chains/operators", "mail/1", "reconciliations/stripe", "baselines/shirt"),
    "anything/else",
)
OF_THEIR_ORDER: Final = ("orders/alices", WRITTEN_DETAILS, CHECKOUT)
NO_ADMINS: Final = (UNAUTHENTICATED, ALICE, FORMER_ADMIN, TEXT_ADMIN, NUMBER_ADMIN, SELF_MADE_ADMIN, OPERATORS_NAMESAKE)


def _closed_to_all_others() -> Iterator[tuple[str, Attempt]]:
    # One function of the rules says who an admin is: each of these clients is tried on one path, a customer on all.
    for client, path in chain(product((ALICE,), FOR_ADMINS), zip(cycle(NO_ADMINS), FOR_ADMINS, strict=False)):
        yield from _reads(client, path)
    # Customers read what belongs to their own orders; otherwise only a token that says admin can.
    for client, path in product((each for each in NO_ADMINS if each is not ALICE), OF_THEIR_ORDER):
        yield from _reads(client, path)
    for client in NO_ADMINS:
        yield (
            f"{client.name} cannot mark a notice for operators read",
            client.updates(OPERATORS_NOTICE, readAt=REQUEST_TIME),
        )
    for client, path in product((UNAUTHENTICATED, ALICE, ADMIN), FOR_THE_SERVICE):
        yield from _reads(client, path)
    written_by_the_service_alone = ("products/shirt", CHECKOUT, *FOR_ADMINS, *FOR_THE_SERVICE)
    for client, path in product((ALICE, ADMIN), written_by_the_service_alone):
        yield from _writes(client, path)


def _reads(client: Client, path: str) -> Iterator[tuple[str, Attempt]]:
    collection, _, _ = path.rpartition("/")
    yield f"{client.name} cannot read {path}", client.gets(path)
    yield f"{client.name} cannot list {collection}", client.lists(collection)


def _writes(client: Client, path: str) -> Iterator[tuple[str, Attempt]]:
    collection, _, _ = path.rpartition("/")
    yield f"{client.name} cannot add to {collection}", client.sets(f"{collection}/new", {"userId": "alice"})
    yield f"{client.name} cannot change {path}", client.updates(path, stock=1_000)
    yield f"{client.name} cannot delete {path}", client.deletes(path)
