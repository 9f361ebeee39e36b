"""What happened in all histories together, to show that they exercise the shop."""

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass
class Tally:
    histories: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    rpcs: Counter[str] = field(default_factory=Counter)
    side_by_side: int = 0
    """RPCs that were answered while another thread of the same sweep waited for its own."""
    grouped: int = 0
    """Successful commits that hold for several orders."""
    races_lost: int = 0
    not_settled: Counter[str] = field(default_factory=Counter)
    """Deliveries answered "try again", by reason."""
    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How events ended, by what they were."""
    swept: Counter[str] = field(default_factory=Counter)
    """How orders and parked events ended in sweeps."""
    folded: Counter[str] = field(default_factory=Counter)
    """What was folded besides: orders; runs that ended before all was done; products that were gone."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of orders, when all is done."""
    effects: Counter[str] = field(default_factory=Counter)
    """How they ended, by their kind."""
    calls: Counter[str] = field(default_factory=Counter)
    """The answers to customers who wanted to pay."""
    sessions: Counter[str] = field(default_factory=Counter)
    """How the sessions opened by the service ended."""
    parked: Counter[str] = field(default_factory=Counter)
    """Events that rightly wait when all is done, by why."""

    compared: Counter[str] = field(default_factory=Counter)
    """What the rules of reconciliation looked at."""

    def add(self, other: "Tally") -> None:
        for each in fields(self):
            mine, others = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(others)
            else:
                setattr(self, each.name, mine + others)
