"""Reads at one moment are consistent, whatever is written meanwhile; results are complete and in order."""

from datetime import timedelta

import pytest

from database import listings
from database.documents.findings import ALL_FOUND
from database.store import Listing, Moment
from reconciliation.records import INVENTORY, effects_due_before, entries_between, entries_of
from tests.contract.database import Database
from tests.support.builders import NOW

LATER = timedelta(minutes=1)


def found(moment: Moment, listing: Listing) -> list[str]:
    return [document_id for batch in moment.find(listing) for document_id, _ in batch]


def test_a_moment_does_not_see_what_is_written_after_it(database: Database) -> None:
    database.put("inventory/shirt", {"stock": 10})
    moment = database.moment()
    database.put("inventory/shirt", {"stock": 7})
    database.put("inventory/mug", {"stock": 1})
    (batch,) = moment.find(INVENTORY)
    assert batch == [("shirt", {"stock": 10})]
    read = moment.read(["inventory/shirt", "inventory/mug"])
    assert read["inventory/mug"] is None
    assert (shirt := read["inventory/shirt"])
    assert shirt.fields == {"stock": 10}
    assert found(database.moment(), INVENTORY) == ["mug", "shirt"]
    assert moment.read([]) == {}


def test_entries_are_found_by_their_time_or_their_order_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "BATCH_DOCUMENTS_MAX", 2)
    for number in range(5):
        order_id = f"order-{number % 2}" if number < 4 else None
        at = NOW + timedelta(seconds=number // 2, microseconds=1)
        database.put(f"auditLog/evt_{number}", {"createdAt": at, "orderId": order_id})
    moment, end = database.moment(), NOW + timedelta(seconds=2, microseconds=1)
    assert found(moment, entries_between(None, end)) == ["evt_0", "evt_1", "evt_2", "evt_3"]
    later = NOW + timedelta(seconds=1, microseconds=1)
    assert found(moment, entries_between(later, end + timedelta(seconds=1))) == ["evt_2", "evt_3", "evt_4"]
    assert max(len(batch) for batch in moment.find(entries_between(None, end))) == 2
    database.put("auditLog/evt_9", {"createdAt": NOW, "orderId": "order-1"})
    assert found(database.moment(), entries_of(["order-1", "order-9"])) == ["evt_9", "evt_1", "evt_3"]


def test_only_effects_that_are_due_and_not_over_are_found(database: Database) -> None:
    for effect_id, state, at in (("a", "RETRY", NOW), ("b", "PENDING", NOW - LATER), ("c", "RETRY", NOW + LATER)):
        database.put(f"effects/{effect_id}", {"state": state, "nextAttemptAt": at})
    database.put("effects/d", {"state": "SUCCESS", "nextAttemptAt": NOW})
    assert found(database.moment(), effects_due_before(NOW + LATER)) == ["b", "a"]


def test_only_what_is_open_is_found(database: Database) -> None:
    database.put("findings/a", {"state": "open", "since": NOW})
    database.put("findings/b", {"state": "closed", "since": NOW})
    database.put("findings/c", {"state": "open", "since": NOW - timedelta(days=1)})
    assert found(database.moment(), ALL_FOUND) == ["c", "a"]
