"""What goes wrong with one thing stops nothing else: it is tried once more by itself, and then left for later."""

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
    """Asks those who take part for something that anybody can be answered. Raises Transient or StripeRefused."""
    log: Log
    faults: int = 0
    """How many of ours were noted."""

    def each(
        self, items: Sequence[ItemT], do: Callable[[Sequence[ItemT]], object]
    ) -> Iterator[tuple[ItemT, Exception]]:
        """Do it with all at once, or where that fails, one by one. Yields those with which it cannot be done, and why.

        To do it twice must do no harm.

        Raises:
            Transient, StripeRefused: it is not these things, the database or Stripe takes no part at all.
        """
        if not items or self.tried(partial(do, items)) is None:
            return
        for item in items:
            if problem := self.tried(partial(do, [item])):
                yield item, problem

    def tried(self, do: Callable[[], object]) -> Exception | None:
        """What has kept it from being done; None if it is. Raises as above."""
        try:
            do()
        except OutOfTime:
            raise
        except Exception as problem:  # noqa: BLE001 - whoever asks notes it, and goes on with all else
            self.probe()
            return problem
        return None

    def note(self, problem: Exception, result: str, **ids: str | None) -> str:
        """Log it. Returns it in words: of a bug only its kind, whose message may repeat what is nobody's business."""
        said = f"{type(problem).__name__}: {problem}"
        if isinstance(problem, Transient | StripeRefused):
            self.log("WARNING", said, **ids, result=result)
            return said
        self.faults += 1
        trace = "".join(traceback.format_exception(problem))
        self.log("ERROR", said, **ids, result="fault", stack_trace=trace)
        return type(problem).__name__
