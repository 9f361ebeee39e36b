"""A shop that sells shirts, and what it contains later, in any database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from orders.events import OrderEvent
from orders.shop_events import ReservationLapsed
from tests.support.auditor import complaints
from tests.support.builders import NOW, Fields, a_catalogue_entry, a_placement, a_request, a_reserved_order, an_order
from tests.support.memory_store import MemoryStore
from tests.support.operators import OPERATORS_REQUESTS
from tests.support.payments import a_payment
from tests.support.settling import settled

SHIRTS = 10
MUCH_LATER = NOW + timedelta(days=30)
"""After every reservation, however extended."""


class AnyDatabase(Protocol):
    """Any database, without the service."""

    def put(self, path: str, fields: Mapping[str, object]) -> None: ...
    def get(self, path: str) -> Mapping[str, object] | None: ...
    def dump(self) -> dict[str, Fields]: ...


# --- Opened -----------------------------------------------------------------------------------------------------------


def shop_documents(
    order: Fields | None = None, *, stock: int = SHIRTS, reserved: int = 0, **levels: Fields
) -> dict[str, Fields]:
    """Shirts and, unless None, an order with its customer's and operators' requests, not yet settled.

    Args:
        levels: the inventory of further products, by id.
    """
    asked: dict[str, Fields] = {
        "cancelRequests/order-1": a_request(),
        **{f"operatorRequests/{request_id}": fields for request_id, fields in OPERATORS_REQUESTS.items()},
    }
    documents: dict[str, Fields] = {} if order is None else {"orders/order-1": order, **asked}
    shirts: Fields = {"stock": stock, "reserved": reserved}
    for product_id, level in {"shirt": shirts, **levels}.items():
        documents[f"inventory/{product_id}"] = level
        documents[f"products/{product_id}"] = a_catalogue_entry()
    return documents


def without_requests(store: MemoryStore) -> MemoryStore:
    """Removes all requests, which would show in what operators read."""
    for path in [path for path, _ in store.documents() if path.startswith("operatorRequests/")]:
        store.delete(path)
    return store


def open_shop(
    database: AnyDatabase, order: Fields | None = None, *, stock: int = SHIRTS, reserved: int = 0, **levels: Fields
) -> None:
    """The same in this database."""
    for path, fields in shop_documents(order, stock=stock, reserved=reserved, **levels).items():
        database.put(path, fields)


def a_shop(order: Fields | None = None, *, stock: int = SHIRTS, reserved: int = 0, **levels: Fields) -> MemoryStore:
    """The same in memory."""
    return MemoryStore(shop_documents(order, stock=stock, reserved=reserved, **levels))


def a_shop_with_a_hold() -> MemoryStore:
    """Three of its ten shirts are held for its order."""
    return a_shop(a_reserved_order(), reserved=3)


def a_shop_after(*events: OrderEvent) -> MemoryStore:
    """A shop with an order for three of its ten shirts, after these events."""
    store = a_shop(an_order())
    for event in events:
        settled(event, store, now=time_of(event))
    return store


def a_shop_paid_twice(*events: OrderEvent) -> MemoryStore:
    """Its order is paid with pi_1 and with pi_2, before these events."""
    second = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")
    return a_shop_after(a_placement(), a_payment(), second, *events)


def time_of(event: OrderEvent) -> datetime:
    """When the event comes; reservations lapse much later than everything else."""
    return MUCH_LATER if isinstance(event, ReservationLapsed) else NOW


# --- Looked into ------------------------------------------------------------------------------------------------------


def document_at(database: AnyDatabase, path: str) -> Fields:
    """The document's fields; it must exist."""
    fields = database.get(path)
    assert fields is not None, f"{path} does not exist"
    return dict(fields)


def status_in(database: AnyDatabase, order_id: str = "order-1") -> object:
    return document_at(database, f"orders/{order_id}")["status"]


def shirts_in(database: AnyDatabase) -> tuple[object, object]:
    """Shirts in stock, and shirts held."""
    shirts = document_at(database, "inventory/shirt")
    return shirts["stock"], shirts["reserved"]


def audited_in(database: AnyDatabase) -> set[str]:
    """The ids of the events with an audit entry."""
    paths = (path.split("/") for path in database.dump())
    return {path[1] for path in paths if path[0] == "auditLog" and len(path) == 2}


def notices_in(database: AnyDatabase, *, of_event: str = "") -> list[object]:
    """The type of each notice to anybody; only of this event, if given."""
    notices = ((path, fields) for path, fields in database.dump().items() if path.startswith("notifications/"))
    return [fields["type"] for path, fields in notices if path.endswith(of_event)]


def complaints_in(database: AnyDatabase, *, stock: int | None = SHIRTS, **others: int | None) -> list[str]:
    """The auditor's complaints.

    Args:
        stock: the shirts in stock at the beginning.
        others: the same for further products.
    """
    return complaints(database.dump(), {"shirt": stock, **others})
