"""What one run did."""

from dataclasses import field
from enum import StrEnum
from typing import Any

from orders.frozen import frozen
from reconciliation.finding import Finding


class AtStripe(StrEnum):
    """Whether Stripe could be asked. Where not, only what the database alone shows was judged."""

    ASKED = "asked"
    NO_KEY = "no_key"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    """Most likely the key lacks a permission."""
    OTHER_ACCOUNT = "other_account"
    """The key is of another account or mode: what it shows is not compared with anything."""


@frozen
class Reconciled:
    at_stripe: AtStripe = AtStripe.ASKED
    why_not: str | None = None
    """In words, where Stripe could not be asked."""
    events: int = 0
    """Stripe's, that were looked at."""
    settled: dict[str, int] = field(default_factory=dict)
    """Those of them that nobody had settled, by result."""
    waiting: int = 0
    stuck: int = 0
    """Events, orders and payments that could not be looked at, each of which is a finding; they are tried again."""
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
    """Whether all that could be asked for was looked at before time ran out."""

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
