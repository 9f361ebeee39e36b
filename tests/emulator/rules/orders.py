"""Who may place an order, and request its cancellation."""

from typing import Final

from database.ids import OPERATORS
from tests.emulator.rules.clients import ADMIN, ALICE, BOB, OPERATORS_NAMESAKE, UNAUTHENTICATED
from tests.emulator.rules.shop import A_LINE, EARLIER, LATER, REMOVED, REQUEST_TIME, a_cancel_request, an_order

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
    "a customer asks to cancel their order": ALICE.sets("cancelRequests/alices", a_cancel_request())
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
