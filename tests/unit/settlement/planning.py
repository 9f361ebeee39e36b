"""Plans for an event, made from documents as a test writes them down."""

from collections.abc import Mapping
from dataclasses import replace

from database.store import Document, Write
from orders.events import NotUnderstood, OrderEvent
from settlement.decide import make_plan
from settlement.decisions import Finish, Plan, Terms
from settlement.snapshot import Seen, paths_to_read, seen_from
from tests.support.builders import NOW, Fields

TERMS = Terms()


def as_read(path: str) -> str:
    """The version in which a test's document was read."""
    return f"{path} as it was read"


def seen(
    event: OrderEvent | NotUnderstood,
    documents: Mapping[str, Mapping[str, object]],
    *,
    products: tuple[str, ...] = (),
    deliveries_on_record: int = 0,
) -> Seen:
    """What the event sees when exactly these documents stand, and these products are looked at."""
    paths = paths_to_read(event, event.order_id, products, with_audit_entry=True)
    found = {path: Document(documents[path], as_read(path)) if path in documents else None for path in paths}
    return replace(seen_from(event, event.order_id, found, products), deliveries_on_record=deliveries_on_record)


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
