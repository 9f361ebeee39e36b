"""What operators may request in a browser, and that nobody may do so in another's name."""

from typing import Any, Final

from tests.emulator.rules.clients import ADMIN, ALICE, NAMELESS_ADMIN, TEXT_VIEWER, UNAUTHENTICATED, VIEWER
from tests.emulator.rules.shop import EARLIER, LATER, REMOVED, REQUEST_TIME, a_request

REQUESTS: Final = "operatorRequests"
REQUEST: Final = f"{REQUESTS}/req-1"
NEW: Final = f"{REQUESTS}/new"
FINDING: Final = "findings/reserved_not_held_shirt"
ANSWER: Final[dict[str, Any]] = {
    "settledAt": EARLIER,
    "result": "accepted",
    "note": "done",
    "expireAt": LATER,
    "differences": [],
}

ASKED: Final = (
    *("kind", "target", "reason", "rehearse", "expectedStatus", "payment", "amount", "restock", "again", "until"),
    *("mode", "quantity", "force", "new", "backorder", "of", "elsewhere", "mistake"),
)
LISTS: Final[dict[str, Any]] = {field: [1] for field in ASKED}

OPERATING_PERMITTED: Final = {
    "an admin asks for something": ADMIN.sets(NEW, a_request()),
    "an admin asks for all that a refund can have": ADMIN.sets(
        NEW,
        a_request(
            kind="refund", expectedStatus="review", amount=1, payment="pi_1", restock="all", again=True, elsewhere=True
        ),
    ),
    "an admin says that a refund was a mistake": ADMIN.sets(NEW, a_request(kind="refund", mistake="re_1")),
    "an admin asks for all that a correction of stock can have": ADMIN.sets(
        NEW, a_request(kind="stock", mode="add", quantity=1, force=False, new=True, backorder=0)
    ),
    "an admin says what a request of its kind does not have, which the service answers": ADMIN.sets(
        NEW, a_request(rehearse=False, again=False, elsewhere=False, force=True, new=False)
    ),
    "an admin asks for a parked event to be settled": ADMIN.sets(NEW, a_request(kind="replay", target="evt_1")),
    "an admin marks a finding as handled": ADMIN.sets(NEW, a_request(kind="handle", target="f_1", of="finding")),
    "an admin asks for more time": ADMIN.sets(NEW, a_request(kind="extend", until=LATER)),
    "an admin asks only what would become of it": ADMIN.sets(NEW, a_request(rehearse=True)),
    "an admin without an address asks for something": NAMELESS_ADMIN.sets(NEW, a_request(operator=" ann")),
    "an admin gives a request an id of 128 characters": ADMIN.sets(f"{REQUESTS}/{'r' * 128}", a_request()),
    "an admin reads what became of a request": ADMIN.gets(REQUEST),
    "a viewer reads what became of a request": VIEWER.gets(REQUEST),
    "a viewer lists requests": VIEWER.lists(REQUESTS),
    "an admin reads what was found": ADMIN.gets(FINDING),
    "an admin lists what is open of what was found": ADMIN.lists("findings", state="open"),
    "a viewer lists what is open of what was found": VIEWER.lists("findings", state="open"),
    "a viewer reads a customer's order": VIEWER.gets("orders/alices"),
    "a viewer lists the orders of a status": VIEWER.lists("orders", status="pending"),
    "a viewer reads the details of a customer's order": VIEWER.gets("orderDetails/alices_other"),
    "a viewer lists the checkouts of a state": VIEWER.lists("checkouts", state="open"),
    "a viewer lists the inventory": VIEWER.lists("inventory"),
    "a viewer lists what is still to be taken": VIEWER.lists("takings"),
    "a viewer lists the events that are parked": VIEWER.lists("webhookEvents", processed=False),
    "a viewer reads which order a payment is for": VIEWER.gets("payments/pi_1"),
    "a viewer lists what was given up": VIEWER.lists("effects", state="ERROR"),
    "a viewer lists the disputes that need a response": VIEWER.lists("disputes", status="needs_response"),
    "a viewer lists the audit entries of an order": VIEWER.lists("auditLog", orderId="alices"),
    "a viewer lists the further deliveries of an event": VIEWER.lists("auditLog/evt_1/deliveries"),
    "a viewer counts the further deliveries of all events": VIEWER.lists_everywhere("deliveries"),
    "a viewer lists the notices for operators": VIEWER.lists("notifications/system/messages"),
}

OPERATING_REFUSED: Final = {
    "an unauthenticated caller cannot ask for anything": UNAUTHENTICATED.sets(NEW, a_request()),
    "a customer cannot ask for anything": ALICE.sets(NEW, a_request(operator=" alice")),
    "a viewer cannot ask for anything": VIEWER.sets(NEW, a_request(operator="vic@example.com vic")),
    "a viewer cannot ask for a parked event to be settled": VIEWER.sets(
        NEW, a_request(kind="replay", target="evt_1", operator="vic@example.com vic")
    ),
    "a viewer cannot mark what was found as handled": VIEWER.sets(
        NEW, a_request(kind="handle", target="f_1", of="finding", operator="vic@example.com vic")
    ),
    "a customer cannot mark what was given up as handled": ALICE.sets(
        NEW, a_request(kind="handle", target="e_1", of="effect", operator=" alice")
    ),
    "what a request marks as handled cannot be said at length": ADMIN.sets(
        NEW, a_request(kind="handle", target="f_1", of="f" * 2_001)
    ),
    "an admin cannot mark what was found as handled past the service": ADMIN.updates(FINDING, state="handled"),
    "an admin cannot mark what was given up as handled past the service": ADMIN.updates("effects/e_1", state="SUCCESS"),
    "an admin cannot mark a parked event as handled past the service": ADMIN.updates(
        "webhookEvents/evt_1", processed=True
    ),
    "a viewer cannot even rehearse": VIEWER.sets(NEW, a_request(operator="vic@example.com vic", rehearse=True)),
    "an admin cannot ask in another's name": ADMIN.sets(NEW, a_request(operator="olga@example.com olga")),
    "an admin cannot ask by their address alone": ADMIN.sets(NEW, a_request(operator="ada@example.com")),
    "a request cannot lack who asks": ADMIN.sets(NEW, a_request(operator=REMOVED)),
    "a request cannot lack its date": ADMIN.sets(NEW, a_request(createdAt=REMOVED)),
    "a request cannot be backdated": ADMIN.sets(NEW, a_request(createdAt=EARLIER)),
    "a request cannot be postdated": ADMIN.sets(NEW, a_request(createdAt=LATER)),
    **{
        f"a request cannot bring its own {field}": ADMIN.sets(NEW, a_request(**{field: value}))
        for field, value in ANSWER.items()
    },
    "a request cannot have a field of no kind of request": ADMIN.sets(NEW, a_request(comment="none")),
    "a request cannot be long": ADMIN.sets(NEW, a_request(reason="r" * 2_001)),
    "a request cannot have a map in it": ADMIN.sets(NEW, a_request(target={"id": "alices"})),
    **{
        f"a request cannot have a list as its {field}": ADMIN.sets(NEW, a_request(**{field: value}))
        for field, value in LISTS.items()
    },
    "a request cannot have an id of 129 characters": ADMIN.sets(f"{REQUESTS}/{'r' * 129}", a_request()),
    "the id of a request cannot have a dot": ADMIN.sets(f"{REQUESTS}/r.1", a_request()),
    "an admin cannot ask again under the same id": ADMIN.sets(REQUEST, a_request()),
    "an admin cannot change what was asked for": ADMIN.updates(REQUEST, reason="other"),
    "a viewer cannot delete what was asked for": VIEWER.deletes(REQUEST),
    "an admin cannot read below a request": ADMIN.gets(f"{REQUEST}/below/one"),
    "an admin cannot read below what was found": ADMIN.gets(f"{FINDING}/below/one"),
    "a viewer cannot mark a notice for operators read": VIEWER.updates(
        "notifications/system/messages/evt_1", readAt=REQUEST_TIME
    ),
    "a viewer cannot read a customer's notice": VIEWER.gets("notifications/alice/messages/evt_1"),
    "a viewer cannot read where a customer is reached": VIEWER.gets("users/alice"),
    "a viewer cannot change an order": VIEWER.updates("orders/alices", status="finalized"),
    "a viewer cannot change the inventory": VIEWER.updates("inventory/shirt", stock=1_000),
    "a user whose viewer claim is a text cannot read a customer's order": TEXT_VIEWER.gets("orders/alices"),
    "a user whose viewer claim is a text cannot list findings": TEXT_VIEWER.lists("findings"),
    "a user whose viewer claim is a text cannot read a notice for operators": TEXT_VIEWER.gets(
        "notifications/system/messages/evt_1"
    ),
}
