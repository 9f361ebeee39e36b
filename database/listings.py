"""Reads a listing page by page over REST, each page within the time that the caller gives it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from database.documents.orders import ALL_BUT_ITEMS
from database.errors import AnswerTooLarge
from database.messages import decoded, encoded_value
from database.store import Fields, Listing

BATCH_DOCUMENTS_MAX: Final = 200

Ask = Callable[[Mapping[str, object]], Any]
"""Answers a `runQuery` request."""


def pages_of(listing: Listing, root: str, ask: Ask) -> Iterator[Sequence[tuple[str, Fields]]]:
    """Ids and fields in bounded batches. Raises StoreUnavailable, or whatever `ask` raises.

    Args:
        root: the prefix of the full names of the database's documents.
    """
    after = _behind(listing, root)
    while found := _page(listing, after, listing.batch_max or BATCH_DOCUMENTS_MAX, ask):
        yield [(document["name"].rpartition("/")[2], decoded(document)) for document in found]
        after = _cursor(listing, found[-1])


def _behind(listing: Listing, root: str) -> Mapping[str, object] | None:
    if listing.after_id is None:
        return None
    return {"values": [{"referenceValue": f"{root}/{listing.collection}/{listing.after_id}"}], "before": False}


def _page(listing: Listing, after: Mapping[str, object] | None, at_most: int, ask: Ask) -> Sequence[Mapping[str, Any]]:
    """One page; a smaller one if the answer is too large: customers decide on the size of orders."""
    structured = {**structured_query(listing), **({"startAt": after} if after else {}), "limit": at_most}
    try:
        answers = ask({"structuredQuery": structured})
    except AnswerTooLarge:
        if at_most > 1:
            return _page(listing, after, at_most // 2, ask)
        if listing.collection != "orders":
            raise
        # An order that is too large by itself holds nothing, so its items do not matter.
        answers = ask({"structuredQuery": {**structured, "select": _only(ALL_BUT_ITEMS)}})
    return [answer["document"] for answer in answers if "document" in answer]


def structured_query(listing: Listing) -> dict[str, object]:
    """The query in the form of https://cloud.google.com/firestore/docs/reference/rest/v1/StructuredQuery."""
    filters = [field_filter(name, "IN", list(values)) for name, values in listing.one_of.items()]
    if listing.span:
        start, end = listing.span
        name = listing.order[0]
        filters += [field_filter(name, "GREATER_THAN_OR_EQUAL", start)] if start else []
        filters.append(field_filter(name, "LESS_THAN", end))
    order = [*listing.order, "__name__"]
    return {
        "from": [{"collectionId": listing.collection}],
        "orderBy": [{"field": {"fieldPath": name}, "direction": "ASCENDING"} for name in order],
        **({"where": {"compositeFilter": {"op": "AND", "filters": filters}}} if filters else {}),
        **({"select": _only(listing.only)} if listing.only else {}),
    }


def _only(fields: Sequence[str]) -> Mapping[str, object]:
    return {"fields": [{"fieldPath": name} for name in fields]}


def field_filter(name: str, operator: str, value: object) -> Mapping[str, object]:
    return {"fieldFilter": {"field": {"fieldPath": name}, "op": operator, "value": encoded_value(value)}}


def _cursor(listing: Listing, document: Mapping[str, Any]) -> Mapping[str, object]:
    """The position just after this document."""
    places = [document["fields"][name] for name in listing.order]
    return {"values": [*places, {"referenceValue": document["name"]}], "before": False}
