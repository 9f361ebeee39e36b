"""One run: customers order and pay a moment later, Stripe reports it three times, and an auditor judges the result."""

import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from bench.model.contestants import Contestant, Layout
from bench.model.firestore import Client, Database
from bench.model.parameters import Parameters
from bench.model.world import VirtualWorld
from orders.events import Cause
from orders.money import Money
from orders.outcome import Outcome, Result, Settle, Transient
from settlement.folding import RUN_SECONDS_MAX, Folding
from settlement.settle import Patience
from tests.support.auditor import complaints
from tests.support.builders import NOW, a_catalogue_entry, a_placement, an_order
from tests.support.memory_store import MemoryStore
from tests.support.payments import EVENTS_OF_ONE_PAYMENT, a_payment

SLOW_SECONDS: Final = 2.0
_LAST_PAYMENTS_SECONDS: Final = 20.0
PRICE: Money = Money(1_200, "eur")


@dataclass
class Run:
    """What became of all orders, in seconds since the run began."""

    holds: list[tuple[float, float]] = field(default_factory=list)
    """When each order was placed, and how long the trigger took."""
    webhooks: list[float] = field(default_factory=list)
    """How long each of Stripe's deliveries took."""
    paid: list[tuple[float, float]] = field(default_factory=list)
    """When each paid order was placed, and how long it took until it was paid."""
    slow: int = 0
    """Requests that took longer than SLOW_SECONDS."""
    errors: int = 0
    """Requests not answered with 2xx, which would be retried."""
    sold_out: int = 0
    complaints: Sequence[str] = ()

    @property
    def requests(self) -> int:
        return len(self.holds) + len(self.webhooks)


class Function:
    """Instances with a limit of concurrent requests each; further requests queue."""

    def __init__(self, world: VirtualWorld, layout: Layout, make: Callable[[], Settle], queue_seconds: float) -> None:
        instances, self._at_a_time = layout
        self._world, self._queue_seconds = world, queue_seconds
        self._instances = [make() for _ in range(instances)]
        self._busy = [0] * instances
        self._queue: deque[tuple[float, Cause, Callable[[Outcome | None, float], None]]] = deque()

    def request(self, event: Cause, then: Callable[[Outcome | None, float], None]) -> None:
        """Settle the event; `then` gets the outcome, None after an error, and the seconds it took."""
        self._queue.append((self._world.now(), event, then))
        self._serve()

    def _serve(self) -> None:
        while self._queue:
            number = min(range(len(self._busy)), key=self._busy.__getitem__)
            if self._busy[number] == self._at_a_time:
                return
            asked = self._queue.popleft()
            if self._world.now() - asked[0] > self._queue_seconds:
                asked[2](None, self._world.now() - asked[0])
                continue
            self._busy[number] += 1
            self._world.start(partial(self._work, number, *asked), self._instances[number])

    def _work(self, number: int, since: float, event: Cause, then: Callable[[Outcome | None, float], None]) -> None:
        try:
            outcome = self._instances[number](event, NOW + timedelta(seconds=self._world.now()))
        except Transient:
            outcome = None
        self._busy[number] -= 1
        then(outcome, self._world.now() - since)
        self._serve()


class Trial:
    def __init__(self, contestant: Contestant, parameters: Parameters, stock: int, seed: int) -> None:
        self._contestant, self._parameters, self._stock = contestant, parameters, stock
        self._random, self._slow_max = random.Random(seed), math.inf
        self._world, self._documents, self._run = VirtualWorld(), MemoryStore(), Run()
        self._documents.put("inventory/shirt", {"stock": stock, "reserved": 0, "hot": contestant.is_hot})
        self._documents.put("products/shirt", a_catalogue_entry())
        self.database = Database(self._world, parameters, self._documents)
        self._holding = self._function(contestant.holding, contestant.holds_with)
        self._paying = self._function(contestant.paying, contestant.instance)

    def run(self, orders: int, rate: float, *, slow_max: float = math.inf) -> Run:
        """Place this many orders at this average rate, and return when all that they cause is done.

        Args:
            slow_max: the run ends, unfinished, after more slow requests than this.
        """
        self._slow_max = slow_max
        at = 0.0
        for number in range(orders):
            at += self._random.expovariate(rate)
            self._world.start(partial(self._order, f"order-{number}"), after=at)
        for number in range(math.ceil((at + _LAST_PAYMENTS_SECONDS) / self._parameters.folded_every_seconds)):
            self._world.start(self._fold, after=number * self._parameters.folded_every_seconds)
        self._world.run()
        self._run.complaints = self._judged()
        return self._run

    def _fold(self) -> None:
        if self._contestant.is_hot:
            patience = Patience(self._world.now, self._world.sleep, self._random.random, RUN_SECONDS_MAX)
            client = Client(self.database)
            Folding(client, client.takings_after, patience, lambda: NOW).fold()

    def _function(self, layout: Layout, make: Callable[[VirtualWorld, Database], Settle]) -> Function:
        return Function(self._world, layout, partial(make, self._world, self.database), self._parameters.queue_seconds)

    def _order(self, order_id: str) -> None:
        ordered = an_order(userId=f"customer of {order_id}", items=[{"productId": "shirt", "quantity": 1}])
        self._documents.put(f"orders/{order_id}", ordered)
        self._holding.request(a_placement(order_id), partial(self._placed, order_id, self._world.now()))

    def _placed(self, order_id: str, since: float, outcome: Outcome | None, seconds: float) -> None:
        self._run.holds.append((since, seconds))
        self._count(outcome, seconds)
        self._run.sold_out += outcome is not None and outcome.result is Result.RESERVATION_FAILED
        if outcome and outcome.result is Result.RESERVED:
            pays_after = self._random.uniform(*self._parameters.pays_after_seconds)
            for event in EVENTS_OF_ONE_PAYMENT:
                after = pays_after + self._random.uniform(0, self._parameters.events_within_seconds)
                self._world.start(partial(self._report, order_id, since, event.delivery.event_type), after=after)

    def _report(self, order_id: str, since: float, event_type: str) -> None:
        event = a_payment(
            f"evt_{event_type}_{order_id}",
            order_id=order_id,
            money=PRICE,
            payment_intent_id=f"pi_{order_id}",
            charge_id=None if event_type.startswith("checkout") else f"ch_{order_id}",
            event_type=event_type,
        )
        self._paying.request(event, partial(self._reported, since))

    def _reported(self, since: float, outcome: Outcome | None, seconds: float) -> None:
        self._run.webhooks.append(seconds)
        self._count(outcome, seconds)
        if outcome and outcome.result is Result.FIRST_TIME_FINALIZED:
            self._run.paid.append((since, self._world.now() - since))

    def _count(self, outcome: Outcome | None, seconds: float) -> None:
        self._run.errors += outcome is None
        self._run.slow += seconds > SLOW_SECONDS
        if self._run.slow > self._slow_max:
            self._world.stop()

    def _judged(self) -> Sequence[str]:
        """The auditor's findings; without an audit, only whether all paid units have left the stock."""
        if self._contestant.is_audited:
            return complaints(self._documents.dump(), {"shirt": self._stock})
        level: Any = self._documents.get("inventory/shirt")
        sold = len(self._run.paid)
        is_right = level["stock"] == self._stock - sold and level["stock"] >= level["reserved"] >= 0
        return [] if is_right else [f"{sold} were sold of {self._stock}, and there is {level}"]
