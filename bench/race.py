"""Three events and a duplicate per order, eight at a time: by the service, or by the library's transactions."""

from functools import partial
from typing import Final

from google.cloud import firestore

from bench.crowd import Run, Settling, is_settled, run
from bench.payments import payment
from bench.shop import a_reserved_order, amount_of, stock_up
from bench.transactions import settling_in_transactions
from tests.support.emulated_shop import a_database, service_in, write_all
from tests.support.stripe_objects import PAYMENT_EVENTS

CLIENTS: Final = 8
ORDERS: Final = 150
# By chance, some transactions wait seconds for each other's locks: a single race would say little.
ORDERS_IN_TRANSACTIONS: Final = 32
RACES_IN_TRANSACTIONS: Final = 5


def race_of_service() -> Run:
    client = a_database()
    return _race(client, service_in(client).settle, ORDERS)


def race_of_transactions() -> Run:
    """The median of several races, by events settled per second."""
    races = sorted((_one_race_of_transactions() for _ in range(RACES_IN_TRANSACTIONS)), key=_settled_per_second)
    return races[RACES_IN_TRANSACTIONS // 2]


def _one_race_of_transactions() -> Run:
    client = a_database()
    return _race(client, settling_in_transactions(client), ORDERS_IN_TRANSACTIONS)


def _race(client: firestore.Client, settle: Settling, orders: int) -> Run:
    products = {f"order-{number}": [f"product-{number}"] for number in range(orders)}
    stock_up(client, [name for (name,) in products.values()], reserved=1)
    write_all(client, {f"orders/{order_id}": a_reserved_order(named) for order_id, named in products.items()})

    def deliver(order_id: str, event_type: str) -> bool:
        return is_settled(settle, payment(order_id, amount_of(products[order_id]), event_type))

    events = (*PAYMENT_EVENTS, PAYMENT_EVENTS[0])
    jobs = [partial(deliver, order_id, event_type) for order_id in products for event_type in events]
    return run(client, jobs, clients=CLIENTS)


def _settled_per_second(race: Run) -> float:
    return race.settled_per_second
