"""Records that an operator has handled what was waiting for a person, and nothing else. Pure."""

from orders.operator_events import HandledKind, MarkedAsHandled
from orders.outcome import Result
from settlement.decisions import Adjustment
from settlement.given_up import given_up_in, in_words
from settlement.replaying import on_record_in_words
from settlement.snapshot import Record, Snapshot


def mark_as_handled(event: MarkedAsHandled, snapshot: Snapshot) -> Adjustment:
    """Mark a given-up effect, an open finding or a parked event as handled."""
    match event.of:
        case HandledKind.EFFECT:
            return _handle_effect(event.target_id, snapshot)
        case HandledKind.FINDING:
            return _handle_finding(event.target_id, snapshot)
        case HandledKind.EVENT:
            return _handle_event(event.target_id, snapshot)


def _handle_effect(effect_id: str, snapshot: Snapshot) -> Adjustment:
    effect = given_up_in(snapshot, effect_id)
    if isinstance(effect, str):
        return _not_handled(effect)
    return Adjustment(Result.HANDLED, None, in_words(effect), handled=effect)


def _handle_finding(finding_id: str, snapshot: Snapshot) -> Adjustment:
    finding = snapshot.finding
    if finding is None:
        return _not_handled(f"no_finding: {finding_id} does not exist")
    if not finding.is_open:
        return _not_handled(f"not_open: it is {finding.state}")
    return Adjustment(Result.HANDLED, None, f"{finding_id} had found: {finding.words}", handled=finding)


def _handle_event(event_id: str, snapshot: Snapshot) -> Adjustment:
    known = snapshot.event_on_record
    if known is None or known.record is Record.NEW:
        return _not_handled(f"no_event: nothing is on record of {event_id}")
    if known.record is not Record.PARKED:
        return _not_handled(f"not_parked: it was {on_record_in_words(known)}")
    return Adjustment(Result.HANDLED, None, f"{event_id} was {on_record_in_words(known)}", handled=known)


def _not_handled(why: str) -> Adjustment:
    return Adjustment(Result.NOT_HANDLED, None, why)
