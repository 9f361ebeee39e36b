"""What is known of a dispute, whether it is still open, and which of two reports of it is the later one."""

from datetime import datetime
from typing import Final

from orders.frozen import frozen

# In the order in which a dispute goes through them: https://docs.stripe.com/api/disputes/object#dispute_object-status
_UNDECIDED: Final = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")
# The last one is retired, and still in what older API versions report.
_DECIDED: Final = frozenset({"warning_closed", "won", "lost", "prevented", "charge_refunded"})


@frozen
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
    def is_open(self) -> bool:
        """Whether it is undecided, for the first time or after an appeal.

        So is one in a status that nobody knows yet: to look at it in vain costs less than a deadline.
        """
        return self.status not in _DECIDED


def later_dispute(known: Dispute | None, reported: Dispute) -> Dispute:
    """The later of two states of one dispute, by Stripe's clock. Any order of reports ends the same.

    So a late `created` never reopens what was decided, while an appeal does. Of two events in one second the later is
    found by how far the dispute has come.
    """
    return reported if known is None else max(known, reported, key=_age)


def _age(dispute: Dispute) -> tuple[object, ...]:
    """Sorts by what happened; the rest only makes sure that no two reports are equally late."""
    happened = (dispute.told_at, _progress_of(dispute), dispute.status)
    due_by = (dispute.due_by is not None, dispute.due_by or dispute.opened_at)
    return (*happened, due_by, dispute.amount, dispute.currency, dispute.reason or "")


def _progress_of(dispute: Dispute) -> int:
    """How far it has come: with a status that nobody knows yet, further than with any other in which it is open."""
    if not dispute.is_open:
        return len(_UNDECIDED) + 1
    return _UNDECIDED.index(dispute.status) if dispute.status in _UNDECIDED else len(_UNDECIDED)
