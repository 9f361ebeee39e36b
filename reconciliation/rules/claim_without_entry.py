"""An event that is claimed as settled has an audit entry: both are written in one commit."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import EventRecord


def _judge(event: EventRecord) -> Found | None:
    if event.is_claimed and not event.has_entry:
        words = f"{event.event_id} is marked as settled, but no audit entry says what was done"
        return Found(words, to_copy("why", event.event_id))
    return None


RULE: Final = Rule("claim_without_entry", EventRecord, _judge)
