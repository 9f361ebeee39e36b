"""What each client of the shop may do, and what nobody may, as sentences."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from database.ids import OPERATORS
from orders.order import OrderStatus
from tests.emulator.rules.clients import (
    ADMIN,
    ADMIN_NAMESAKE,
    ALICE,
    BOB,
    FORMER_ADMIN,
    NUMBER_ADMIN,
    OPERATORS_NAMESAKE,
    SELF_MADE_ADMIN,
    TEXT_ADMIN,
    UNAUTHENTICATED,
    Client,
)
from tests.emulator.rules.emulated_project import Attempt
from tests.emulator.rules.operating import OPERATING_PERMITTED, OPERATING_REFUSED
from tests.emulator.rules.reaching import REACHING_PERMITTED, REACHING_REFUSED
from tests.emulator.rules.shop import (
    A_LINE,
    ADDRESS_FIELDS,
    AN_ADDRESS,
    EARLIER,
    LATER,
    REMOVED,
    REQUEST_TIME,
    a_cancel_request,
    an_order,
    the_details,
)

NOTICES: Final = "notifications/alice/messages"
NOTICE: Final = f"{NOTICES}/evt_1"
READ_NOTICE: Final = f"{NOTICES}/evt_2"
NEW_NOTICE: Final = f"{NOTICES}/new"
OPERATORS_NOTICES: Final = f"notifications/{OPERATORS}/messages"
OPERATORS_NOTICE: Final = f"{OPERATORS_NOTICES}/evt_1"
EFFECT: Final = "effects/evt_1_mail_alice"

ORDERS_PERMITTED: Final = {
    "a customer places an order": ALICE.sets("orders/new", an_order()),
    "a customer places an order of 100 lines": ALICE.sets("orders/new", an_order(items=[A_LINE] * 100)),
    "a customer gives an order an id of 128 characters": ALICE.sets(f"orders/{'o' * 128}", an_order()),
    "a customer gives an order an id of every kind of character": ALICE.sets("orders/AZaz09-_", an_order()),
    "a customer reads an order of their own": ALICE.gets("orders/alices"),
    "a customer lists their own orders": ALICE.lists("orders", userId="alice"),
    "an admin reads a customer's order": ADMIN.gets("orders/alices"),
    "an admin lists the orders of a status": ADMIN.lists("orders", status="pending"),
}

ORDERS_REFUSED: Final = {
    "an unauthenticated caller cannot place an order": UNAUTHENTICATED.sets("orders/new", an_order()),
    "a customer cannot place an order for someone else": BOB.sets("orders/new", an_order()),
    "an admin cannot place an order for a customer": ADMIN.sets("orders/new", an_order()),
    "a customer cannot place an order under the operators' name": ALICE.sets("orders/new", an_order(userId=OPERATORS)),
    "a customer whose user id is the operators' cannot place an order": OPERATORS_NAMESAKE.sets(
        "orders/new", an_order(userId=OPERATORS)
    ),
    "a customer whose user id is the operators' cannot read an order": OPERATORS_NAMESAKE.gets("orders/namesakes"),
    "a customer whose user id is the operators' cannot list orders": OPERATORS_NAMESAKE.lists(
        "orders", userId=OPERATORS
    ),
    "an order cannot lack its customer": ALICE.sets("orders/new", an_order(userId=REMOVED)),
    "an order cannot lack its items": ALICE.sets("orders/new", an_order(items=REMOVED)),
    "an order cannot lack its status": ALICE.sets("orders/new", an_order(status=REMOVED)),
    "an order cannot lack its date": ALICE.sets("orders/new", an_order(createdAt=REMOVED)),
    "an order cannot name its own price": ALICE.sets("orders/new", an_order(amountTotal=1)),
    "an order cannot say where its audit trail ends": ALICE.sets("orders/new", an_order(auditHead="0", auditCount=1)),
    "an order cannot begin as finalized": ALICE.sets("orders/new", an_order(status="finalized")),
    "an order cannot begin without any status": ALICE.sets("orders/new", an_order(status=None)),
    "an order cannot be backdated": ALICE.sets("orders/new", an_order(createdAt=EARLIER)),
    "an order cannot be postdated": ALICE.sets("orders/new", an_order(createdAt=LATER)),
    "an order cannot be dated in words": ALICE.sets("orders/new", an_order(createdAt="today")),
    "an order cannot be empty": ALICE.sets("orders/new", an_order(items=[])),
    "an order cannot have 101 lines": ALICE.sets("orders/new", an_order(items=[A_LINE] * 101)),
    "the items of an order cannot be a map": ALICE.sets("orders/new", an_order(items={"0": A_LINE})),
    "the items of an order cannot be a text": ALICE.sets("orders/new", an_order(items="shirt")),
    "the items of an order cannot be a number": ALICE.sets("orders/new", an_order(items=1)),
    "an order cannot have an id of 129 characters": ALICE.sets(f"orders/{'o' * 129}", an_order()),
    "the id of an order cannot have a dot": ALICE.sets("orders/new.one", an_order()),
    "the id of an order cannot have a blank": ALICE.sets("orders/new one", an_order()),
    "the id of an order cannot end in a line break": ALICE.sets("orders/new\n", an_order()),
    "the id of an order cannot have another alphabet's letters": ALICE.sets("orders/n\u00e9w", an_order()),
    "the id of an order cannot have another alphabet's digits": ALICE.sets("orders/new\u0661", an_order()),
    "a customer cannot say of an order what is taken later": ALICE.sets("orders/new", an_order(takenLater=["shirt"])),
    "a customer cannot place an order inside another": ALICE.sets("orders/alices/orders/new", an_order()),
    "a customer cannot place the same order again": ALICE.sets("orders/alices", an_order()),
    "a customer cannot change an order": ALICE.updates("orders/alices", items=[A_LINE, A_LINE]),
    "a customer cannot finalize an order": ALICE.updates("orders/alices", status="finalized"),
    "a customer cannot give an order away": ALICE.updates("orders/alices", userId="bob"),
    "a customer cannot delete an order": ALICE.deletes("orders/alices"),
    "an admin cannot change an order": ADMIN.updates("orders/alices", status="finalized"),
    "an admin cannot delete an order": ADMIN.deletes("orders/alices"),
    "a customer cannot read another customer's order": BOB.gets("orders/alices"),
    "a customer cannot learn whether an order exists": BOB.gets("orders/nowhere"),
    "an unauthenticated caller cannot list a customer's orders": UNAUTHENTICATED.lists("orders", userId="alice"),
    "a customer cannot list another customer's orders": BOB.lists("orders", userId="alice"),
    "a customer cannot list all orders": ALICE.lists("orders"),
    "a customer cannot list orders by status": ALICE.lists("orders", status="pending"),
    "a customer cannot list the orders of no one": ALICE.lists("orders", userId=None),
}

CANCEL_REQUESTS_PERMITTED: Final = {
    "a customer asks to cancel their order": ALICE.sets("cancelRequests/alices", a_cancel_request()),
}

CANCEL_REQUESTS_REFUSED: Final = {
    "an unauthenticated caller cannot ask to cancel an order": UNAUTHENTICATED.sets(
        "cancelRequests/alices", a_cancel_request()
    ),
    "a customer cannot cancel another's order": ALICE.sets("cancelRequests/bobs", a_cancel_request()),
    "a customer cannot cancel in another's name": BOB.sets("cancelRequests/alices", a_cancel_request()),
    "a customer cannot cancel their order in another's name": ALICE.sets(
        "cancelRequests/alices", a_cancel_request(userId="bob")
    ),
    "an admin cannot ask to cancel a customer's order": ADMIN.sets("cancelRequests/alices", a_cancel_request()),
    "a customer whose user id is the operators' cannot ask to cancel an order": OPERATORS_NAMESAKE.sets(
        "cancelRequests/namesakes", a_cancel_request(userId=OPERATORS)
    ),
    "a customer cannot cancel an order that does not exist": ALICE.sets("cancelRequests/nowhere", a_cancel_request()),
    "a cancel request cannot lack its customer": ALICE.sets("cancelRequests/alices", a_cancel_request(userId=REMOVED)),
    "a cancel request cannot lack its date": ALICE.sets("cancelRequests/alices", a_cancel_request(createdAt=REMOVED)),
    "a cancel request cannot be backdated": ALICE.sets("cancelRequests/alices", a_cancel_request(createdAt=EARLIER)),
    "a cancel request cannot have other fields": ALICE.sets("cancelRequests/alices", a_cancel_request(refund=True)),
    "a customer cannot ask to cancel twice": ALICE.sets("cancelRequests/alices_other", a_cancel_request()),
    "a customer cannot change a cancel request": ALICE.updates("cancelRequests/alices_other", createdAt=REQUEST_TIME),
    "a customer cannot withdraw a cancel request": ALICE.deletes("cancelRequests/alices_other"),
    "a customer cannot write below a cancel request": ALICE.sets("cancelRequests/alices/below/new", a_cancel_request()),
    "a customer cannot read a cancel request": ALICE.gets("cancelRequests/alices_other"),
    "a customer cannot list their cancel requests": ALICE.lists("cancelRequests", userId="alice"),
}

DETAILS: Final = "orderDetails/alices"
WRITTEN_DETAILS: Final = "orderDetails/alices_other"
OPEN: Final = (OrderStatus.PENDING, OrderStatus.RESERVING, OrderStatus.RESERVED)

DETAILS_PERMITTED: Final = {
    "a customer says where their order is to go": ALICE.sets(DETAILS, the_details()),
    "a customer leaves out what the shop does not need": ALICE.sets(
        DETAILS, the_details(address={"line1": "x"}, email=REMOVED, note=REMOVED)
    ),
    "details are as long as they may be": ALICE.sets(
        DETAILS, the_details(address=REMOVED, email="e" * 320, note="n" * 1_000)
    ),
    "a customer creates an order and its details in one commit": ALICE.sets(
        "orderDetails/new", the_details(), {"orders/new": an_order()}
    ),
    "a customer writes the details anew": ALICE.sets(WRITTEN_DETAILS, the_details(note=REMOVED)),
    "a customer changes the note of an order": ALICE.updates(WRITTEN_DETAILS, note="", updatedAt=REQUEST_TIME),
    **{
        f"a customer writes the details of an order that is {status}": ALICE.sets(
            f"orderDetails/alices_{status}", the_details()
        )
        for status in OPEN
    },
    "a customer reads the details of their order": ALICE.gets("orderDetails/alices_finalized"),
    "an admin reads the details of a customer's order": ADMIN.gets(WRITTEN_DETAILS),
    "an admin lists the details of orders": ADMIN.lists("orderDetails"),
}

DETAILS_REFUSED: Final = {
    "an unauthenticated caller cannot write details": UNAUTHENTICATED.sets(DETAILS, the_details()),
    "a customer cannot write the details of another's order": ALICE.sets("orderDetails/bobs", the_details()),
    "a customer cannot write details in another's name": BOB.sets(DETAILS, the_details()),
    "a customer cannot write the details of their order in another's name": ALICE.sets(
        DETAILS, the_details(userId="bob")
    ),
    "an admin cannot write the details of a customer's order": ADMIN.sets(DETAILS, the_details()),
    "a customer whose user id is the operators' cannot write details": OPERATORS_NAMESAKE.sets(
        "orderDetails/namesakes", the_details(userId=OPERATORS)
    ),
    "a customer cannot write the details of an order that does not exist": ALICE.sets(
        "orderDetails/nowhere", the_details()
    ),
    "a customer cannot write details with an order that is refused": ALICE.sets(
        "orderDetails/new", the_details(), {"orders/new": an_order(status="reserved")}
    ),
    **{
        f"a customer cannot write the details of an order that is {status}": ALICE.sets(
            f"orderDetails/alices_{status}", the_details()
        )
        for status in OrderStatus
        if status not in OPEN
    },
    "details cannot lack their customer": ALICE.sets(DETAILS, the_details(userId=REMOVED)),
    "details cannot lack their date": ALICE.sets(DETAILS, the_details(updatedAt=REMOVED)),
    "details cannot be backdated": ALICE.sets(DETAILS, the_details(updatedAt=EARLIER)),
    "details cannot keep their date when they are changed": ALICE.updates(WRITTEN_DETAILS, note="Ring once"),
    "details cannot have other fields": ALICE.sets(DETAILS, the_details(status="finalized")),
    "an address cannot be a text": ALICE.sets(DETAILS, the_details(address="x")),
    "an address cannot be nothing": ALICE.sets(DETAILS, the_details(address=None)),
    "an address cannot have other fields": ALICE.sets(DETAILS, the_details(address={**AN_ADDRESS, "vat": "x"})),
    **{
        f"an address cannot have 201 characters as its {field}": ALICE.sets(
            DETAILS, the_details(address={**AN_ADDRESS, field: "x" * 201})
        )
        for field in ADDRESS_FIELDS
    },
    "an address cannot have a number as its phone": ALICE.sets(
        DETAILS, the_details(address={**AN_ADDRESS, "phone": 1})
    ),
    "an e-mail address cannot have 321 characters": ALICE.sets(DETAILS, the_details(email="e" * 321)),
    "an e-mail address cannot be a list": ALICE.sets(DETAILS, the_details(email=["e"])),
    "a note cannot have 1001 characters": ALICE.sets(DETAILS, the_details(note="n" * 1_001)),
    "a note cannot be a map": ALICE.sets(DETAILS, the_details(note={"n": "n"})),
    "a customer cannot give their details to another": ALICE.updates(
        WRITTEN_DETAILS, userId="bob", updatedAt=REQUEST_TIME
    ),
    "a customer cannot take over what is left of the details of another's order": BOB.updates(
        "orderDetails/left", {"orders/left": an_order(userId="bob")}, userId="bob", updatedAt=REQUEST_TIME
    ),
    "a customer cannot replace what is left of the details of another's order": BOB.sets(
        "orderDetails/left", the_details(userId="bob"), {"orders/left": an_order(userId="bob")}
    ),
    "a customer cannot take over the details of an order that was given to them": BOB.updates(
        "orderDetails/moved", userId="bob", updatedAt=REQUEST_TIME
    ),
    "a customer cannot change the details of an order that was given to another": ALICE.updates(
        "orderDetails/moved", note="Ring once", updatedAt=REQUEST_TIME
    ),
    "a customer cannot delete details": ALICE.deletes(WRITTEN_DETAILS),
    "a customer cannot write below details": ALICE.sets(f"{DETAILS}/below/new", the_details()),
    "a customer cannot read another's details": BOB.gets(WRITTEN_DETAILS),
    "a customer whose user id is the operators' cannot read details": OPERATORS_NAMESAKE.gets("orderDetails/namesakes"),
    "a customer cannot learn whether details exist": ALICE.gets(DETAILS),
    "a customer cannot list details": ALICE.lists("orderDetails", userId="alice"),
    "an admin cannot change details": ADMIN.updates(WRITTEN_DETAILS, note="Ring once", updatedAt=REQUEST_TIME),
    "an admin cannot delete details": ADMIN.deletes(WRITTEN_DETAILS),
    "an admin cannot read below details": ADMIN.gets(f"{WRITTEN_DETAILS}/below/one"),
}

CHECKOUT: Final = "checkouts/alices"

CHECKOUTS_PERMITTED: Final = {
    "a customer reads where they pay for their order": ALICE.gets(CHECKOUT),
    "a customer learns that they have not begun to pay for their order": ALICE.gets("checkouts/alices_other"),
    "an admin reads where a customer pays": ADMIN.gets(CHECKOUT),
    "an admin reads where an order was paid that is gone": ADMIN.gets("checkouts/left"),
    "an admin lists the checkouts of a state": ADMIN.lists("checkouts", state="open"),
}

CHECKOUTS_REFUSED: Final = {
    "a customer cannot list checkouts": ALICE.lists("checkouts"),
    "a customer cannot learn whether they have a checkout of another's order": ALICE.gets("checkouts/bobs"),
    "a customer cannot read the checkout of an order that is gone": ALICE.gets("checkouts/left"),
    "a customer cannot read the checkout of an order without a customer": ALICE.gets("checkouts/erased"),
    "a customer cannot read where another paid whose order's id is theirs by now": BOB.gets("checkouts/moved"),
    "a customer cannot read below a checkout": ALICE.gets(f"{CHECKOUT}/below/one"),
    "an admin cannot list the checkouts of all collections": ADMIN.lists_everywhere("checkouts"),
}

NOTICES_PERMITTED: Final = {
    "a customer reads a notice of their own": ALICE.gets(NOTICE),
    "a customer lists their own notices": ALICE.lists(NOTICES),
    "a customer marks a notice read": ALICE.updates(NOTICE, readAt=REQUEST_TIME),
}

NOTICES_REFUSED: Final = {
    "an unauthenticated caller cannot read a notice": UNAUTHENTICATED.gets(NOTICE),
    "a customer cannot read another's notice": BOB.gets(NOTICE),
    "an admin cannot read a customer's notice": ADMIN.gets(NOTICE),
    "an unauthenticated caller cannot list a customer's notices": UNAUTHENTICATED.lists(NOTICES),
    "a customer cannot list another's notices": BOB.lists(NOTICES),
    "a customer cannot list the notices of all": ALICE.lists_everywhere("messages"),
    "a customer cannot count the further deliveries of all events": ALICE.lists_everywhere("deliveries"),
    "an unauthenticated caller cannot mark a notice read": UNAUTHENTICATED.updates(NOTICE, readAt=REQUEST_TIME),
    "a customer cannot mark another's notice read": BOB.updates(NOTICE, readAt=REQUEST_TIME),
    "an admin cannot mark a customer's notice read": ADMIN.updates(NOTICE, readAt=REQUEST_TIME),
    "a notice cannot be marked read at a chosen time": ALICE.updates(NOTICE, readAt=EARLIER),
    "a notice cannot be rewritten": ALICE.updates(NOTICE, type="refunded"),
    "a notice cannot be rewritten while it is marked read": ALICE.updates(NOTICE, type="refunded", readAt=REQUEST_TIME),
    "a notice cannot lose a field": ALICE.updates(NOTICE, orderId=REMOVED, readAt=REQUEST_TIME),
    "a notice cannot be replaced": ALICE.sets(NOTICE, {"readAt": REQUEST_TIME}),
    "a notice marked read cannot become unread": ALICE.updates(READ_NOTICE, readAt=REMOVED),
    "a customer cannot write themselves a notice": ALICE.sets(NEW_NOTICE, {"type": "paid"}),
    "a customer cannot write another a notice": BOB.sets(NEW_NOTICE, {"type": "paid"}),
    "a customer cannot mark a notice read that does not exist": ALICE.sets(NEW_NOTICE, {"readAt": REQUEST_TIME}),
    "a customer cannot delete a notice": ALICE.deletes(NOTICE),
    "a customer cannot write beside their notices": ALICE.sets("notifications/alice", {"sound": "off"}),
    "a customer cannot read beside their notices": ALICE.gets("notifications/alice"),
    "a customer cannot write below a notice": ALICE.sets(f"{NOTICE}/below/new", {"readAt": REQUEST_TIME}),
    "a customer cannot read below a notice": ALICE.gets(f"{NOTICE}/below/one"),
}

PRODUCTS_PERMITTED: Final = {
    "an unauthenticated caller reads a product": UNAUTHENTICATED.gets("products/shirt"),
    "an unauthenticated caller reads a product that is not on sale": UNAUTHENTICATED.gets("products/mug"),
    "an unauthenticated caller lists what is on sale": UNAUTHENTICATED.lists("products", at_most=100, active=True),
    "a customer reads a product": ALICE.gets("products/shirt"),
    "a customer lists what is on sale of one kind": ALICE.lists("products", at_most=1, active=True, currency="eur"),
    "a customer lists what is on sale and not sold out": ALICE.lists(
        "products", at_most=100, active=True, available="in"
    ),
}

PRODUCTS_REFUSED: Final = {
    "an unauthenticated caller cannot list all products": UNAUTHENTICATED.lists("products", at_most=100),
    "a customer cannot list what is not on sale": ALICE.lists("products", at_most=100, active=False),
    "a customer cannot list what is perhaps on sale": ALICE.lists("products", at_most=100, active="true"),
    "an admin cannot list what is not on sale": ADMIN.lists("products", at_most=100, active=False),
    "a customer cannot list more than 100 products": ALICE.lists("products", at_most=101, active=True),
    "a customer cannot list products without a limit": ALICE.lists("products", active=True),
    "a customer cannot list the products of all collections": ALICE.lists_everywhere("products"),
    "an unauthenticated caller cannot read below a product": UNAUTHENTICATED.gets("products/shirt/below/one"),
}

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
    *(
        "sweeps/products",
        "anchors/20260314",
        "chains/operators",
        "mail/1",
        "reconciliations/stripe",
        "baselines/shirt",
    ),
    "anything/else",
)
OF_THEIR_ORDER: Final = ("orders/alices", WRITTEN_DETAILS, CHECKOUT)
NO_ADMINS: Final = (UNAUTHENTICATED, ALICE, FORMER_ADMIN, TEXT_ADMIN, NUMBER_ADMIN, SELF_MADE_ADMIN, OPERATORS_NAMESAKE)


def _closed_to_all_others() -> Iterator[tuple[str, Attempt]]:
    for client, path in product(NO_ADMINS, FOR_ADMINS):
        yield from _reads(client, path)
    # A customer reads what belongs to their own orders; nobody else does whose token does not say admin.
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
    for client, path in product((UNAUTHENTICATED, ALICE, ADMIN), written_by_the_service_alone):
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


PERMITTED: Final = {
    **ORDERS_PERMITTED,
    **CANCEL_REQUESTS_PERMITTED,
    **DETAILS_PERMITTED,
    **CHECKOUTS_PERMITTED,
    **REACHING_PERMITTED,
    **NOTICES_PERMITTED,
    **PRODUCTS_PERMITTED,
    **ADMINS_PERMITTED,
    **OPERATING_PERMITTED,
}
REFUSED: Final = {
    **ORDERS_REFUSED,
    **CANCEL_REQUESTS_REFUSED,
    **DETAILS_REFUSED,
    **CHECKOUTS_REFUSED,
    **REACHING_REFUSED,
    **NOTICES_REFUSED,
    **PRODUCTS_REFUSED,
    **ADMINS_REFUSED,
    **OPERATING_REFUSED,
    **dict(_closed_to_all_others()),
}
