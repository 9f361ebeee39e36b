"""Orders reserved and paid by sixteen clients at once: all for one product, or spread over a hundred."""

from dataclasses import asdict
from functools import partial
from typing import Final

from google.cloud import firestore

from bench.crowd import Run, Settling, is_settled, run
from bench.figures import Aim, Figure, Measured
from bench.payments import payment
from bench.shop import a_pending_order, amount_of, stock_up
from bench.transactions import settling_in_transactions
from orders.shop_events import OrderPlaced
from tests.support.emulated_shop import a_database, service_in, write_all

CLIENTS: Final = 16
ORDERS: Final = 480
# One per client: transactions wait so long for each other on this emulator that more would take minutes.
ORDERS_IN_TRANSACTIONS: Final = 16
PRODUCTS_SPREAD: Final = 100


def hot_product() -> Measured:
    runs = {
        "service, hot": _rush_of_service(1),
        "service, spread": _rush_of_service(PRODUCTS_SPREAD),
        "transactions, hot": _rush_of_transactions(),
    }
    hot, spread, transactions = (run.bought_per_second for run in runs.values())
    return (
        Figure(
            "hot_product_vs_spread",
            hot / spread,
            f"orders/s of one product ÷ spread over {PRODUCTS_SPREAD}, {CLIENTS} clients",
            Aim("≥", 0.7),
        ),
        Figure(
            "emulator_hot_product",
            hot / transactions,
            f"orders/s of one product, reserved and paid, service ÷ transactions, {CLIENTS} clients",
            Aim("≥", 100),
            is_regression_check=True,
        ),
    ), {name: {"bought_per_second": run.bought_per_second, **asdict(run)} for name, run in runs.items()}


def _rush_of_service(products: int) -> Run:
    client = a_database()
    service = service_in(client)
    return _rush(client, service.placing, service.settle, ORDERS, products)


def _rush_of_transactions() -> Run:
    client = a_database()
    settle = settling_in_transactions(client)
    return _rush(client, settle, settle, ORDERS_IN_TRANSACTIONS, 1)


def _rush(client: firestore.Client, place: Settling, pay: Settling, orders: int, products: int) -> Run:
    baskets = {f"order-{number}": [f"product-{number % products}"] for number in range(orders)}
    stock_up(client, [f"product-{number}" for number in range(products)])
    write_all(client, {f"orders/{order_id}": a_pending_order(named) for order_id, named in baskets.items()})

    def buy(order_id: str) -> bool:
        named = baskets[order_id]
        is_placed = is_settled(place, OrderPlaced(order_id, tuple(named)))
        return is_settled(pay, payment(order_id, amount_of(named))) and is_placed

    return run(client, [partial(buy, order_id) for order_id in baskets], clients=CLIENTS)
