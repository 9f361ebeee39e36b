"""How a history ended, beyond what its scenarios say."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]
Documents = Mapping[str, Fields]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a history ended, and what happened that no scenario says."""

    documents: Documents
    """Every document, by path, once all events have arrived, all reservations have expired and all work is done."""
    is_ample: bool = True
    """Whether orders did not compete for units."""
    restocks: bool = True
    """Whether the shop puts refunded units back."""
    is_adjusted: bool = False
    """Whether the backend changed the order's price in time."""
    is_second: bool = False
    """Whether an earlier order with the same id was placed and deleted."""
    earlier_payments: Collection[str] = ()
    """The ids of the payments that named the earlier order."""
    ignored: Collection[str] = ()
    """The ids of events that came before their order, and may be ignored."""
    parked: Collection[str] = ()
    """The ids of events that had to wait for their order or their payment."""
    is_operated: bool = False
    """Whether an operator may have finished the order by hand."""
    handled: Collection[str] = ()
    """The ids of events that a person handled and nobody settled: what they report is unknown here."""
