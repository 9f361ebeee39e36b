"""What happened to an order, in sequence, according to its documents. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from database.documents.values import money_or_none, text_or_none, time_or_none
from effects.effect import EffectState
from inventory.stock import StockMove
from ops.reading import Found
from orders.money import Money
from orders.numbers import whole_number


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    what: str
    """An event's type, or what was done."""
    id: str
    result: str
    status_before: str | None = None
    status_after: str | None = None
    moves: tuple[StockMove, ...] = ()
    money: Money | None = None
    note: str | None = None
    operator: str | None = None
    """Who did it, if a person of the shop did."""
    reason: str | None = None
    """The reason that person gave."""
    uncounted: Mapping[str, int] = field(default_factory=dict)
    """Units that moved without being counted, by product id, because the inventory was gone."""
    is_failure: bool = False


def of_entry(found: Found) -> Happening:
    fields = found.fields
    return Happening(
        at=_time_of(found),
        what=str(fields.get("eventType")),
        id=str(fields.get("eventId", found.id)),
        result=str(fields.get("result")),
        status_before=text_or_none(fields.get("statusBefore")),
        status_after=text_or_none(fields.get("statusAfter")),
        moves=_moves_in(fields.get("stock")),
        money=money_or_none(fields.get("amount"), fields.get("currency")),
        note=text_or_none(fields.get("note")),
        operator=text_or_none(fields.get("operator")),
        reason=text_or_none(fields.get("reason")),
        uncounted=_units_in(fields.get("uncounted")),
    )


def of_parked(found: Found) -> Happening:
    """A claim that could not be settled yet."""
    fields = found.fields
    at = time_or_none(fields.get("parkedAt")) or found.created_at
    what, reason = str(fields.get("eventType")), text_or_none(fields.get("reason"))
    return Happening(at, what, found.id, f"parked as {fields.get('result')}", note=reason, is_failure=True)


def of_delivery(found: Found) -> Happening:
    event_id, event_type = str(found.fields.get("eventId")), str(found.fields.get("eventType"))
    return Happening(_time_of(found), f"{event_type}, delivered again", event_id, str(found.fields.get("result")))


def of_notice(found: Found) -> Happening:
    fields = found.fields
    what = f"notice {fields.get('type')} for the {fields.get('audience')}"
    read_at = time_or_none(fields.get("readAt"))
    money = money_or_none(fields.get("amount"), fields.get("currency"))
    reason = text_or_none(fields.get("reason"))
    return Happening(_time_of(found), what, found.id, "read" if read_at else "unread", money=money, note=reason)


def of_effect(found: Found) -> Happening:
    fields = found.fields
    attempts, state = whole_number(fields.get("attempts")) or 0, str(fields.get("state"))
    # Its state is done, but a person did it.
    end = "handled by a person" if fields.get("handledAt") else state
    what = f"{fields.get('kind')} for {fields.get('recipient')}"
    return Happening(
        at=_time_of(found),
        what=what,
        id=found.id,
        result=_tried(end, attempts),
        note=_next_of(found),
        operator=text_or_none(fields.get("operator")),
        reason=text_or_none(fields.get("reason")),
        is_failure=state == EffectState.ERROR,
    )


def _tried(end: str, attempts: int) -> str:
    """How it ended, after how many attempts; a message to nobody ends without any."""
    if attempts == 0:
        return f"{end}, nothing to do" if end == EffectState.SUCCESS else end
    return f"{end} after {attempts} {'attempt' if attempts == 1 else 'attempts'}"


def of_handled_finding(found: Found) -> Happening:
    """A finding that a person has looked into."""
    fields = found.fields
    return Happening(
        at=time_or_none(fields.get("handledAt")) or found.created_at,
        what=f"found by {fields.get('rule')}",
        id=found.id,
        result="handled",
        note=text_or_none(fields.get("found")),
        operator=text_or_none(fields.get("operator")),
        reason=text_or_none(fields.get("reason")),
    )


def _next_of(found: Found) -> str | None:
    error, following = text_or_none(found.fields.get("error")), time_or_none(found.fields.get("nextAttemptAt"))
    due = f"next at {following:%Y-%m-%d %H:%M:%S}" if following else None
    return "; ".join(part for part in (error, due) if part) or None


def _time_of(found: Found) -> datetime:
    return time_or_none(found.fields.get("createdAt")) or found.created_at


def _moves_in(value: object) -> tuple[StockMove, ...]:
    moves = [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
    return tuple(
        StockMove(
            str(move.get("productId")), whole_number(move.get("stock")) or 0, whole_number(move.get("reserved")) or 0
        )
        for move in moves
    )


def _units_in(value: object) -> Mapping[str, int]:
    units = [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
    return {str(each.get("productId")): whole_number(each.get("quantity")) or 0 for each in units}
