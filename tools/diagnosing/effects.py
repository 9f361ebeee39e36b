"""Asks Firestore which effects are overdue, and which were given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tools.deploying.google import Google, Json, NotAllowed
from tools.deploying.wanted import NotDeployable, Wanted
from tools.diagnosing.check import Unseen

OVERDUE: Final = timedelta(minutes=20)
"""The sweep, which runs every five minutes, should have taken them up by then, whatever else it had to do."""
MOST: Final = 100
"""How many of each are read."""
_UNDONE: Final = ("PENDING", "PROCESSING", "RETRY")


@dataclass(frozen=True, slots=True)
class Effects:
    """The kinds of the effects found, at most MOST of each."""

    given_up: Sequence[str]
    overdue: Sequence[str]


def effects_in(google: Google, wanted: Wanted, now: datetime) -> Effects | Unseen:
    """The results of two queries, both served by the index (state, nextAttemptAt)."""
    try:
        return Effects(_kinds(google, wanted, given_up()), _kinds(google, wanted, overdue(now)))
    except NotAllowed:
        return Unseen("whoever is signed in may not read documents", "ask somebody who may: roles/datastore.viewer")
    except NotDeployable as problem:
        return Unseen(str(problem), "see above, then run this again")


def given_up() -> Json:
    return _query(_filter("state", "EQUAL", {"stringValue": "ERROR"}))


def overdue(now: datetime) -> Json:
    undone = {"arrayValue": {"values": [{"stringValue": state} for state in _UNDONE]}}
    return _query(
        _filter("state", "IN", undone),
        _filter("nextAttemptAt", "LESS_THAN_OR_EQUAL", {"timestampValue": (now - OVERDUE).isoformat()}),
    )


def _query(*filters: Json) -> Json:
    """https://firebase.google.com/docs/firestore/reference/rest/v1/StructuredQuery."""
    return {
        "structuredQuery": {
            "select": {"fields": [{"fieldPath": "kind"}]},
            "from": [{"collectionId": "effects"}],
            "where": {"compositeFilter": {"op": "AND", "filters": list(filters)}},
            "orderBy": [{"field": {"fieldPath": "nextAttemptAt"}, "direction": "ASCENDING"}],
            "limit": MOST,
        }
    }


def _filter(name: str, op: str, value: Mapping[str, Any]) -> Json:
    return {"fieldFilter": {"field": {"fieldPath": name}, "op": op, "value": value}}


def _kinds(google: Google, wanted: Wanted, query: Json) -> list[str]:
    address = f"firestore.googleapis.com/v1/projects/{wanted.project}/databases/{wanted.database}/documents:runQuery"
    # A line without a document only contains the read time.
    documents = [line["document"] for line in google.rows(address, query) if "document" in line]
    return [str(document.get("fields", {}).get("kind", {}).get("stringValue")) for document in documents]
