"""The sweep's queries on the real emulator: expired reservations, orders that were never placed, products."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from google.cloud import firestore

from database.queries import BATCH_DOCUMENTS_MAX, FirestoreQueries
from orders.order import OrderStatus
from tests.support.builders import NOW, Fields
from tests.support.emulated_shop import list_in_catalogue, service_in, write_all, write_orders

LONG_AGO = timedelta(hours=2)
A_MOMENT = timedelta(seconds=1)
OTHER_STATUSES = set(OrderStatus) - {OrderStatus.RESERVED, OrderStatus.PENDING, OrderStatus.RESERVING}


def lapsed_in(client: firestore.Client) -> Iterator[Sequence[str]]:
    return service_in(client).queries().lapsed_orders(NOW)


def stranded_in(client: firestore.Client) -> Iterator[Sequence[str]]:
    return service_in(client).queries().stranded_orders(NOW)


def test_expired_reservations_are_found_the_longest_overdue_first(firestore_client: firestore.Client) -> None:
    write_orders(firestore_client, ["younger"], status="reserved", reservationExpiresAt=NOW - A_MOMENT)
    write_orders(firestore_client, ["oldest"], status="reserved", reservationExpiresAt=NOW - 2 * A_MOMENT)
    write_orders(firestore_client, ["just now"], status="reserved", reservationExpiresAt=NOW)
    write_orders(firestore_client, ["not yet"], status="reserved", reservationExpiresAt=NOW + A_MOMENT)
    write_orders(firestore_client, ["never"], status="reserved", reservationExpiresAt=None)
    write_orders(firestore_client, ["unset"], status="reserved")
    assert list(lapsed_in(firestore_client)) == [["oldest", "younger", "just now"]]


def test_orders_that_were_not_placed_completely_are_found_the_oldest_first(firestore_client: firestore.Client) -> None:
    write_orders(firestore_client, ["younger"], createdAt=NOW - A_MOMENT)
    write_orders(firestore_client, ["oldest"], status="reserving", createdAt=NOW - 2 * A_MOMENT)
    write_orders(firestore_client, ["just now"], createdAt=NOW)
    write_orders(firestore_client, ["too young"], createdAt=NOW + A_MOMENT)
    write_orders(firestore_client, ["also too young"], status="reserving", createdAt=NOW + A_MOMENT)
    assert list(stranded_in(firestore_client)) == [["oldest", "younger", "just now"]]


def test_orders_of_other_statuses_are_neither_lapsed_nor_stranded(firestore_client: firestore.Client) -> None:
    past = NOW - LONG_AGO
    for status in (*OTHER_STATUSES, "a status of tomorrow"):
        write_orders(firestore_client, [status], status=status, createdAt=past, reservationExpiresAt=past)
    assert [*lapsed_in(firestore_client), *stranded_in(firestore_client)] == []


def test_each_order_is_found_once_although_settling_changes_what_is_found(firestore_client: firestore.Client) -> None:
    size = BATCH_DOCUMENTS_MAX
    order_ids = [f"order-{number:03}" for number in range(2 * size + 10)]
    # Whole batches that expired at the same moment.
    write_orders(firestore_client, order_ids, status="reserved", reservationExpiresAt=NOW)
    found = []
    for batch in lapsed_in(firestore_client):
        found.append(batch)
        # The others cannot be settled now; they must not be found over and over.
        write_orders(firestore_client, batch[::2], status="expired", reservationExpiresAt=NOW)
    assert found == [order_ids[:size], order_ids[size : 2 * size], order_ids[2 * size :]]


@pytest.mark.parametrize(
    ("collection", "said", "found"),
    [
        ("cancelRequests", {"userId": "alice"}, FirestoreQueries.unanswered_requests),
        ("operatorRequests", {"kind": "accept"}, FirestoreQueries.unanswered_operator_requests),
    ],
)
def test_requests_are_found_that_nobody_has_answered_in_their_time(
    collection: str,
    said: Fields,
    found: Callable[[FirestoreQueries, datetime, datetime], Iterator[Sequence[str]]],
    firestore_client: firestore.Client,
) -> None:
    made = {"younger": A_MOMENT, "oldest": LONG_AGO, "too old": LONG_AGO + A_MOMENT, "too young": -A_MOMENT}
    requests = {request_id: {**said, "createdAt": NOW - age} for request_id, age in made.items()}
    requests["answered"] = {**requests["younger"], "expireAt": NOW}
    write_all(firestore_client, {f"{collection}/{request_id}": request for request_id, request in requests.items()})
    queries = FirestoreQueries(firestore_client)
    assert list(found(queries, NOW - LONG_AGO, NOW)) == [["oldest", "younger"]]


def test_products_are_found_in_the_order_of_their_ids_wherever_one_begins(firestore_client: firestore.Client) -> None:
    list_in_catalogue(firestore_client, ["shirt", "mug", "über", "Zebra"])
    products_after = service_in(firestore_client).queries().products_after
    assert products_after("", 3) == ["Zebra", "mug", "shirt"]
    assert products_after("shirt", 3) == ["über"]
    assert products_after("no such product", 3) == ["shirt", "über"]
    assert products_after("über", 3) == []
