"""Reads at one moment take several answers if orders are too large: customers decide how large."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from database.documents.orders import HOLDING_ORDERS
from database.documents.trail_checks import orders_behind
from database.errors import AnswerTooLarge
from database.firestore_store import FirestoreStore
from database.listings import pages_of, structured_query
from database.moments import FirestoreMoment
from database.store import Listing
from reconciliation.records import INVENTORY
from tests.support.builders import NOW

if TYPE_CHECKING:
    from database.connection import Connection

DOCUMENTS = "projects/p/databases/(default)/documents"


class Narrow:
    """Firestore: two orders are too large for one answer, and the last even by itself, unless without its items."""

    documents = DOCUMENTS

    def call(self, _rpc: str, request: Mapping[str, Any], *, timeout_seconds: float) -> Any:
        assert timeout_seconds
        query = request["structuredQuery"]
        after = int(query["startAt"]["values"][-1]["referenceValue"][-1]) if "startAt" in query else 0
        page = range(after + 1, min(after + query["limit"], 3) + 1)
        has_items = {"fieldPath": "items"} in query.get("select", {"fields": [{"fieldPath": "items"}]})["fields"]
        if len(page) > 1 or (list(page) == [3] and has_items):
            raise AnswerTooLarge
        fields = ({"createdAt": {"integerValue": str(number)}} for number in page)
        return [
            {"document": {"name": f"{DOCUMENTS}/orders/{each['createdAt']['integerValue']}", "fields": each}}
            for each in fields
        ]


def test_large_orders_are_found_one_by_one_and_too_large_ones_without_their_items() -> None:
    moment = FirestoreMoment(cast("Connection", Narrow()), "2026-03-14T15:09:26Z")
    for listing in HOLDING_ORDERS, HOLDING_ORDERS._replace(batch_max=2):
        assert [order_id for batch in moment.find(listing) for order_id, _ in batch] == ["1", "2", "3"]
    with pytest.raises(AnswerTooLarge):
        list(moment.find(INVENTORY))


def test_nothing_is_read_of_orders_but_the_fields_that_are_asked_for() -> None:
    query = structured_query(orders_behind("order-1", 30))
    assert query["select"] == {
        "fields": [{"fieldPath": each} for each in ("createdAt", "status", "auditHead", "auditCount")]
    }
    assert "select" not in structured_query(INVENTORY)


def test_a_listing_is_asked_for_by_its_values_its_time_and_its_order_and_on_from_where_the_last_page_ended() -> None:
    asked: list[Mapping[str, object]] = []
    due, name = {"timestampValue": "2026-03-14T15:09:26+00:00"}, f"{DOCUMENTS}/effects/mail_1"
    pages = iter([[{"readTime": "now"}, {"document": {"name": name, "fields": {"dueAt": due}}}], []])

    def ask(request: Mapping[str, object]) -> object:
        asked.append(request)
        return next(pages)

    listing = Listing("effects", {"state": ["RETRY"]}, (NOW, NOW + timedelta(hours=1)), ["dueAt"])
    assert list(pages_of(listing, DOCUMENTS, ask)) == [[("mail_1", {"dueAt": NOW})]]
    query = {
        "from": [{"collectionId": "effects"}],
        "orderBy": [{"field": {"fieldPath": each}, "direction": "ASCENDING"} for each in ("dueAt", "__name__")],
        "where": {
            "compositeFilter": {
                "op": "AND",
                "filters": [
                    a_filter("state", "IN", {"arrayValue": {"values": [{"stringValue": "RETRY"}]}}),
                    a_filter("dueAt", "GREATER_THAN_OR_EQUAL", due),
                    a_filter("dueAt", "LESS_THAN", {"timestampValue": "2026-03-14T16:09:26+00:00"}),
                ],
            }
        },
        "limit": 200,
    }
    behind = {"values": [due, {"referenceValue": name}], "before": False}
    assert asked == [{"structuredQuery": query}, {"structuredQuery": {**query, "startAt": behind}}]


def a_filter(name: str, operator: str, value: object) -> dict[str, object]:
    return {"fieldFilter": {"field": {"fieldPath": name}, "op": operator, "value": value}}


def test_a_listing_without_values_or_a_beginning_asks_for_none_and_one_by_ids_begins_behind_the_one_named() -> None:
    assert "where" not in structured_query(INVENTORY)
    until: Any = structured_query(Listing("effects", span=(None, NOW), order=["dueAt"]))["where"]
    assert [each["fieldFilter"]["op"] for each in until["compositeFilter"]["filters"]] == ["LESS_THAN"]

    def nothing(request: Any) -> Any:
        behind = {"values": [{"referenceValue": f"{DOCUMENTS}/orders/order-1"}], "before": False}
        assert (request["structuredQuery"]["startAt"], request["structuredQuery"]["limit"]) == (behind, 30)
        return []

    assert not list(pages_of(orders_behind("order-1", 30), DOCUMENTS, nothing))


class Timed:
    """An empty Firestore that gives its read time."""

    documents = DOCUMENTS

    def __init__(self) -> None:
        self.asked: list[object] = []

    def call(self, _rpc: str, request: Mapping[str, Any], *, timeout_seconds: float) -> Any:
        assert timeout_seconds
        self.asked.append(request.get("readTime"))
        return [{"readTime": f"time {len(self.asked)}"}]


def test_what_is_promised_is_all_of_one_moment() -> None:
    firestore = Timed()
    assert FirestoreStore(cast("Connection", firestore)).units_promised("shirt", timeout_seconds=1) == (0, 0)
    assert firestore.asked == [None, "time 1"]
