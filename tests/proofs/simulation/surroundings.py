"""What is around the service in one history: documents, a clock, Stripe, and people who change them without it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from effects.outside import Failed
from orders.refunds import RestockRule
from tests.proofs.simulation.history import ACTS, ELSEWHERE, MARKS, MISTAKES, TRIES, Arrival, History, Kind, RefundFate
from tests.proofs.simulation.payments import Repayment
from tests.proofs.simulation.scenarios import Scenario, catalogue_entry_of
from tests.proofs.simulation.stripe_reports import refund_id_of
from tests.proofs.simulation.world import World
from tests.support.auditor import recount_of
from tests.support.builders import NOW, TERMS, Fields, a_request
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request
from tests.support.stock_auditor import Recount

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
OF_WHAT_WAITS: Final = {**MARKS, **TRIES}
_HOLDS_NOTHING: Final = frozenset({"finalized", "partially_refunded", "refunded", "expired", "cancelled", "failed"})


class Surroundings:
    def __init__(self, history: History) -> None:
        self.scenarios = {scenario.order_id: scenario for scenario in history.scenarios}
        self.clock = NOW + timedelta(hours=2) * history.opens_late
        self.outside = history.outside
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

    @property
    def claims_kept_since(self) -> datetime | None:
        """Events that were settled before this may have lost their claims; None if no claim was deleted."""
        return self.reaped_at - self.terms.claim_lifetime + A_MOMENT if self.reaped_at else None

    def has_order(self, order_id: str) -> bool:
        return self.store.get(f"orders/{order_id}") is not None

    def all_that_arrives(self) -> Iterator[Arrival]:
        """What really happens around each order."""
        for scenario in self.scenarios.values():
            arrivals = [Arrival(Kind.EVENT, scenario.order_id, event_id) for event_id in scenario.events]
            if scenario.appears:
                arrivals.append(Arrival(Kind.ORDER, scenario.order_id))
                arrivals += [Arrival(Kind.CANCEL, scenario.order_id)] * scenario.asks_to_cancel
                arrivals += [Arrival(Kind.TRIGGER, scenario.order_id)] * (not scenario.is_trigger_lost)
            yield from arrivals

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
        if kind in MISTAKES:
            if mistaken_id := self._mistaken(arrival):
                said = {"target": arrival.order_id, "mistake": mistaken_id, **MISTAKES[kind]}
                self.store.put(path, an_operators_request(**said))  # type: ignore[arg-type]
            return
        if kind in OF_WHAT_WAITS:
            if target := self._waiting_for_a_person(arrival):
                self.store.put(path, an_operators_request(**{"target": target, **OF_WHAT_WAITS[kind]}))  # type: ignore[arg-type]
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

    def _mistaken(self, arrival: Arrival) -> str | None:
        """A refund recorded in the order, preferably one made elsewhere; None if there is none."""
        refunds: Any = (self.store.get(f"orders/{arrival.order_id}") or {}).get("refunds", {})
        ids = sorted(refunds, key=lambda refund_id: (not refunds[refund_id].get("elsewhere"), refund_id))
        return ids[min(arrival.number, len(ids) - 1)] if ids else None

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
                    # Of a refund and one that failed in the same second, nobody can tell which came first.
                    self.clock += A_MOMENT
                    self._becomes(scenario.with_refund(payment, refund))
                    return refund_id_of(scenario, payment, refund)
        return None
