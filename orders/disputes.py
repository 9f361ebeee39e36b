"""What is known of a dispute, and which of two reports of it is the later one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# In the order in which a dispute goes through them: https://docs.stripe.com/api/disputes/object#dispute_object-status
_OPEN: Final = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")
_CLOSED: Final = frozenset({"warning_closed", "won", "lost", "prevented", "charge_refunded"})


@dataclass(frozen=True, slots=True)
class Dispute:
    dispute_id: str
    status: str
    reason: str | None
    amount: int
    """In the currency's minor unit."""
    currency: str
    due_by: datetime | None
    """Until when evidence can be sent."""
    opened_at: datetime
    told_at: datetime
    """When Stripe made the event that told of this state; to the second."""

    @property
    def is_closed(self) -> bool:
        return self.status in _CLOSED


def later_dispute(known: Dispute | None, told: Dispute) -> Dispute:
    """The later state: of the dispute opened last, closed before open, then by Stripe's clock.

    Two events of one second are told apart by how far the dispute has come. Any order of events ends the same.
    """
    return told if known is None else max(known, told, key=_age)


def _age(dispute: Dispute) -> tuple[datetime, str, bool, datetime, int, str]:
    progress = _OPEN.index(dispute.status) if dispute.status in _OPEN else len(_OPEN)
    return (dispute.opened_at, dispute.dispute_id, dispute.is_closed, dispute.told_at, progress, dispute.status)
