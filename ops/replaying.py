"""Settles events again with the code that settles deliveries: rehearsed first, or in earnest."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import click
from google.auth.exceptions import GoogleAuthError

from database.documents.audit_log import audit_path
from database.documents.values import text_or_none, time_or_none
from database.documents.webhook_events import claim_path
from database.rehearsal import Difference, RehearsalStore
from database.store import DocumentStore
from ops.acting import COMMIT_SECONDS_MAX, How, signed_in_as
from ops.bulk import set_of
from ops.commands import Asked
from ops.event_sources import REPLAYED, Candidate, Origin
from orders.events import CarriesPayment, Ignored, NotUnderstood, PaymentSucceeded, RefundUpdated, StripeEvent
from orders.operator_events import OPERATOR_CHARACTERS_MAX, REASON_CHARACTERS_MAX, AskedBy
from orders.outcome import SET_ASIDE, OrderNotThereYet, Outcome, Result, Transient
from service.logs import silent
from service.wiring import patience, settling
from webhooks.ownership import Naming
from webhooks.translation import NotAnEvent, order_event_from

Readable = StripeEvent | NotUnderstood | Ignored
_ONLY_REHEARSED: Final = AskedBy("not given: this is only a rehearsal", "not given: this is only a rehearsal")


@dataclass(frozen=True, slots=True)
class Replay:
    """The outcome of one event."""

    event_id: str
    event_type: str | None
    origin: Origin
    result: Result | None
    """None if it cannot be settled now; the note says why."""
    order_id: str | None
    note: str | None

    @property
    def is_stuck(self) -> bool:
        """Whether it is not settled, so that a person has to find out why."""
        return self.result is None or self.result in REPLAYED

    @property
    def changes_nothing(self) -> bool:
        return self.result in (Result.DUPLICATE_DETECTED, Result.IGNORED)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    replays: Sequence[Replay]
    differences: Mapping[str, Difference]
    """How each document would change, by path."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Parsed events, each with its origin; and those that cannot be settled."""

    events: Sequence[tuple[Candidate, Readable]]
    obstacles: Sequence[Replay]

    @property
    def money(self) -> Mapping[str, Mapping[str, int]]:
        """The sums of reported payments and refunds, each counted once, in minor units: by kind, then by currency."""
        reported = {
            (kind, next(iter(event.payment_ids), event.event_id), money)
            for _, event in self.events
            if isinstance(event, PaymentSucceeded | RefundUpdated)
            for kind, money in [("paid" if isinstance(event, PaymentSucceeded) else "refunded", event.money)]
        }
        sums: dict[str, Counter[str]] = {"paid": Counter(), "refunded": Counter()}
        for kind, _, money in reported:
            sums[kind][money.currency] += money.amount
        return {kind: amounts for kind, amounts in sums.items() if amounts}

    @property
    def set(self) -> str:
        """A digest that differs for other events."""
        return set_of(candidate.event_id for candidate, _ in self.events)

    @property
    def from_file_alone(self) -> int:
        return sum(candidate.origin is Origin.FILE for candidate, _ in self.events)


def readings_of(asked: Asked, candidates: Sequence[Candidate]) -> Readings:
    """The events as the service reads them, each once: payments first, since others may wait for them, then by age."""
    naming = asked.shop.settings.naming
    events: dict[str, tuple[Candidate, Readable]] = {}
    obstacles: list[Replay] = []
    for candidate in candidates:
        event, obstacle = _read(asked, candidate, naming)
        if event:
            events.setdefault(candidate.event_id, (candidate, event))
        else:
            obstacles.append(Replay(candidate.event_id, None, candidate.origin, None, None, obstacle))
    return Readings(sorted(events.values(), key=_turn), obstacles)


def _read(asked: Asked, candidate: Candidate, naming: Naming) -> tuple[Readable | None, str | None]:
    if candidate.event is None or isinstance(candidate.event, StripeEvent):
        return candidate.event, candidate.obstacle
    try:
        return order_event_from(candidate.event, delivered_at=asked.now(), naming=naming), None
    except NotAnEvent as problem:
        return None, str(problem)


def _turn(found: tuple[Candidate, Readable]) -> tuple[bool, float]:
    _, event = found
    made_at = 0 if isinstance(event, Ignored) else event.delivery.created_at.timestamp()
    return not isinstance(event, CarriesPayment), made_at


def asked_by(asked: Asked, how: How) -> AskedBy:
    """The operator and reason, as they will be recorded. Raises click.UsageError."""
    who = AskedBy(how.operator or signed_in_as(asked.shop), how.reason or "")
    if len(who.operator) > OPERATOR_CHARACTERS_MAX or len(who.reason) > REASON_CHARACTERS_MAX:
        raise click.UsageError(
            f"--operator takes at most {OPERATOR_CHARACTERS_MAX} characters, --reason {REASON_CHARACTERS_MAX}."
        )
    return who


def rehearsed(asked: Asked, readings: Readings) -> Rehearsal:
    """The outcomes, one after the other. Nothing is written. Raises Transient."""
    store = RehearsalStore(asked.shop.store)
    replays = tuple(_replays(asked, store, readings, _ONLY_REHEARSED))
    return Rehearsal((*replays, *readings.obstacles), store.differences)


def done(asked: Asked, readings: Readings, who: AskedBy) -> Iterator[Replay]:
    """Settle them one after the other, and yield each outcome."""
    yield from _replays(asked, asked.shop.store, readings, who)
    yield from readings.obstacles


def _replays(asked: Asked, store: DocumentStore, readings: Readings, who: AskedBy) -> Iterator[Replay]:
    settle = settling(store, asked.shop.settings.terms, silent, patience())
    for candidate, event in readings.events:
        if isinstance(event, Ignored):
            reason = event.reason
            yield Replay(candidate.event_id, event.event_type, candidate.origin, Result.IGNORED, None, reason)
            continue
        again = replace(event, delivery=replace(event.delivery, is_replay=True, asked_by=who))
        try:
            outcome = settle(again, asked.now())
        except OrderNotThereYet as problem:
            yield Replay(event.event_id, event.event_type, candidate.origin, None, event.order_id, f"{problem}")
        except Transient as problem:
            if isinstance(problem.__cause__, GoogleAuthError):
                raise
            # Settling it again changes nothing if it is settled.
            reason = f"it is not known whether it was settled ({problem}): replay it again"
            yield Replay(event.event_id, event.event_type, candidate.origin, None, event.order_id, reason)
        else:
            yield _replay_of(candidate, event, outcome, store)


def _replay_of(
    candidate: Candidate, event: StripeEvent | NotUnderstood, outcome: Outcome, store: DocumentStore
) -> Replay:
    result, note = outcome.result, outcome.note
    if result is Result.DUPLICATE_DETECTED:
        result, note = _on_record(event.event_id, store)
    return Replay(event.event_id, event.event_type, candidate.origin, result, outcome.order_id, note)


def _on_record(event_id: str, store: DocumentStore) -> tuple[Result, str]:
    """The result of an event that was settled or set aside before, with a note."""
    paths = audit_path(event_id), claim_path(event_id)
    found = store.read(paths, timeout_seconds=COMMIT_SECONDS_MAX)
    fields = next((document.fields for path in paths if (document := found[path])), {})
    before, at = text_or_none(fields.get("result")), time_or_none(fields.get("createdAt", fields.get("processedAt")))
    when = f" on {at:%Y-%m-%d at %H:%M:%S} UTC" if at else ""
    if before == Result.HANDLED:
        return Result.HANDLED, f"it was marked as handled{when}, and it cannot be settled now"
    if set_aside := next((result for result in SET_ASIDE if result == before), None):
        return set_aside, f"it was set aside{when}, and the shop's settings still do not accept it"
    return Result.DUPLICATE_DETECTED, f"it was settled as {before}{when}"
