"""The comparator on the test's own PostgreSQL server: its transaction, and the comparison as it is served."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace

import pytest
import trustme

pytest.importorskip("psycopg", reason="psycopg comes with `make bench` and `make lint`")

import psycopg

from bench.postgres.contestants import Contestant, on_postgres, the_service
from bench.postgres.firestores import stand_in
from bench.postgres.judging import Verdict
from bench.postgres.payments import Payment
from bench.postgres.report import CONSTRUCT_EVENT, JSON_LOADS
from bench.postgres.rounds import play
from bench.postgres.server import NoServer, PostgresServer, running_postgres
from bench.postgres.settling import NoSuchOrder, settle

PAID = Payment("evt_1", "payment_intent.succeeded", "order-1", "pi_1", 1_200, "eur")
OTHER = replace(PAID, event_id="evt_2", event_type="charge.succeeded")


@dataclass(frozen=True, slots=True)
class Shop:
    url: str
    owner: psycopg.Connection

    def settle(self, payment: Payment) -> str:
        """On a new connection over TLS, as the webhook does."""
        with psycopg.connect(self.url) as connection:
            return settle(connection, payment)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.owner.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    try:
        with running_postgres(trustme.CA()) as server:
            yield server
    except NoServer as reason:
        pytest.skip(f"nothing to try the comparator on: {reason}")


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[Shop]:
    url, owner = postgres.create_database("shop")
    with closing(owner):
        yield Shop(url, owner)


@pytest.fixture
def shop(database: Shop) -> Shop:
    """One reserved order, for two of ten shirts."""
    database.owner.execute("TRUNCATE orders, order_lines, inventory, stripe_events, audit_log, notices")
    database.owner.execute("INSERT INTO orders VALUES ('order-1', 'alice', 'reserved', 1200, 'eur')")
    database.owner.execute("INSERT INTO order_lines VALUES ('order-1', 'shirt', 2)")
    database.owner.execute("INSERT INTO inventory VALUES ('shirt', 10, 2)")
    return database


def test_a_payment_changes_order_stock_audit_trail_and_notice_together(shop: Shop) -> None:
    assert shop.settle(PAID) == "first_time_finalized"
    assert shop.rows("SELECT status, payment_intent_id, amount_received FROM orders") == [("finalized", "pi_1", 1_200)]
    assert shop.rows("SELECT stock, reserved FROM inventory") == [(8, 0)]
    assert shop.rows("SELECT event_id, result, status_before FROM audit_log") == [
        ("evt_1", "first_time_finalized", "reserved")
    ]
    assert shop.rows("SELECT event_id, user_id, type FROM notices") == [("evt_1", "alice", "paid")]


def test_another_event_of_the_payment_is_recorded_and_a_duplicate_is_counted(shop: Shop) -> None:
    settled = [shop.settle(payment) for payment in (PAID, OTHER, PAID, PAID)]
    assert settled == ["first_time_finalized", "already_finalized", "duplicate_detected", "duplicate_detected"]
    assert shop.rows("SELECT event_id FROM audit_log ORDER BY 1") == [("evt_1",), ("evt_2",)]
    assert shop.rows("SELECT id, deliveries FROM stripe_events ORDER BY 1") == [("evt_1", 3), ("evt_2", 1)]
    assert shop.rows("SELECT stock, reserved FROM inventory") == [(8, 0)]


@pytest.mark.parametrize("wrong", [{"amount": 1_199}, {"currency": "usd"}])
def test_another_amount_than_the_orders_is_for_a_person(shop: Shop, wrong: dict[str, object]) -> None:
    assert shop.settle(replace(PAID, **wrong)) == "review"  # type: ignore[arg-type]
    assert shop.rows("SELECT status FROM orders") == [("review",)]
    assert shop.rows("SELECT stock, reserved FROM inventory") == [(10, 2)]


def test_an_event_without_an_order_leaves_nothing_and_may_come_again(shop: Shop) -> None:
    with pytest.raises(NoSuchOrder):
        shop.settle(replace(PAID, order_id="order-2"))
    assert shop.rows("SELECT * FROM stripe_events") == []


def test_events_that_come_at_once_finalize_their_order_once(shop: Shop) -> None:
    events = [PAID, OTHER, replace(PAID, event_id="evt_3"), PAID] * 2
    settling: Callable[[Payment], str] = shop.settle
    with ThreadPoolExecutor(len(events)) as at_once:
        results = sorted(at_once.map(settling, events))
    assert results == ["already_finalized"] * 2 + ["duplicate_detected"] * 5 + ["first_time_finalized"]
    assert shop.rows("SELECT stock, reserved FROM inventory") == [(8, 0)]


# --- As they are served, by processes of their own -------------------------------------------------------------------

accounted_for = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process takes")


def settles_what_is_paid(contestant: AbstractContextManager[Contestant]) -> bool:
    with contestant as one:
        played = play(one, ["order-1", "order-2"], clients=2)
        one.open_orders(["order-3"])
        return (played.events, one.judge()) == (8, Verdict(orders=3, lost=1, units_miscounted=0))


@accounted_for
def test_the_service_is_served_by_tls_with_a_token_of_the_metadata_server() -> None:
    with stand_in() as firestore:
        assert settles_what_is_paid(the_service(firestore, trustme.CA()))


@accounted_for
@pytest.mark.parametrize("target", [CONSTRUCT_EVENT, JSON_LOADS])
def test_the_comparator_is_served_in_both_ways_to_read_an_event(postgres: PostgresServer, target: str) -> None:
    assert settles_what_is_paid(on_postgres(postgres, target))
