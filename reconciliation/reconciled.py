"""The result of one run."""

from dataclasses import field
from enum import StrEnum
from typing import Any

from orders.frozen import frozen
from reconciliation.finding import Finding


class AtStripe(StrEnum):
    """Whether Stripe could be asked. If not, only our own records were checked."""

    ASKED = "asked"
    NO_KEY = "no_key"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    """Most likely the key lacks a permission."""
    OTHER_ACCOUNT = "other_account"
    """The key is of another account or mode: what it shows is not compared."""


@frozen
class Reconciled:
    at_stripe: AtStripe = AtStripe.ASKED
    why_not: str | None = None
    """Why Stripe could not be asked, for a person."""
    events: int = 0
    """Stripe events that were checked."""
    settled: dict[str, int] = field(default_factory=dict)
    """Of these, the ones that nobody had settled before, by result."""
    waiting: int = 0
    stuck: int = 0
    """Events, orders and payments that could not be checked; each is a finding, and is tried again."""
    faults: int = 0
    payments: int = 0
    refunds: int = 0
    orders: int = 0
    products: int = 0
    """How many were compared."""
    opened: tuple[Finding, ...] = ()
    closed: tuple[str, ...] = ()
    open: int = 0
    """How many findings are open now."""
    seconds: float = 0.0
    complete: bool = True
    """Whether everything possible was checked before time ran out."""

    @property
    def is_as_usual(self) -> bool:
        is_asked = self.at_stripe in (AtStripe.ASKED, AtStripe.NO_KEY)
        return is_asked and self.complete and not (self.settled or self.opened or self.stuck or self.faults)

    def summary(self) -> dict[str, Any]:
        names = ("events", "waiting", "stuck", "faults", "payments", "refunds", "orders", "products")
        return {
            "stripe": str(self.at_stripe),
            **{name: getattr(self, name) for name in names},
            "settled": dict(self.settled),
            "opened": [finding.finding_id for finding in self.opened],
            "closed": list(self.closed),
            "open": self.open,
            "ordersPerSecond": round(self.orders / self.seconds, 1) if self.seconds else 0.0,
            "complete": self.complete,
        }
