"""What is known of a dispute, and which of two reports of it is the later one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# In the order in which a dispute goes through them: https://docs.stripe.com/api/disputes/object#dispute_object-status
_UNDECIDED: Final = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")


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
    """When Stripe made the event that reported this state; to the second."""

    @property
    def is_decided(self) -> bool:
        """Whether it was decided, once at least: an appeal may follow."""
        return self.status not in _UNDECIDED


def later_dispute(known: Dispute | None, reported: Dispute) -> Dispute:
    """The later state: of the dispute opened last, then decided before undecided, then by Stripe's clock.

    So a late `created` never reopens what was decided, while an appeal does. Of two events in one second the later is
    found by how far the dispute has come. Any order of events ends the same.
    """
    return reported if known is None else max(known, reported, key=_age)


def _age(dispute: Dispute) -> tuple[object, ...]:
    """Sorts by what happened; the rest only makes sure that no two reports are equally late."""
    happened = (dispute.opened_at, dispute.dispute_id, dispute.is_decided, dispute.told_at, _progress_of(dispute))
    due_by = (dispute.due_by is not None, dispute.due_by or dispute.opened_at)
    return (*happened, dispute.status, due_by, dispute.amount, dispute.currency, dispute.reason or "")


def _progress_of(dispute: Dispute) -> int:
    return len(_UNDECIDED) if dispute.is_decided else _UNDECIDED.index(dispute.status)
