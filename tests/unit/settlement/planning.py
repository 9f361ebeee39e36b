"""Decisions for an event as the documents that they write, made from documents as a test writes them down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from database.documents.recorder import writes_for
from database.documents.wanted import Wanted
from database.store import Document, Write
from orders.events import NotUnderstood, OrderEvent, StripeEvent
from orders.order import Order
from orders.outcome import Outcome
from settlement import decisions
from settlement.decide import decide
from settlement.decisions import GiveBack, Look, Park, Terms
from settlement.parking import taken_up
from settlement.snapshot import Snapshot
from tests.support.builders import NOW, TERMS, Fields


@dataclass(frozen=True)
class Hold:
    writes: tuple[Write, ...]
    held: Order


@dataclass(frozen=True)
class StartOver:
    writes: tuple[Write, ...]
    event: StripeEvent | None = None


@dataclass(frozen=True)
class Finish:
    writes: tuple[Write, ...]
    outcome: Outcome
    released: tuple[str, ...] = ()


Plan = Look | Hold | StartOver | Finish


def make_plan(event: OrderEvent | NotUnderstood, snapshot: Snapshot, terms: Terms, now: datetime) -> Plan:
    decision = decide(event, snapshot, terms, now)
    writes = writes_for(decision, event, snapshot, terms, now)
    match decision:
        case Look():
            return decision
        case decisions.Hold(order=order):
            return Hold(writes, order)
        case GiveBack():
            return StartOver(writes)
        case Park(looks_again=True):
            assert isinstance(event, StripeEvent)
            return StartOver(writes, taken_up(event))
        case _:
            return Finish(writes, decision.outcome, decision.released)


def as_read(path: str) -> str:
    """The version in which a test's document was read."""
    return f"{path} as it was read"


def seen(
    event: OrderEvent | NotUnderstood,
    documents: Mapping[str, Mapping[str, object]],
    *,
    products: tuple[str, ...] = (),
    deliveries_on_record: int = 0,
) -> Snapshot:
    """What the event sees when exactly these documents stand, and these products are looked at."""
    wanted = Wanted(event, Look(products, audit_entry=True))
    found = {path: Document(documents[path], as_read(path)) if path in documents else None for path in wanted.paths}
    return replace(wanted.snapshot(found), deliveries_on_record=deliveries_on_record)


def planned(
    event: OrderEvent | NotUnderstood,
    documents: Mapping[str, Mapping[str, object]],
    *,
    products: tuple[str, ...] = (),
    deliveries_on_record: int = 0,
) -> Plan:
    what = seen(event, documents, products=products, deliveries_on_record=deliveries_on_record)
    return make_plan(event, what, TERMS, NOW)


def finish(
    event: OrderEvent | NotUnderstood,
    documents: Mapping[str, Mapping[str, object]],
    *,
    products: tuple[str, ...] = (),
    deliveries_on_record: int = 0,
) -> Finish:
    """The plan, where it must be the last one."""
    plan = planned(event, documents, products=products, deliveries_on_record=deliveries_on_record)
    assert isinstance(plan, Finish), plan
    return plan


def by_path(writes: tuple[Write, ...]) -> dict[str, Write]:
    """The writes by their documents; no commit writes one document twice."""
    assert len({write.path for write in writes}) == len(writes)
    return {write.path: write for write in writes}


def fields_at(path: str, writes: tuple[Write, ...]) -> Fields:
    """What a commit writes into one document."""
    write = by_path(writes)[path]
    assert hasattr(write, "fields"), write
    return dict(write.fields)
