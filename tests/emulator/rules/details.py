"""Who may write where an order is shipped, and read where it is paid."""

from typing import Final

from database.ids import OPERATORS
from orders.order import OrderStatus
from tests.emulator.rules.clients import ADMIN, ALICE, BOB, OPERATORS_NAMESAKE, UNAUTHENTICATED
from tests.emulator.rules.shop import ADDRESS_FIELDS, AN_ADDRESS, EARLIER, REMOVED, REQUEST_TIME, an_order, the_details

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
