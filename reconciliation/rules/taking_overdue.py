"""Sold units of a hot product are taken from the inventory within minutes, and no others are."""

from datetime import timedelta
from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import TakingRecord

OVERDUE_AFTER: Final = timedelta(minutes=10)
"""Ten folds and two sweeps, any of which something may have blocked."""


def _judge(taking: TakingRecord) -> Found | None:
    if taking.paid_at is None:
        words = f"units are to be taken for order {taking.order_id}, which was not sold"
    elif taking.units is None:
        words = f"units are to be taken for order {taking.order_id}, but it cannot be read how many"
    elif taking.now - taking.paid_at >= OVERDUE_AFTER:
        words = (
            f"units of order {taking.order_id} were sold at {taking.paid_at:%Y-%m-%d %H:%M} UTC, but are not taken yet"
        )
    else:
        return None
    return Found(words, to_copy("why", taking.order_id))


RULE: Final = Rule("taking_overdue", TakingRecord, _judge)
