"""Cancel requests through the real trigger: what the document says counts, and what its event says does not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.types import Value

from tests.emulator.ordering_shop import ON_THE_SHELF, Shop
from tests.support.builders import NOW, a_request, a_reserved_order
from tests.support.emulated_shop import service_in
from tests.support.firestore_events import a_created_event, created
from triggers.sweep import STRANDED_AFTER

REQUEST = "cancelRequests/order-1"


def trigger_of(client: firestore.Client, user_id: str = "alice") -> None:
    """Deliver the event of a request, whether or not there is one."""
    event = a_created_event(REQUEST, created(REQUEST, userId=Value(string_value=user_id)))
    service_in(client).cancel_requested_trigger().receive(event)


def test_a_request_of_the_customers_own_cancels_whatever_its_event_says_and_is_kept_for_a_while(shop: Shop) -> None:
    shop.write(REQUEST, a_request())
    trigger_of(shop.client, "mallory")
    assert (shop.order["status"], shop.stock) == ("cancelled", ON_THE_SHELF)
    notice: Any = shop.read("notifications/alice/messages/cancel_order-1")
    assert notice["expireAt"] - notice["createdAt"] == timedelta(days=90)
    assert shop.read(REQUEST)["expireAt"] == notice["expireAt"]


def test_a_request_whose_event_was_lost_is_answered_by_the_sweep_and_one_of_somebody_else_is_not(shop: Shop) -> None:
    sweep = replace(service_in(shop.client), now=lambda: NOW + STRANDED_AFTER).reservation_sweep()
    shop.write("cancelRequests/order-2", a_request())
    shop.write("orders/order-2", a_reserved_order(userId="mallory"))
    shop.write(REQUEST, a_request())
    assert sweep.sweep().summary() == {
        **dict.fromkeys(["expired", "postponed", "faults"], 0),
        **dict.fromkeys(["finished", "unchanged"], 1),
        "complete": True,
    }
    assert (shop.order["status"], shop.stock) == ("cancelled", ON_THE_SHELF)
    assert shop.read("orders/order-2")["status"] == "reserved"
