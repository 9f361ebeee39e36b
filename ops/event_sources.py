"""Gets an event to be settled again: from Stripe, from a file, or from what is stored here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

from database.documents.parked_events import parked_event_from
from database.documents.values import time_or_none
from database.documents.webhook_events import claim_path
from ops.reading import Found, Query, Reader, Where
from orders.events import StripeEvent
from orders.outcome import UNSETTLED, Result
from stripe_api.api import NoSuchEvent, StripeApi, StripeRefused
from webhooks.stripe_fields import Json, is_stripe_id
from webhooks.thin_events import snapshot_of

EVENTS_MAX: Final = 1_000
"""Stored events in one call: a rehearsal keeps them all in memory."""
REPLAYED: Final = (*sorted(UNSETTLED), Result.ERROR, Result.ORDER_NOT_FOUND, Result.PAYMENT_NOT_FOUND)
"""The results that may change when an event is settled again."""
NO_KEY: Final = (
    "Stripe cannot be asked: STRIPE_API_KEY is not set. A restricted key that may read events is "
    "enough; or use the functions' key: export STRIPE_API_KEY=$(gcloud secrets versions access latest "
    "--secret=STRIPE_API_KEY)"
)


class Origin(StrEnum):
    STRIPE = "Stripe"
    FILE = "the file alone"
    KEPT = "what is stored here"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that is to be settled again."""

    event_id: str
    origin: Origin
    event: Json | StripeEvent | None
    """As Stripe writes it, or as it is stored while parked."""
    obstacle: str | None = None
    """Why there is no event."""


def from_id(event_id: str, stripe: StripeApi | None, reader: Reader) -> Candidate:
    """The event from Stripe; if Stripe does not show it, the stored one, if it is parked or was handled.

    Raises Transient.
    """
    found = from_stripe(event_id, stripe)
    if found.event or not is_stripe_id(event_id):
        return found
    path = claim_path(event_id)
    claim = reader.read(path).get(path)
    is_kept = claim and (claim.fields.get("processed") is False or claim.fields.get("result") == Result.HANDLED)
    kept = parked_event_from(event_id, claim.fields) if claim and is_kept else None
    return Candidate(event_id, Origin.KEPT, kept) if kept else found


def from_stripe(event_id: str, stripe: StripeApi | None) -> Candidate:
    """The event from Stripe. Raises StripeUnavailable."""
    if stripe is None:
        return Candidate(event_id, Origin.STRIPE, None, NO_KEY)
    if not is_stripe_id(event_id):
        return Candidate(event_id, Origin.STRIPE, None, "this is not a valid event id")
    try:
        event = stripe.event(event_id)
    except NoSuchEvent:
        return Candidate(
            event_id, Origin.STRIPE, None, "Stripe has no such event in this account and mode, or no longer has it"
        )
    except StripeRefused as refused:
        return Candidate(event_id, Origin.STRIPE, None, f"Stripe refuses to show it: {refused}")
    if event.get("id") != event_id:
        return Candidate(event_id, Origin.STRIPE, None, "Stripe returned another event")
    return Candidate(event_id, Origin.STRIPE, event)


def from_file(message: Json, stripe: StripeApi | None) -> Candidate:
    """The event from Stripe, if it can be asked and has it; otherwise the file's.

    Raises StripeUnavailable.
    """
    event_id = message.get("id")
    named = event_id if isinstance(event_id, str) else "(no id)"
    if stripe and is_stripe_id(event_id):
        found = _snapshot_of(message, stripe) or from_stripe(named, stripe)
        if found.event:
            return found
    return Candidate(named, Origin.FILE, message)


def _snapshot_of(message: Json, stripe: StripeApi) -> Candidate | None:
    """The ordinary event for which a thin one stands."""
    try:
        event = snapshot_of(message, stripe.event)
    except StripeRefused:
        return None
    return Candidate(str(event["id"]), Origin.STRIPE, event) if event else None


def from_claim(claim: Found, stripe: StripeApi | None) -> Candidate:
    """The event stored in its claim; if there is none, from Stripe. Raises StripeUnavailable."""
    if kept := parked_event_from(claim.id, claim.fields):
        return Candidate(claim.id, Origin.KEPT, kept)
    return from_stripe(claim.id, stripe)


@dataclass(frozen=True, slots=True)
class Claims:
    found: Sequence[Found]
    is_all: bool
    """Whether there are no more than one call handles."""


def parked_claims(reader: Reader, since: datetime | None) -> Claims:
    """Events parked since then that still are, the oldest first. Served by the index (processed, parkedAt)."""
    later = (Where("parkedAt", ">=", since),) if since else ()
    return _claims(_pages(reader, Query("webhookEvents", (Where("processed", "==", False), *later), "parkedAt")))


def claims_that_ended(reader: Reader, result: str, since: datetime | None) -> Claims:
    """Events with this result that came since then. Served by the index of `result`."""
    found = _pages(reader, Query("webhookEvents", (Where("result", "==", result),)))
    return _claims(claim for claim in found if since is None or _came_since(claim, since))


def _claims(found: Iterator[Found]) -> Claims:
    some = list(islice(found, EVENTS_MAX + 1))
    return Claims(some[:EVENTS_MAX], is_all=len(some) <= EVENTS_MAX)


def _pages(reader: Reader, query: Query) -> Iterator[Found]:
    while found := reader.find(query):
        yield from found
        last = found[-1]
        query = replace(query, after=(last.fields.get(query.order_by) if query.order_by else None, last.id))


def _came_since(claim: Found, since: datetime) -> bool:
    # Filtered here: the field rises steadily, so it is not indexed.
    received_at = time_or_none(claim.fields.get("receivedAt"))
    return received_at is not None and received_at >= since
