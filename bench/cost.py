"""How often Firestore is asked, and what it bills: counted, for one delivery and for an order's whole way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from flask import Flask

from bench.channel import counted
from bench.payments import SECRET, VOICES, payment, signed, stripe_event
from bench.shop import a_pending_order, a_project, a_reserved_order, amount_of, service_over, stock_up, write_all
from orders.events import OrderPlaced

# US dollars for 100,000 documents in us-central1, where functions.yaml puts the functions; nam5 and eur3 take twice
# as much. https://cloud.google.com/firestore/pricing
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

    @property
    def dollars_per_million(self) -> float:
        return 10 * (self.reads * READ_PRICE + self.writes * WRITE_PRICE + self.deletes * DELETE_PRICE)


def rpcs_per_delivery() -> Mapping[str, int]:
    """For each kind of delivery, how many RPCs the webhook takes."""
    connection, asked = counted(a_project())
    client = connection.client
    endpoint = replace(service_over(connection), webhook_secrets=[SECRET]).webhook_endpoint()
    stock_up(client, _PRODUCTS, reserved=1)
    write_all(client, {f"orders/{_ORDER_ID}": a_reserved_order(_PRODUCTS)})

    def rpcs_of(event_type: str, result: str) -> int:
        asked.rpcs.clear()
        body, headers = signed(stripe_event(event_type, _ORDER_ID, amount_of(_PRODUCTS)))
        with Flask(__name__).test_request_context(method="POST", data=body, headers=headers) as context:
            answer = endpoint.respond(context.request).get_json()
        if answer != {"result": result}:
            raise RuntimeError(f"{event_type} was answered {answer}, not {result}")
        return len(asked.rpcs)

    return {
        "first_delivery": rpcs_of(VOICES[0], "first_time_finalized"),
        "other_event": rpcs_of(VOICES[1], "already_finalized"),
        "duplicate": rpcs_of(VOICES[1], "duplicate_detected"),
        "not_ours": rpcs_of("invoice.paid", "ignored"),
    }


def billed_per_paid_order() -> Billed:
    """All that is billed for an order of one product: its trigger, three events, and the end of their claims."""
    connection, asked = counted(a_project())
    client, service = connection.client, service_over(connection)
    stock_up(client, _PRODUCTS)
    write_all(client, {f"orders/{_ORDER_ID}": a_pending_order(_PRODUCTS)})
    written_before = asked.writes
    service.order_created_trigger().place(OrderPlaced(_ORDER_ID, _PRODUCTS))
    for voice in VOICES:
        service.settle(payment(_ORDER_ID, amount_of(_PRODUCTS), voice), _now())
    return Billed(asked.reads, asked.writes - written_before, asked.deletes + len(asked.mortal))


def _now() -> datetime:
    return datetime.now(UTC)
