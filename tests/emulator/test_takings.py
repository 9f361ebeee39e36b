"""Many buy one product at once and pay at once, while two processes fold, on the real emulator."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from google.cloud import firestore

from orders.money import Money
from tests.support.auditor import complaints
from tests.support.builders import NOW, a_catalogue_entry, a_placement
from tests.support.emulated_shop import (
    all_at_once,
    documents_in,
    inventory_of,
    service_in,
    settle_in,
    write_all,
    write_orders,
)
from tests.support.payments import a_payment

ORDERS = [f"order-{number:02}" for number in range(24)]


def test_what_many_have_bought_at_once_is_taken_once_by_two_who_fold_meanwhile(
    firestore_client: firestore.Client,
) -> None:
    hot = {"stock": 30, "reserved": 0, "hot": True}
    write_all(firestore_client, {"inventory/shirt": hot, "products/shirt": a_catalogue_entry()})
    write_orders(firestore_client, ORDERS, 1)
    settle = settle_in(firestore_client)
    held = all_at_once([partial(settle, a_placement(order_id), NOW) for order_id in ORDERS], threads=8)
    assert held == {"reserved": len(ORDERS)}

    def pay(order_id: str) -> str:
        ids = {"payment_intent_id": f"pi_{order_id}", "charge_id": f"ch_{order_id}"}
        payment = a_payment(f"evt_{order_id}", order_id=order_id, money=Money(1_200, "eur"), **ids)
        return str(settle(payment, NOW).result)

    folds = [service_in(firestore_client).takings_due().fold for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        paid = [threads.submit(pay, order_id) for order_id in ORDERS]
        folding = [threads.submit(fold) for fold in folds]
        assert {each.result() for each in paid} == {"first_time_finalized"}
        while_paying = sum(each.result().orders for each in folding)
    assert complaints(documents_in(firestore_client), {"shirt": 30}) == []
    last = service_in(firestore_client).takings_due().fold()
    assert (while_paying + last.orders, last.lost) == (len(ORDERS), None)
    assert inventory_of(firestore_client) == (6, 0)
    assert complaints(documents_in(firestore_client), {"shirt": 30}) == []
