"""How a history ended, as far as its scenarios do not say."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]
Documents = Mapping[str, Fields]


@dataclass(frozen=True, slots=True)
class Ending:
    """How it all ended, and what happened on the way that no scenario says."""

    documents: Documents
    """Every document, by path, when all events have arrived, all reservations have expired, and nobody is at work."""
    is_ample: bool = True
    """Whether orders did not compete for units."""
    restocks: bool = True
    """Whether the shop puts refunded units back."""
    is_adjusted: bool = False
    """Whether the backend came in time to change the price of the order."""
    is_second: bool = False
    """Whether an earlier order with the same id is on record as placed, and was deleted."""
    earlier_payments: Collection[str] = ()
    """The ids of the payments that had named that one."""
    ignored: Collection[str] = ()
    """The ids of events that came before their order, and of which nobody has to know."""
    parked: Collection[str] = ()
    """The ids of events that had to wait for their order or their payment."""
    is_operated: bool = False
    """Whether an operator may have finished the order by hand."""
    handled: Collection[str] = ()
    """The ids of events that a person has handled, and that nobody has had settled: what they say is not known here."""
