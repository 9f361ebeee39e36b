"""Who may read notices and products, and mark a notice read."""

from typing import Final

from tests.emulator.rules.clients import ADMIN, ALICE, BOB, UNAUTHENTICATED
from tests.emulator.rules.shop import EARLIER, REMOVED, REQUEST_TIME

NOTICES: Final = "notifications/alice/messages"
NOTICE: Final = f"{NOTICES}/evt_1"
READ_NOTICE: Final = f"{NOTICES}/evt_2"
NEW_NOTICE: Final = f"{NOTICES}/new"
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
    "a customer cannot skip products": ALICE.lists("products", at_most=100, skips=1, active=True),
    "a customer cannot list products without a limit": ALICE.lists("products", active=True),
    "a customer cannot list the products of all collections": ALICE.lists_everywhere("products"),
    "an unauthenticated caller cannot read below a product": UNAUTHENTICATED.gets("products/shirt/below/one"),
}
