"""Three events and a duplicate per order, eight at a time: by the service, or by the library's transactions."""

from dataclasses import asdict
from functools import partial
from typing import Final

from google.cloud import firestore

from bench.crowd import Run, Settling, is_settled, run
from bench.figures import Aim, Figure, Measured
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


def race() -> Measured:
    """The service's race beside the median of several by transactions, by events settled per second."""
    client = a_database()
    service = _race(client, service_in(client).settle, ORDERS)
    races = [_race_of_transactions() for _ in range(RACES_IN_TRANSACTIONS)]
    transactions = sorted(races, key=lambda race: race.settled_per_second)[RACES_IN_TRANSACTIONS // 2]
    figure = Figure(
        "emulator_race",
        service.settled_per_second / transactions.settled_per_second,
        f"events/s, 3 events and a duplicate an order, service ÷ transactions, {CLIENTS} clients",
        Aim("≥", 50),
        is_regression_check=True,
    )
    runs = {"service": service, "transactions": transactions}
    return (figure,), {
        name: {"settled_per_second": run.settled_per_second, **asdict(run)} for name, run in runs.items()
    }


def _race_of_transactions() -> Run:
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
