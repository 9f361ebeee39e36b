"""Units that were sold of hot products: still to be taken from the inventory, and what taking them has done. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Taking(NamedTuple):
    """What is still to be taken for one paid order."""

    order_id: str
    units: Mapping[str, int] | None
    """By product; None if nobody can read it."""
    version: object
    """Which state of its document was read."""
    created_at: datetime
    """When its order was paid, by the database's clock."""


@dataclass(slots=True)
class Folded:
    """In one run."""

    orders: int = 0
    """Whose units are taken by now."""
    units: Counter[str] = field(default_factory=Counter)
    """By product; with those that are gone."""
    gone: Counter[str] = field(default_factory=Counter)
    """Units of products without an inventory: there was nothing to take them from."""
    unreadable: list[str] = field(default_factory=list)
    """Orders whose taking nobody can read. It was left alone."""
    oldest_seconds: float | None = None
    """How long the one that had waited longest had waited; None if there was none."""
    lost: str | None = None
    """Why the run ended before all was done; None if it did not."""

    @property
    def is_as_usual(self) -> bool:
        return not (self.gone or self.unreadable or self.lost)

    @property
    def is_of_interest(self) -> bool:
        return self.oldest_seconds is not None or not self.is_as_usual
