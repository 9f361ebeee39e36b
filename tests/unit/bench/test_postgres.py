"""The PostgreSQL comparator: what it reads from events, how shops are judged, and what the figures are made of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
import stripe

pytest.importorskip("psycopg", reason="psycopg comes with `make bench` and `make lint`")

from bench.postgres import server
from bench.postgres.judging import PRODUCTS, RESERVED, Verdict, verdict
from bench.postgres.payments import Payment, payment_of
from bench.postgres.report import CLIENTS, CONSTRUCT_EVENT, JSON_LOADS, ONE_CORE, SERVICE, Comparison, figures_of
from bench.postgres.rounds import Round
from bench.postgres.server import NoServer, find_programs
from bench.shop import STOCK
from tests.support.stripe_objects import PAYMENT_EVENTS, a_payment_event, the_event

WELL = Verdict(orders=100, lost=0, units_miscounted=0)


def constructed(event: dict[str, object]) -> stripe.Event:
    return stripe.Event.construct_from(event, None)


@pytest.mark.parametrize("read", [dict, constructed])
@pytest.mark.parametrize("event_type", PAYMENT_EVENTS)
def test_each_event_of_a_payment_says_the_same_of_it_however_it_is_read(event_type: str, read: type) -> None:
    event = a_payment_event("order-1", event_type, 1_200)
    assert payment_of(read(event)) == Payment(str(event["id"]), event_type, "order-1", "pi_order-1", 1_200, "eur")


@pytest.mark.parametrize(
    "event",
    [
        the_event("payment_intent.payment_failed"),
        the_event("payment_intent.succeeded", metadata={}),
        the_event("charge.succeeded", captured=False),
        the_event("checkout.session.completed", payment_status="unpaid"),
    ],
    ids=["declined", "of no order", "only authorised", "unpaid"],
)
def test_what_pays_no_order_is_not_for_it(event: dict[str, object]) -> None:
    assert payment_of(event) is None


def inventory(**sold: int) -> Mapping[str, tuple[int, int]]:
    units = {product: sold.get(product.replace("-", "_"), 0) for product in PRODUCTS}
    return {product: (STOCK - of_it, RESERVED - of_it) for product, of_it in units.items()}


def test_a_shop_is_well_if_each_order_was_finalized_once_and_its_unit_sold() -> None:
    orders = {"order-1": "finalized", "order-102": "finalized"}
    found = verdict(orders, Counter(orders.keys()), inventory(product_1=1, product_2=1))
    assert found == Verdict(orders=2, lost=0, units_miscounted=0)


def test_an_order_is_lost_if_it_is_not_finalized_or_was_more_than_once_or_never() -> None:
    orders = {"order-1": "reserved", "order-2": "finalized", "order-3": "finalized"}
    assert verdict(orders, Counter({"order-2": 2}), inventory()).lost == 3


def test_units_sold_twice_or_still_held_are_miscounted() -> None:
    orders = {"order-1": "finalized"}
    levels = {**inventory(product_1=1), "product-1": (STOCK - 2, RESERVED)}
    assert verdict(orders, Counter(orders.keys()), levels).units_miscounted == 2


def a_round(service_ms: float, seconds: float) -> Round:
    return Round(200, seconds, service_ms * 200 / 1000, 0.1, [0.004] * 200)


def a_comparison(ours: list[Round], theirs: list[Round]) -> Comparison:
    names = (SERVICE, CONSTRUCT_EVENT, JSON_LOADS)
    rounds = {(ONE_CORE, clients, name): ours if name == SERVICE else theirs for clients in CLIENTS for name in names}
    return Comparison(rounds, dict.fromkeys(names, 50.0), dict.fromkeys(names, WELL))


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    ours = [a_round(1.0, 0.5), a_round(9.0, 1.0), a_round(2.0, 1.0)]
    theirs = [a_round(2.0, 1.0), a_round(2.0, 1.0), a_round(2.0, 2.0)]
    values = {figure.key: figure.value for figure in figures_of(a_comparison(ours, theirs))}
    assert values == {
        "cpu_vs_postgres": 1.0,
        "cpu_vs_postgres_json": 1.0,
        "events_vs_postgres": 2.0,
        "orders_lost_vs_postgres": 0,
    }


def test_a_service_that_is_dear_slow_or_loses_an_order_misses_its_aims() -> None:
    found = a_comparison([a_round(3.0, 2.0)], [a_round(2.0, 1.0)])
    found = replace(found, verdicts={**found.verdicts, SERVICE: replace(WELL, lost=1)})
    assert [figure.verdict for figure in figures_of(found)] == ["miss", "", "miss", "miss"]


def test_where_no_server_is_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_DEBIAN", "/nowhere")
    with pytest.raises(NoServer, match="neither PATH nor /nowhere has initdb and postgres"):
        find_programs("/nowhere/either")
