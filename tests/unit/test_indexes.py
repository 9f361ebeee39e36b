"""What `firestore.indexes.json` asks of Firestore, which the emulator ignores: indexes and times to live."""

import json
from typing import Any

from tools.toolchain import ROOT

CONFIGURED: dict[str, Any] = json.loads((ROOT / "firestore.indexes.json").read_text())


def test_what_the_service_gives_a_time_to_live_is_deleted_when_it_is_over() -> None:
    lives = {(rule["collectionGroup"], rule["fieldPath"]) for rule in CONFIGURED["fieldOverrides"] if rule.get("ttl")}
    assert lives == {("webhookEvents", "expireAt"), ("messages", "expireAt"), ("cancelRequests", "expireAt")}


def test_no_time_to_live_is_indexed_because_it_rises_steadily_and_nobody_asks_for_it() -> None:
    assert [rule for rule in CONFIGURED["fieldOverrides"] if rule.get("ttl") and rule["indexes"]] == []


def test_every_query_has_its_index_also_where_firestore_makes_none_by_itself() -> None:
    found = {
        (index["collectionGroup"], *(field["fieldPath"] for field in index["fields"]))
        for index in CONFIGURED["indexes"]
    }
    assert found >= {
        ("orders", "status", "reservationExpiresAt"),
        ("orders", "status", "createdAt"),
        ("orders", "userId", "status"),
        ("webhookEvents", "processed", "parkedAt"),
    }


def test_customers_and_operators_find_what_is_newest_first() -> None:
    found = {
        (index["collectionGroup"], asked["fieldPath"], newest["fieldPath"])
        for index in CONFIGURED["indexes"]
        for asked, newest in [index["fields"]]
        if (asked["order"], newest["order"]) == ("ASCENDING", "DESCENDING")
    }
    assert found == {("orders", "userId", "createdAt"), ("orders", "status", "createdAt")}


def test_what_operators_ask_for_by_one_field_keeps_the_index_that_firestore_makes_by_itself() -> None:
    asked = {
        *(("orders", field) for field in ("userId", "paymentIntentId", "disputed")),
        *(("webhookEvents", field) for field in ("orderId", "result", "processed")),
        *(("orderDetails", field) for field in ("userId", "email")),
        ("payments", "orderId"),
    }
    assert not asked & {(rule["collectionGroup"], rule["fieldPath"]) for rule in CONFIGURED["fieldOverrides"]}


def test_no_field_is_configured_twice() -> None:
    named = [(rule["collectionGroup"], rule["fieldPath"]) for rule in CONFIGURED["fieldOverrides"]]
    assert len(set(named)) == len(named)
