"""The service makes the living shop's past, the same for the same seed; then customers come."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from database.store import Fields
from tests.support.auditor import complaints
from tools.catalogue import CATALOGUE
from tools.living import present
from tools.living.past import MAILBOX_FULL, documents_after, supplies
from tools.living.plots import PLOTS, REPORTS, Visit, a_visit, chance_of, customers, paid
from tools.living.present import Present, Time
from tools.living.scenes import DAYS, REFUSED_FOR, visits_from, visits_until
from tools.living.shop import terms_of_the_emulators
from tools.posting import Answer, NotAnswered

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)
TERMS = terms_of_the_emulators()


def past(seed: str) -> dict[str, Fields]:
    chance = chance_of(seed)
    visits = visits_until(NOW, customers(chance), chance)
    return documents_after(visits, supplies(NOW - timedelta(days=DAYS), NOW, "olga"), NOW, TERMS, chance)


@pytest.fixture(scope="module")
def documents() -> dict[str, Fields]:
    return past("1")


def found(documents: Mapping[str, Fields], collection: str) -> list[Fields]:
    return [fields for path, fields in documents.items() if path.split("/")[0] == collection]


def test_the_same_chance_makes_the_same_past_and_another_one_another(documents: dict[str, Fields]) -> None:
    assert past("1") == documents
    chance = chance_of("2")
    others = {f"orders/{visit.order_id}" for visit in visits_until(NOW, customers(chance), chance)}
    assert others and others.isdisjoint(documents)


def test_the_past_has_all_that_a_console_shows(documents: dict[str, Fields]) -> None:
    statuses = Counter(order["status"] for order in found(documents, "orders"))
    assert {"finalized", "reserved", "refunded", "partially_refunded", "expired", "review"} <= statuses.keys()
    assert any(order.get("overpaid") for order in found(documents, "orders"))
    deadlines = [each["dueBy"] for each in found(documents, "disputes") if each["status"] == "needs_response"]
    assert deadlines
    assert all(isinstance(due_by, datetime) and due_by > NOW for due_by in deadlines)
    assert any(event["processed"] is False for event in found(documents, "webhookEvents"))
    refused = {effect["state"] for effect in found(documents, "effects") if effect.get("error") and effect["attempts"]}
    assert refused == {"RETRY", "ERROR"}


def test_nothing_of_the_past_is_in_the_future(documents: dict[str, Fields]) -> None:
    dated = [entry["createdAt"] for entry in (*found(documents, "orders"), *found(documents, "auditLog"))]
    assert all(isinstance(at, datetime) and at <= NOW for at in dated)


def test_money_stock_and_trail_agree_in_the_past(documents: dict[str, Fields]) -> None:
    assert complaints(documents, {name: product.stock for name, product in CATALOGUE.items()}) == []


def test_every_plot_is_settled_whatever_its_pace() -> None:
    for plot in PLOTS:
        for minute in (timedelta(seconds=1), timedelta(minutes=1)):
            chance = chance_of("3")
            visit = a_visit(customers(chance)[0], NOW, chance, plot=plot, minute=minute)
            made = documents_after([visit], (), NOW + timedelta(days=9), TERMS, chance)
            assert made[f"orders/{visit.order_id}"]["status"] not in {"pending", "reserving"}


class Watched:
    """A shop that records what is written and delivered, and a clock that only sleep moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.written, self.delivered = NOW, dict[str, Mapping[str, Any]](), list[str]()
        self.addresses, self.client = self, self
        self.webhook, self.silent = "here", list[str]()
        monkeypatch.setattr(present, "deliver", self.deliver)
        monkeypatch.setattr(present, "put", lambda _client, documents: self.written.update(documents))

    def document(self, path: str) -> "Watched":
        self.path = path
        return self

    def create(self, fields: Mapping[str, Any]) -> None:
        self.written[self.path] = fields

    def deliver(self, _webhook: str, event: Mapping[str, Any]) -> Answer:
        assert event["created"] <= self.at.timestamp()
        self.delivered.append(event["type"])
        return Answer(200, b"{}")

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def lives(self, visits: Iterator[Visit], minutes: float = 3) -> None:
        end = NOW + timedelta(minutes=minutes)
        said: Any = self
        time = Time(lambda: self.at if self.at < end else self._over(), self.sleep)
        with pytest.raises(KeyboardInterrupt):
            Present(said, visits, TERMS, chance_of("1"), lambda _: None).pass_by(time, operator="olga", sweeps=False)

    def _over(self) -> datetime:
        raise KeyboardInterrupt


def test_in_the_first_minutes_all_that_needs_somebody_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, chance = Watched(monkeypatch), chance_of("1")
    shop.lives(visits_from(NOW, customers(chance), chance), minutes=4)
    assert {"charge.dispute.created", "refund.created", *REPORTS} <= {*shop.delivered}
    stuck = [fields for path, fields in shop.written.items() if path.startswith("effects/")]
    assert {effect["error"] for effect in stuck if effect["state"] == "RETRY"} == {MAILBOX_FULL}
    assert not any(path.startswith("inventory/") for path in shop.written)
    asked = {fields["kind"] for path, fields in shop.written.items() if path.startswith("operatorRequests/")}
    assert asked == {"stock"}
    assert 20 < sum(path.startswith("orders/") for path in shop.written) < 90


def test_a_customer_comes_every_few_seconds_and_one_who_is_unreachable_once_that_shows() -> None:
    chance = chance_of("1")
    visits = [*islice(visits_from(NOW, customers(chance), chance), 50)]
    seen = [visit.placed_at + REFUSED_FOR if visit.is_unreachable else visit.placed_at for visit in visits]
    assert all(3 <= (later - earlier).total_seconds() <= 7 for earlier, later in pairwise(seen))


def test_a_failing_delivery_does_not_end_the_shop_while_it_is_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, chance = Watched(monkeypatch), chance_of("1")

    def fails(_webhook: str, _event: object) -> Answer:
        raise NotAnswered("nobody is there")

    monkeypatch.setattr(present, "deliver", fails)
    visit = a_visit(customers(chance)[0], NOW, chance, plot=paid, minute=timedelta(seconds=1))
    shop.lives(iter([visit]))
    assert capsys.readouterr().err.count("nobody is there") >= len(visit.then)
