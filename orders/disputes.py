"""The state of a dispute, whether it is open, and which of two reports is the later one."""

from datetime import datetime
from typing import Final

from orders.frozen import frozen

# In the order in which a dispute goes through them: https://docs.stripe.com/api/disputes/object#dispute_object-status
_UNDECIDED: Final = (
    "warning_needs_response",
    "warning_under_review",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
)
WAITING_FOR_EVIDENCE: Final = tuple(status for status in _UNDECIDED if status.endswith("needs_response"))
"""Which the bank decides without the shop unless it answers until the deadline."""
# The last one is retired, but older API versions still report it.
DECIDED: Final = frozenset({"warning_closed", "won", "lost", "prevented", "charge_refunded"})


@frozen
class Dispute:
    dispute_id: str
    status: str
    reason: str | None
    amount: int
    """In the currency's minor unit."""
    currency: str
    due_by: datetime | None
    """The deadline for evidence."""
    opened_at: datetime
    told_at: datetime
    """When Stripe created the event that reported this state; to the second."""

    @property
    def is_open(self) -> bool:
        """Whether it is undecided, for the first time or after an appeal.

        A dispute in an unknown status is open, too: looking at it in vain costs less than a missed deadline.
        """
        return self.status not in DECIDED

    @property
    def deadline(self) -> str:
        """The deadline of an open dispute as text; empty if the bank takes no evidence."""
        return f", evidence due by {self.due_by:%Y-%m-%d %H:%M} UTC" if self.is_open and self.due_by else ""

    @property
    def in_words(self) -> str:
        return f"dispute: {self.dispute_id} is {self.status}{self.deadline}"

    def is_news_after(self, known: "Dispute | None") -> bool:
        """Whether a person who knows that state should hear of this one."""
        return known is None or known.status != self.status


def later_dispute(known: Dispute | None, reported: Dispute) -> Dispute:
    """The later of two states of one dispute, by Stripe's clock, in whatever sequence they are reported.

    So a late `created` never reopens a decided dispute, while an appeal does. If two events are of the same second, the
    one further on counts.
    """
    return reported if known is None else max(known, reported, key=_age)


def _age(dispute: Dispute) -> tuple[object, ...]:
    """A sort key: when it happened and how far it has come; the rest only breaks ties."""
    happened = (dispute.told_at, _progress_of(dispute), dispute.status)
    due_by = (dispute.due_by is not None, dispute.due_by or dispute.opened_at)
    return (*happened, due_by, dispute.amount, dispute.currency, dispute.reason or "")


def _progress_of(dispute: Dispute) -> int:
    """How far the dispute has come; an unknown status counts as further than every other open one."""
    if not dispute.is_open:
        return len(_UNDECIDED) + 1
    return _UNDECIDED.index(dispute.status) if dispute.status in _UNDECIDED else len(_UNDECIDED)
