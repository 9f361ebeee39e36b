"""Isolates failures: an item that fails is tried once more alone, then left for later without stopping others."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from orders.outcome import Transient
from reconciliation.time_limit import OutOfTime
from service.logs import Log
from stripe_api.api import StripeRefused

ItemT = TypeVar("ItemT")


@dataclass(slots=True)
class Guard:
    probe: Callable[[], object]
    """Makes a request that always has an answer, to see whether Stripe and the database work. Raises Transient or
    StripeRefused."""
    log: Log
    faults: int = 0
    """How many bugs of ours were noted."""

    def each(
        self, items: Sequence[ItemT], do: Callable[[Sequence[ItemT]], object]
    ) -> Iterator[tuple[ItemT, Exception]]:
        """Process all items at once or, if that fails, one by one. Yields each item that fails, and why.

        Doing it twice must be harmless.

        Raises:
            Transient, StripeRefused: the database or Stripe is unavailable, so it is not the items' fault.
        """
        if not items or self.tried(partial(do, items)) is None:
            return
        for item in items:
            if problem := self.tried(partial(do, [item])):
                yield item, problem

    def tried(self, do: Callable[[], object]) -> Exception | None:
        """Do it, and return what made it fail, or None. Raises as above."""
        try:
            do()
        except OutOfTime:
            raise
        except Exception as problem:  # noqa: BLE001 - whoever asks notes it, and goes on with all else
            self.probe()
            return problem
        return None

    def note(self, problem: Exception, result: str, **ids: str | None) -> str:
        """Log the problem. Returns it as text; for a bug only its type, since the message may contain personal data."""
        said = f"{type(problem).__name__}: {problem}"
        if isinstance(problem, Transient | StripeRefused):
            self.log("WARNING", said, **ids, result=result)
            return said
        self.faults += 1
        trace = "".join(traceback.format_exception(problem))
        self.log("ERROR", said, **ids, result="fault", stack_trace=trace)
        return type(problem).__name__
