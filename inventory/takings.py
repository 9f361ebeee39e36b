"""Sold units of hot products that are still to be taken from the inventory, and the result of taking them. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Taking(NamedTuple):
    """What is still to be taken for one paid order."""

    order_id: str
    units: Mapping[str, int] | None
    """By product id; None if unreadable."""
    version: object
    """The version of its document as read."""
    created_at: datetime
    """When its order was paid, by the database's clock."""


@dataclass(slots=True)
class Folded:
    """The result of one run."""

    orders: int = 0
    """How many orders' units were taken."""
    units: Counter[str] = field(default_factory=Counter)
    """By product id, including those in `gone`."""
    gone: Counter[str] = field(default_factory=Counter)
    """Units of products without an inventory document, by product id: nothing was there to take them from."""
    unreadable: list[str] = field(default_factory=list)
    """Ids of orders whose taking cannot be read. It was left alone."""
    oldest_seconds: float | None = None
    """How long the oldest taking had waited; None if there was none."""
    lost: str | None = None
    """Why the run ended early; None if it did not."""

    @property
    def is_as_usual(self) -> bool:
        return not (self.gone or self.unreadable or self.lost)

    @property
    def is_of_interest(self) -> bool:
        return self.oldest_seconds is not None or not self.is_as_usual
