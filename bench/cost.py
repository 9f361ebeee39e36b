"""The RPCs of one delivery, and what Firestore bills for an order's whole life, both counted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from bench.billing import BillCounter
from bench.figures import Aim, Figure, Measured
from bench.payments import payment
from bench.shop import a_pending_order, a_reserved_order, amount_of, stock_up
from orders.shop_events import OrderPlaced
from tests.support.builders import Fields
from tests.support.counted_rpcs import connected_through, counted
from tests.support.emulated_shop import a_database, delivered_to, now, service_over, write_all
from tests.support.stripe_objects import PAYMENT_EVENTS, a_payment_event, an_event
from triggers.order_created import OrderCreatedTrigger

# US dollars for 100,000 documents in us-central1, where functions.yaml puts the functions; nam5 and eur3 cost twice as
# much. https://cloud.google.com/firestore/pricing
READ_PRICE: Final = 0.03
WRITE_PRICE: Final = 0.09
DELETE_PRICE: Final = 0.01

_PRODUCTS: Final = ("shirt",)
_ORDER_ID: Final = "order-1"


@dataclass(frozen=True, slots=True)
class Billed:
    reads: int
    writes: int
    deletes: int
    looks: int
    """How many inventory writes started the function that keeps the availability of products."""

    @property
    def dollars(self) -> float:
        return (self.reads * READ_PRICE + self.writes * WRITE_PRICE + self.deletes * DELETE_PRICE) / 100_000


def operations() -> Measured:
    rpcs, billed = _rpcs_per_delivery(), _billed_per_paid_order()
    order = {**asdict(billed), "dollars_per_million": 1_000_000 * billed.dollars}
    return (
        Figure("rpc_first_delivery", rpcs["first_delivery"], "RPCs to settle a payment", Aim("=", 2)),
        Figure("rpc_other_event", rpcs["other_event"], "RPCs for another event of a settled payment", Aim("=", 2)),
        Figure("rpc_duplicate", rpcs["duplicate"], "RPCs for an event that comes again", Aim("=", 2)),
        Figure("rpc_not_ours", rpcs["not_ours"], "RPCs for what concerns no order", Aim("=", 0)),
        Figure("firestore_ops", order, "billed for a paid order with its triggers and three events"),
    ), {}


def _rpcs_per_delivery() -> Mapping[str, int]:
    """The webhook's RPCs for each kind of delivery."""
    client = a_database()
    connection, rpcs = counted(client.project)
    endpoint = service_over(connection).webhook_endpoint()
    stock_up(client, _PRODUCTS, reserved=1)
    write_all(client, {f"orders/{_ORDER_ID}": a_reserved_order(_PRODUCTS)})
    first, other, _ = (a_payment_event(_ORDER_ID, event_type, amount_of(_PRODUCTS)) for event_type in PAYMENT_EVENTS)

    def rpcs_of(event: Fields, result: str) -> int:
        rpcs.names.clear()
        answer = delivered_to(endpoint, event, at=now()).get_json()
        if answer["result"] != result:
            raise RuntimeError(f"{event['type']} was answered {answer}, not {result}")
        return len(rpcs.names)

    return {
        "first_delivery": rpcs_of(first, "first_time_finalized"),
        "other_event": rpcs_of(other, "already_finalized"),
        "duplicate": rpcs_of(other, "duplicate_detected"),
        "not_ours": rpcs_of(an_event("invoice.paid", {"id": "in_1", "object": "invoice"}), "ignored"),
    }


def _billed_per_paid_order() -> Billed:
    """All that is billed for an order of one product: its triggers, three events, and the expiry of their claims."""
    client = a_database()
    connection, bill = connected_through(BillCounter, client.project)
    service = service_over(connection)
    stock_up(client, _PRODUCTS)
    write_all(client, {f"orders/{_ORDER_ID}": a_pending_order(_PRODUCTS)})
    service.storefront().show(_PRODUCTS)
    bill.forget()
    trigger = OrderCreatedTrigger(service.settle, bill.billed(service.queries().parked_events), service.log, now)
    trigger.place(OrderPlaced(_ORDER_ID, _PRODUCTS))
    for event_type in PAYMENT_EVENTS:
        service.settle(payment(_ORDER_ID, amount_of(_PRODUCTS), event_type), now())
    looks = bill.inventory_writes
    for _ in range(looks):
        service.storefront().show(_PRODUCTS)
    return Billed(bill.reads, bill.writes, bill.deletes + len(bill.expiring), looks)
