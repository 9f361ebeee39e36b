"""Orders reserved and paid by sixteen clients at once: all for one product, or spread over a hundred."""

from functools import partial
from typing import Final

from google.cloud import firestore

from bench.crowd import Run, Settling, is_settled, run
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


def rush_of_service(products: int) -> Run:
    client = a_database()
    service = service_in(client)
    return _rush(client, service.placing, service.settle, ORDERS, products)


def rush_of_transactions() -> Run:
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
