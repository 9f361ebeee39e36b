"""The shop of one history: its documents, its clock, and the real service, whose entry points workers run."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final

from cloudevents.http import CloudEvent

from audit.anchoring import Anchoring
from checkout.claims import Caller
from checkout.refusals import CallRefused
from database.grouping import GroupingStore, Lanes
from database.store import DocumentStore
from effects.outside import Failed
from effects.performing import Effects
from orders.events import Cause, StripeEvent
from orders.outcome import Outcome
from orders.refunds import RestockRule
from orders.shop_events import OrderPlaced
from service.entry_points import Service
from service.logs import Log
from service.wiring import answering, performing, settling
from settlement.folding import Folding
from settlement.terms import Terms
from storefront.availability import Storefront
from tests.proofs.simulation.history import ACTS, ELSEWHERE, MARKS, TRIES, Arrival, History, Kind, RefundFate
from tests.proofs.simulation.payments import Repayment
from tests.proofs.simulation.performers import Asking
from tests.proofs.simulation.scenarios import Scenario, catalogue_entry_of, refund_id_of
from tests.proofs.simulation.tally import Tally
from tests.proofs.simulation.workers import Work, Worker
from tests.proofs.simulation.world import World
from tests.support.auditor import recount_of
from tests.support.builders import NOW, TERMS, Fields, a_request
from tests.support.firestore_events import a_created_event, created
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request
from tests.support.stock_auditor import Recount
from triggers.sweep import Ending
from webhooks.ownership import Naming

A_MOMENT: Final = timedelta(seconds=1)
_MET_WITHIN: Final = timedelta(minutes=5)
"""Workers that began so soon after one another may have been at work at once."""
# Shorter than a shop's week, so that no history lasts longer than parked events are taken up: three days.
_A_LONG_TIME: Final = timedelta(days=1)

_FOR_A_PERSON: Final = frozenset({"order_not_found", "payment_not_found", "handled"})
"""How a claim says so, or said so before."""
_NAMES_ANYTHING: Final = 8
"""From this number on, a request names anything that there is."""
_OF_ORDERS: Final = {**ACTS, **ELSEWHERE}
_OF_WHAT_WAITS: Final = {**MARKS, **TRIES}
_HOLDS_NOTHING: Final = frozenset({"finalized", "partially_refunded", "refunded", "expired", "cancelled", "failed"})


class Shop:
    def __init__(self, history: History, tally: Tally, log: Log) -> None:
        self.scenarios = {scenario.order_id: scenario for scenario in history.scenarios}
        self.clock = NOW + timedelta(hours=2) * history.opens_late
        self.outside = history.outside
        self.lanes = Lanes() if history.is_grouped else None
        self.terms = replace(
            TERMS,
            async_reservation=_A_LONG_TIME,
            claim_lifetime=_A_LONG_TIME,
            restock_on_refund=history.restocks,
            customer_channels=frozenset(self.outside.customer_channels),
            operator_channels=frozenset(self.outside.operator_channels),
            auto_refund=self.outside.auto_refund,
        )
        self.world = World(self.outside.refusing, self.outside.down, self._refund)
        self.refunds = 0
        """How many Stripe has made because the service asked for them."""
        self.news: list[Arrival] = []
        """Events about these, and about sessions of ours, that are still to be sent."""
        self.store = MemoryStore()
        self.enough_for_all = history.units_at_most
        for product_id, stock in history.stock:
            level = {"stock": stock, "reserved": 0, "backorder": dict(history.backorders).get(product_id, 0)}
            level |= {"hot": True} if product_id in history.hot else {}
            self.store.put(f"inventory/{product_id}", level)
            self.store.put(f"products/{product_id}", catalogue_entry_of(product_id))
        self.deleted: dict[str, Fields] = {}
        """Orders that were deleted before others were written under their ids."""
        self.was_placed: set[str] = set()
        """Those that are on record as placed."""
        self.earlier_payments: set[str] = set()
        """The payments that had named them."""
        self.adjusted: set[str] = set()
        """The orders whose prices the backend has adjusted in time."""
        self.reaped_at: datetime | None = None
        self.is_put_off = False
        """Whether the last sweep has left something to the next one, for want of time."""
        self.is_calm = False
        """Whether nothing goes wrong any more, and all clocks are right."""
        self._tally = tally
        self._log = log

    @property
    def claims_kept_since(self) -> datetime | None:
        """Events that were settled before this may have lost their claims; None if no claim was deleted."""
        return self.reaped_at - self.terms.claim_lifetime + A_MOMENT if self.reaped_at else None

    def has_order(self, order_id: str) -> bool:
        return self.store.get(f"orders/{order_id}") is not None

    # --- What happens without the service ----------------------------------------------------------------------------

    def write_order(self, order_id: str) -> None:
        self.store.put(f"orders/{order_id}", self.scenarios[order_id].order(self.clock))

    def write_request(self, order_id: str) -> None:
        """The customer can write it once; its event may be delivered again."""
        path = f"cancelRequests/{order_id}"
        if self.store.get(path) is None:
            self.store.put(path, a_request(createdAt=self.clock))

    def write_operators_request(self, arrival: Arrival) -> None:
        """Written once; its event may be delivered again."""
        path, kind = f"operatorRequests/{arrival.request_id}", arrival.act
        if self.store.get(path):
            return
        if kind in _OF_ORDERS:
            self.store.put(path, an_operators_request(**{"target": arrival.order_id, **_OF_ORDERS[kind]}))  # type: ignore[arg-type]
            return
        if kind in _OF_WHAT_WAITS:
            if target := self._waiting_for_a_person(arrival):
                self.store.put(path, an_operators_request(**{"target": target, **_OF_WHAT_WAITS[kind]}))  # type: ignore[arg-type]
            return
        level: Any = self.store.get(f"inventory/{arrival.product_id}") or {}
        asked: dict[str, dict[str, object]] = {
            "extend": {"target": arrival.order_id, "until": self.clock + timedelta(days=2)},
            "add": {"mode": "add", "quantity": 2},
            "take": {"mode": "add", "quantity": -1},
            "recount": {"mode": "recount"},
            "set": {"mode": "set", "quantity": max((level.get("stock") or 0) - 1, 0)},
        }
        words = {"target": arrival.product_id, **asked[kind]}
        self.store.put(path, an_operators_request("extend" if kind == "extend" else "stock", **words))

    def _waiting_for_a_person(self, arrival: Arrival) -> str | None:
        """What the operator names, mostly of what waits just now; None if there is nothing that could be named."""
        documents = {path: fields for path, fields in self.store.documents() if path.count("/") == 1}
        if arrival.act in ("handle_effect", "retry"):
            named = [path for path in documents if path.startswith("effects/")]
            waiting = [path for path in named if documents[path]["state"] == "ERROR"]
        else:
            events = (event_id for scenario in self.scenarios.values() for event_id in scenario.events)
            named = [f"webhookEvents/{event_id}" for event_id in events]
            waiting = [path for path in named if path in documents and documents[path]["result"] in _FOR_A_PERSON]
        some = sorted(waiting if waiting and arrival.number < _NAMES_ANYTHING else named)
        return some[arrival.number % len(some)].partition("/")[2] if some else None

    def adjust(self, order_id: str) -> None:
        """The backend changes the price of a reserved order; of one that is paid it does so in vain."""
        scenario, order = self.scenarios[order_id], self.store.get(f"orders/{order_id}")
        if order and order["status"] == ("finalized" if scenario.is_adjusted_late else "reserved"):
            self.adjusted |= set() if scenario.is_adjusted_late else {order_id}
            self.store.put(f"orders/{order_id}", {**order, "adjustments": scenario.adjustments_written()})

    def write_again(self, order_id: str) -> bool:
        """Delete an order that holds nothing, once, and write another one under its id. Returns whether it did so."""
        order = self.store.get(f"orders/{order_id}")
        is_wanted = order_id not in self.deleted and self.scenarios[order_id].is_written_again
        if order is None or order["status"] not in _HOLDS_NOTHING or not is_wanted:
            return False
        self.deleted[order_id] = dict(order)
        self.was_placed |= {order_id} if self.store.get(f"auditLog/placed_{order_id}") else set()
        self.adjusted.discard(order_id)
        payments = (path.split("/") for path, fields in self.store.documents() if fields.get("orderId") == order_id)
        self.earlier_payments |= {payment_id for collection, payment_id, *_ in payments if collection == "payments"}
        self.store.delete(f"orders/{order_id}")
        self.write_order(order_id)
        return True

    def recount(self, product_id: str, *, is_quiet: bool) -> Recount | None:
        """The shop begins to count a product, or counts it no longer, which it may do only while nothing of it is held.

        Otherwise units arrive that were sold before they were there; or one more may be, where none may be.

        Args:
            is_quiet: whether nobody is at work who may have read otherwise.
        """
        path = f"inventory/{product_id}"
        level: Any = self.store.get(path)
        if level is None:
            return None
        stock, backorder = level["stock"], level["backorder"]
        if is_quiet and not level["reserved"]:
            stock = self.enough_for_all[product_id] if stock is None else None
        elif stock is None:
            return None
        else:
            stock, backorder = stock + backorder, 0 if backorder else 1
        self.store.put(path, {**level, "stock": stock, "backorder": backorder})
        return recount_of(product_id, stock, self.store.dump(), self.deleted)

    def change_inventory(self, arrival: Arrival) -> None:
        """A product is hot from now on, or so no longer, or gone for good: whatever is held or to be taken of it."""
        path = f"inventory/{arrival.product_id}"
        if (level := self.store.get(path)) is None:
            return
        if arrival.kind is Kind.GONE:
            self.store.delete(path)
        else:
            self.store.put(path, {**level, "hot": not level.get("hot")})

    def reap(self, oldest_work: datetime) -> None:
        """Firestore deletes what has expired. But no worker works that long, and no commit is that late.

        Args:
            oldest_work: when the worker began that has been at work the longest.
        """
        self.reaped_at = self.clock
        until = min(self.clock, oldest_work - _MET_WITHIN + self.terms.claim_lifetime)
        for path, fields in self.store.dump().items():
            expire_at = fields.get("expireAt")
            if isinstance(expire_at, datetime) and expire_at <= until:
                self.store.delete(path)

    def pay(self, order_id: str) -> None:
        """In the session that the customer was shown last, if it is still open at Stripe."""
        if not (scenario := self.scenarios.get(order_id)):
            return
        if session := self.world.sessions.complete(order_id, self.clock):
            adds = scenario.adds if self.outside.sessions_add else (0, 0, 0)
            self._becomes(scenario.with_payment(session, adds, self.clock))

    def see_what_expired(self) -> None:
        """Stripe has ended a session, by itself or because it was asked to."""
        self.world.sessions.lapse(self.clock)
        for order_id, scenario in list(self.scenarios.items()):
            known = {session_id for session_id, _ in scenario.over}
            sessions = self.world.sessions.of_order(order_id)
            if over := [each for each in sessions if each.status == "expired" and each.session_id not in known]:
                ended = tuple((each.session_id, min(each.expires_at, self.clock)) for each in over)
                self._becomes(replace(scenario, over=scenario.over + ended))

    def _becomes(self, after: Scenario) -> None:
        """More has happened around an order, and is reported."""
        before = self.scenarios[after.order_id]
        self.scenarios[after.order_id] = after
        reports = (event_id for event_id in after.events if event_id not in before.events)
        self.news += (Arrival(Kind.EVENT, after.order_id, event_id) for event_id in reports)

    def _refund(self, payment_id: str, part: int | None, restock: RestockRule | None, at: datetime) -> str | None:
        """Stripe refunds a part of a payment, or what is left of it. Returns its id; None if nothing was left.

        Raises:
            Failed: the part is more than that.
        """
        for scenario in self.scenarios.values():
            for payment in scenario.payments:
                if scenario.intent_of(payment) == payment_id and payment.left:
                    if part and part > payment.left:
                        raise Failed("more than is left", retryable=False)
                    fate = self.outside.fates[self.refunds % len(self.outside.fates)]
                    refund = Repayment(
                        number=len(payment.refunds),
                        amount=part or payment.left,
                        restock=restock or (),
                        is_slow=fate is RefundFate.SLOW,
                        fails=fate is RefundFate.FAILED,
                        is_stuck=fate is RefundFate.STUCK,
                        asked_at=at,
                    )
                    self.refunds += 1
                    self._becomes(scenario.with_refund(payment, refund))
                    return refund_id_of(scenario, payment, refund)
        return None

    # --- What the service does ---------------------------------------------------------------------------------------

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
            case Kind.OPERATOR if arrival.product_id or arrival.act in _OF_WHAT_WAITS or self.has_order(order_id):
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
