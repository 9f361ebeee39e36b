"""The load test's figures, computed from Firestore's answers and documents without a database."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace

import pytest

from bench.loadtest import rush
from bench.loadtest.__main__ import main
from bench.loadtest.report import figures_of
from bench.loadtest.rush import CommitCounter, Rush
from bench.loadtest.shop import PRODUCTS
from bench.shop import STOCK
from database.connection import Connection
from database.http_answers import Answer
from database.store import Fields
from orders.events import OrderEvent
from orders.outcome import StoreContended
from tests.support.builders import a_reserved_order
from tests.support.memory_store import MemoryStore

FULL = {
    f"inventory/{product_id}": {"stock": STOCK, "reserved": 0}
    for product_ids in PRODUCTS.values()
    for product_id in product_ids
}


def one_sold(stock: int = STOCK - 1) -> dict[str, Fields]:
    """The only product that was bought has this many units left."""
    level = {"stock": stock, "reserved": 0}
    return {**FULL, "inventory/loadtest-hot": level, "orders/loadtest-1": a_reserved_order(status="finalized")}


@dataclass(frozen=True)
class Answering:
    """A transport that always gives the same answer."""

    answer: Answer

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        return self.answer


A_RUSH = Rush(
    seconds=2.0,
    orders=4,
    paid=3,
    given_up=0,
    hold_seconds=(),
    payment_seconds=(),
    commits=Counter(),
    rpcs=0,
    reads=0,
    writes=0,
)


def figure(key: str, of_phase: Rush) -> float:
    found = {figure.key: figure.value for figure in figures_of({"hot": of_phase}, one_sold())}[key]
    assert isinstance(found, Mapping)
    return found["hot"]


def test_a_percentile_is_the_time_in_which_so_many_were_done() -> None:
    held = replace(A_RUSH, hold_seconds=[number / 1000 for number in range(150, 0, -1)])
    assert figure("hold_ms_p50", held) == 75
    assert figure("hold_ms_p99", held) == 149
    assert figure("payment_ms_p99", held) == 0


def test_a_commit_that_was_lost_is_one_try_more() -> None:
    commits = Counter({"OK": 6, "ABORTED": 3, "FAILED_PRECONDITION": 1})
    contended = replace(A_RUSH, commits=commits, hold_seconds=[0.1] * 5, payment_seconds=[0.1] * 3)
    assert figure("tries_per_event", contended) == 1.5
    assert figure("aborted_percent", contended) == 30
    assert figure("outrun_percent", contended) == 10


def test_only_what_was_paid_counts_as_an_order_a_second() -> None:
    assert figure("orders_per_second", A_RUSH) == 1.5


@pytest.mark.parametrize(("left", "miscounted"), [(STOCK - 1, 0), (STOCK, 1), (STOCK - 2, 1)])
def test_each_unit_that_is_gone_must_have_a_paid_order(left: int, miscounted: int) -> None:
    found = {figure.key: figure for figure in figures_of({"hot": A_RUSH}, one_sold(left))}
    assert found["units_miscounted"].value == miscounted
    assert found["units_miscounted"].verdict == ("miss" if miscounted else "ok")


@pytest.mark.parametrize(("paid", "lost"), [(0, 0), (1, 0), (3, 2)])
def test_each_payment_that_was_settled_must_have_finalized_its_order(paid: int, lost: int) -> None:
    found = {figure.key: figure for figure in figures_of({"hot": replace(A_RUSH, paid=paid)}, one_sold())}
    assert (found["orders_lost"].value, found["orders_lost"].verdict) == (lost, "miss" if lost else "ok")


def test_an_order_that_is_not_held_in_time_is_given_up_and_not_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    def contended(event: OrderEvent, now: datetime) -> None:
        raise StoreContended(event.event_id)

    store = MemoryStore()
    monkeypatch.setattr(rush, "FirestoreStore", lambda _: store)
    monkeypatch.setattr(rush, "service_over", lambda _: SimpleNamespace(placing=contended, settle=None))
    connection = Connection("shop", Answering(Answer(200, b"[]")), lambda _: {})
    client = rush.Client(rush.Instance(connection), connection, "loadtest-hot-0")
    client.buy("loadtest-hot")
    assert (client.orders, client.paid, client.given_up) == (1, 0, 1)
    assert (len(client.hold_seconds), client.payment_seconds) == (1, [])


@pytest.mark.parametrize(
    ("answer", "counted_as"),
    [
        (Answer(200, b"{}"), "OK"),
        (Answer(409, json.dumps({"error": {"status": "ABORTED"}}).encode()), "ABORTED"),
        (Answer(503, b"upstream connect error"), "503"),
        (Answer(502, b"[]"), "502"),
    ],
)
def test_each_answer_to_a_commit_is_counted_by_its_status(answer: Answer, counted_as: str) -> None:
    counter = CommitCounter(Answering(answer))
    assert counter.post("/v1/any:commit", b'{"writes": []}', {}, seconds=1) == answer
    counter.post("/v1/any:batchGet", b'{"documents": []}', {}, seconds=1)
    assert counter.commits == {counted_as: 1}


@pytest.mark.parametrize(("code", "reads"), [(200, 1), (409, 0)])
def test_what_is_refused_is_not_billed(code: int, reads: int) -> None:
    counter = CommitCounter(Answering(Answer(code, b"{}")))
    counter.post("/v1/any:batchGet", b'{"documents": ["one"]}', {}, seconds=1)
    assert counter.reads == reads


@pytest.mark.parametrize("wrong", ["--project=", "--seconds=0", "--seconds=151", "--clients=65", "--orders=many"])
def test_what_is_out_of_bounds_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--project=shop", wrong])
    assert wrong.partition("=")[0] in capsys.readouterr().err
