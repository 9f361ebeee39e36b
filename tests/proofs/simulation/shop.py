"""The shop of one history: the real service, whose entry points workers run."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial

from cloudevents.http import CloudEvent

from audit.anchoring import Anchoring
from checkout.claims import Caller
from checkout.refusals import CallRefused
from database.grouping import GroupingStore, Lanes
from database.store import DocumentStore
from effects.performing import Effects
from orders.events import Cause, StripeEvent
from orders.outcome import Outcome
from orders.shop_events import OrderPlaced
from service.entry_points import Service
from service.logs import Log
from service.wiring import answering, performing, settling
from settlement.folding import Folding
from settlement.terms import Terms
from storefront.availability import Storefront
from tests.proofs.simulation.history import Arrival, History, Kind
from tests.proofs.simulation.performers import Asking
from tests.proofs.simulation.surroundings import OF_WHAT_WAITS, Surroundings
from tests.proofs.simulation.tally import Tally
from tests.proofs.simulation.workers import Work, Worker
from tests.support.firestore_events import a_created_event, created
from triggers.sweep import Ending
from webhooks.ownership import Naming


class Shop(Surroundings):
    def __init__(self, history: History, tally: Tally, log: Log) -> None:
        super().__init__(history)
        self.lanes = Lanes() if history.is_grouped else None
        self.is_put_off = False
        """Whether the last sweep left work to the next for lack of time."""
        self.is_calm = False
        """Whether faults have ended and all clocks are right."""
        self._tally = tally
        self._log = log

    def work_of(self, arrival: Arrival) -> Work | None:
        """What a worker has to do; None if it takes no worker, or if this cannot have happened yet."""
        order_id, scenario = arrival.order_id, self.scenarios.get(arrival.order_id)
        match arrival.kind:
            case Kind.TRIGGER if scenario and self.has_order(order_id):
                return partial(self._placed, scenario.placed)
            case Kind.CANCEL if scenario and scenario.asks_to_cancel and self.has_order(order_id):
                self.write_request(order_id)
                return partial(self._cancel_requested, _cancel_request(order_id))
            case Kind.EVENT if scenario and (event := scenario.events.get(arrival.event_id)):
                return partial(self._delivered, event.delivered(self.clock), self.terms)
            case Kind.MISLED if scenario and (event := scenario.events.get(arrival.event_id)):
                misled = replace(self.terms, expected_livemode=True)
                return partial(self._delivered, event.delivered(self.clock), misled)
            case Kind.CHECKOUT if scenario:
                return partial(self._asked_to_open, order_id)
            case Kind.OPERATOR if arrival.product_id or arrival.act in OF_WHAT_WAITS or self.has_order(order_id):
                self.write_operators_request(arrival)
                is_written = self.store.get(f"operatorRequests/{arrival.request_id}") is not None
                return partial(self._operator_requested, arrival.request_id) if is_written else None
            case Kind.EFFECT:
                return partial(self._performed, arrival.effect_id)
            case Kind.SWEEP:
                return self._swept
            case Kind.FOLD:
                return self._folded
        return None

    def _delivered(self, event: StripeEvent, terms: Terms, worker: Worker) -> None:
        """What the webhook does with a verified event."""
        self._settle(worker, event, event.delivery.delivered_at, terms)

    def _placed(self, placed: OrderPlaced, worker: Worker) -> None:
        """What the trigger does with a created order."""
        self._service(worker).order_created_trigger().place(placed)

    def _cancel_requested(self, event: CloudEvent, worker: Worker) -> None:
        self._service(worker).cancel_requested_trigger().receive(event)

    def _operator_requested(self, request_id: str, worker: Worker) -> None:
        event = a_created_event(None, created(f"operatorRequests/{request_id}"))
        self._service(worker).operator_requested_trigger().receive(event)

    def _asked_to_open(self, order_id: str, worker: Worker) -> None:
        """What the callable function does with a call of the order's customer."""
        sessions = self._asking(worker).sessions(add=self.outside.sessions_add)
        try:
            answer = sessions.open({"orderId": order_id}, Caller("alice"), self.clock, {})
        except CallRefused as refused:
            self._tally.calls[_why(refused)] += 1
        else:
            self._tally.calls["shown"] += 1
            self.world.sessions.show(answer["url"])

    def _performed(self, effect_id: str, worker: Worker) -> None:
        """What the trigger does with a created effect."""
        self._effects(worker).perform(effect_id)

    def _swept(self, worker: Worker) -> None:
        sweep = replace(self._service(worker).reservation_sweep(), pool=lambda: nullcontext(worker))
        swept = sweep.sweep()
        self._tally.swept.update(swept.endings)
        self.is_put_off = bool(swept.endings[Ending.POSTPONED])
        if not swept.complete:
            raise AssertionError("the sweep ran out of time")

    def _folded(self, worker: Worker) -> None:
        """What the schedule does every minute."""
        folded = self._service(worker).takings_due().fold()
        self._tally.folded.update(orders=folded.orders, lost=folded.lost is not None, gone=len(folded.gone))

    def _service(self, worker: Worker) -> Service:
        return Service(
            settle=partial(self._settle, worker),
            placing=partial(self._settle, worker, store=self._grouping(worker)),
            queries=lambda: worker,
            storefront=lambda: Storefront(worker, worker.products_after, 5, worker.patience),
            fold=Folding(worker, worker.takings_after, worker.patience, self._now).fold,
            anchor=Anchoring(worker, worker.moved_heads, 8).anchor_if_due,
            # What is judged of every chain in every final state shares no code with it.
            check_trail=lambda _: (),
            effects=partial(self._effects, worker),
            requests=lambda: answering(worker, partial(self._settle, worker), self.terms),
            webhook_secrets=(),
            naming=Naming(),
            log=self._log,
            now=self._now,
            monotonic=worker.monotonic,
            threads=1,
        )

    def _grouping(self, worker: Worker) -> DocumentStore:
        """In one process with all that hold."""
        return GroupingStore(worker, self.lanes, worker.monotonic, worker.wait) if self.lanes else worker

    def _effects(self, worker: Worker) -> Effects:
        """By a clock that may be wrong."""
        clocks = (0,) if self.is_calm else self.outside.clocks
        minutes = clocks[worker.number % len(clocks)]

        def now() -> datetime:
            return self.clock + timedelta(minutes=minutes)

        performers = self._asking(worker).performers(self.outside.auto_refund, now)
        return performing(worker, self.terms, self._log, worker.patience, performers, now)

    def _asking(self, worker: Worker) -> Asking:
        return Asking(worker, self.world, self._now, partial(self._settle, worker))

    def _settle(
        self,
        worker: Worker,
        event: Cause,
        now: datetime,
        terms: Terms | None = None,
        store: DocumentStore | None = None,
    ) -> Outcome:
        outcome = settling(store or worker, terms or self.terms, self._log, worker.patience)(event, now)
        self._tally.results[type(event).__name__, str(outcome.result)] += 1
        return outcome

    def _now(self) -> datetime:
        return self.clock


@cache
def _cancel_request(order_id: str) -> CloudEvent:
    return a_created_event(None, created(f"cancelRequests/{order_id}"))


def _why(refused: CallRefused) -> str:
    details = refused.details or {}
    return str(details.get("reason", details.get("status", refused.status.value)))
