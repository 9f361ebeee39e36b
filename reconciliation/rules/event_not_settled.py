"""Every event that Stripe has reported can be settled, at the latest when it is tried again."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import EventToSettle


def _judge(event: EventToSettle) -> Found | None:
    if event.trouble is None:
        return None
    return Found(f"{event.event_id} could not be settled: {event.trouble}", to_copy("replay", event.event_id))


RULE: Final = Rule("event_not_settled", EventToSettle, _judge)
