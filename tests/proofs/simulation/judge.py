"""Judges each commit, each acknowledgement, and the final documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from database.store import Create, Delete, Update, Write
from tests.proofs.simulation.deliveries import Deliveries
from tests.proofs.simulation.endings import Ending
from tests.proofs.simulation.event_oracle import SET_ASIDE
from tests.proofs.simulation.history import Arrival, History, Kind
from tests.proofs.simulation.marks_oracle import wrongs_of_commit
from tests.proofs.simulation.missteps import missteps
from tests.proofs.simulation.oracle import Oracle, wrongs
from tests.proofs.simulation.outside_oracle import effects_in, wrongs_of_refunds, wrongs_of_sessions, wrongs_outside
from tests.proofs.simulation.rpcs import Rpc
from tests.proofs.simulation.rules import findings_in
from tests.proofs.simulation.scenarios import Scenario
from tests.proofs.simulation.shop import Shop
from tests.proofs.simulation.tally import Tally
from tests.support.auditor import complaints, imbalances, leftovers
from tests.support.builders import Fields
from tests.support.stock_auditor import Recount


class Wrong(Exception):
    """Something is wrong already: the rest need not be played."""


class _Before(NamedTuple):
    """What there was before a commit."""

    levels: Mapping[str, Fields] | None
    """Orders and stock; None if the commit is of neither."""
    written: Mapping[str, Mapping[str, Any] | None]
    """What the commit writes, if operators act at all."""


class Judge:
    def __init__(self, history: History, tally: Tally, shop: Shop) -> None:
        self.history = history
        self.tally = tally
        self.shop = shop
        self.stock = dict(history.stock)
        self.recounts: dict[str, Recount] = {}
        orders = [f"orders/{order_id}" for order_id in self.shop.scenarios]
        asked = {arrival.request_id for arrival in history.arrivals if arrival.request_id}
        entries = [f"auditLog/operator_{request_id}" for request_id in asked]
        self.is_operated = bool(asked)
        takings = [f"takings/{order_id}" for order_id in self.shop.scenarios]
        inventory = [f"inventory/{product_id}" for product_id in self.stock]
        self.levels = dict.fromkeys([*orders, *inventory, *takings, *entries])
        """The documents that show whether orders and stock agree."""
        self.ignored: set[str] = set()
        """Events of orders that were not there, and that nobody has to know of."""
        self.parked: set[str] = set()
        """Events that had to wait, if only for a moment."""
        self.taken: Counter[str] = Counter()
        """How many takings were ever written under each path."""
        self.deliveries = Deliveries()

    # --- A commit ----------------------------------------------------------------------------------------------------

    def before(self, rpc: Rpc) -> _Before:
        is_commit = rpc.name == "commit"
        is_of_levels = is_commit and not self.levels.keys().isdisjoint(map(_path_of, rpc.about))
        return _Before(
            self.orders_and_levels() if is_of_levels else None,
            self.documents_at(rpc.about) if is_commit and self.is_operated else {},
        )

    def after(self, rpc: Rpc, before: _Before) -> None:
        """Raises Wrong: the commit should not have been done."""
        if before.levels is not None:
            self.judge_levels(before.levels)
            self.judge_takings(before.levels, rpc.about)
        written = {path: fields for path, fields in self.documents_at(before.written).items() if fields}
        if found := next(wrongs_of_commit(before.written, written), None):
            raise Wrong(found)
        if rpc.name == "commit":
            self.tally.grouped += sum(_path_of(one).startswith("orders/") for one in rpc.about) > 1
            self.parked |= set(_parked_by(rpc.about))

    def judge_levels(self, before: Mapping[str, Fields]) -> None:
        """And every change of an order, at once: in the end nobody could tell that it came too early.

        Args:
            before: the documents of orders and stock before the last commit.
        """
        documents = self.orders_and_levels()
        found = imbalances(documents, self.stock, self.shop.deleted, self.recounts)
        for order_id, scenario in self.shop.scenarios.items():
            path = f"orders/{order_id}"
            if path in before and before[path]["status"] != documents[path]["status"]:
                if order_id not in self.history.operated:
                    found += missteps(scenario, before[path], documents[path], self.shop.clock)
                found += self.left_open(order_id, documents[path])
        if found:
            raise Wrong(found[0])

    def judge_takings(self, before: Mapping[str, Fields], writes: Sequence[object]) -> None:
        """Of each order one is written, and folding it changes nothing of what can still be sold."""
        for write in writes:
            if isinstance(write, Create) and write.path.startswith("takings/"):
                self.taken[write.path] += 1
                order_id = write.path.removeprefix("takings/")
                if self.taken[write.path] > 1 + (order_id in self.shop.deleted):
                    raise Wrong(f"{order_id}: taken {self.taken[write.path]} times")
        if not any(isinstance(write, Delete) and write.path.startswith("takings/") for write in writes):
            return
        for path, after in self.orders_and_levels().items():
            if path.startswith("inventory/") and _sellable(before[path]) != _sellable(after):
                raise Wrong(f"{path}: {_sellable(before[path])} could be sold before it was folded, now {after}")

    def left_open(self, order_id: str, order: Fields) -> Iterator[str]:
        """Sessions whose address is known, and in which somebody could still pay for an order that is over, or paid.

        Where it is paid, Stripe may have yet to be asked to expire it, but somebody must be about to ask. Nobody need
        be where it was paid in the session itself, which is complete then.
        """
        status, known = order["status"], (self.shop.store.get(f"checkouts/{order_id}") or {}).get("sessionId")
        if status in ("reserving", "reserved") or not self.shop.world.sessions.is_open(known, self.shop.clock):
            return
        effects = (fields for path, fields in self.shop.store.documents() if path.startswith("effects/"))
        is_to_expire = any(effect["recipient"] == known for effect in effects)
        if status in _OVER_UNPAID or not is_to_expire:
            yield f"{order_id}: {status}, and {known} is open"

    def documents_at(self, written: Iterable[str | Write]) -> dict[str, Mapping[str, Any] | None]:
        """Each of them as it is; None if it is not there."""
        paths = (_path_of(each) for each in written)
        return {path: self.shop.store.get(path) for path in paths}

    def orders_and_levels(self) -> dict[str, Fields]:
        return {path: dict(fields) for path in self.levels if (fields := self.shop.store.get(path))}

    # --- An acknowledgement ------------------------------------------------------------------------------------------

    def acknowledge(self, arrival: Arrival, *, had_order: bool) -> None:
        """Never for work not done.

        Args:
            had_order: whether its order was there when the work began.
        """
        is_on_record = True
        if arrival.kind is Kind.OPERATOR and not self.is_answered(arrival.request_id):
            raise Wrong(f"{arrival}: acknowledged, and not answered")
        if arrival.kind is Kind.EVENT and not (self.is_settled(arrival.event_id) or self.is_handled(arrival.event_id)):
            claim = self.shop.store.get(f"webhookEvents/{arrival.event_id}")
            is_set_aside = claim is not None and claim["result"] in SET_ASIDE
            if is_set_aside and self.is_foreign(arrival):
                pass
            elif (claim is None or is_set_aside) and not had_order and self.may_be_ignored(arrival):
                self.ignored.add(arrival.event_id)
                is_on_record = False
            elif claim is None or claim["processed"]:
                raise Wrong(f"{arrival}: acknowledged, and neither done nor parked")
        self.deliveries.acknowledged[arrival.event_id] += is_on_record

    def is_settled(self, event_id: str) -> bool:
        entry = self.shop.store.get(f"auditLog/{event_id}")
        return entry is not None and entry["webhookProcessed"] is True

    def is_handled(self, event_id: str) -> bool:
        """Whether a person has handled it and nobody has settled it since."""
        return (self.shop.store.get(f"auditLog/{event_id}") or {}).get("result") == "handled"

    def is_answered(self, request_id: str) -> bool:
        return bool((self.shop.store.get(f"operatorRequests/{request_id}") or {}).get("settledAt"))

    def is_foreign(self, arrival: Arrival) -> bool:
        payment = self.shop.scenarios[arrival.order_id].events[arrival.event_id].payment
        return payment is not None and payment.is_foreign

    def may_be_ignored(self, arrival: Arrival) -> bool:
        event = self.shop.scenarios[arrival.order_id].events[arrival.event_id]
        return event.names_order and not event.reports_money

    # --- The end -----------------------------------------------------------------------------------------------------

    def judged(self) -> list[str]:
        """The auditor's findings, and what differs from the scenarios."""
        documents = self.shop.store.dump()
        kept_since, deleted = self.shop.claims_kept_since, self.shop.deleted
        found = complaints(documents, self.stock, claims_kept_since=kept_since, deleted=deleted, recounts=self.recounts)
        found += leftovers(documents)
        found += self.deliveries.miscounted(self.shop.store)
        found += wrongs_outside(documents, self.shop.world, self.history.outside)
        found += self.shop.world.sessions.wrongs
        counts = {product_id: Recount(stock) for product_id, stock in self.stock.items()} | self.recounts
        at_stripe = [
            (scenario, self.handled_of(scenario))
            for order_id, scenario in self.shop.scenarios.items()
            if self.shop.has_order(order_id) and order_id not in deleted
        ]
        found += findings_in(self.shop.store, self.shop.clock, counts, at_stripe, self.tally.compared)
        for scenario in self.shop.scenarios.values():
            found += wrongs(scenario, self.ending_of(scenario, documents))
            if scenario.appears:
                oracle = Oracle(scenario, self.ending_of(scenario, documents))
                found += wrongs_of_refunds(oracle, self.history.outside)
                found += wrongs_of_sessions(oracle, self.shop.world)
            status = documents[f"orders/{scenario.order_id}"]["status"] if scenario.appears else "never written"
            self.tally.statuses[str(status)] += 1
        effects = effects_in(documents).values()
        self.tally.effects.update(f"{effect['kind']} {effect['state']}" for effect in effects)
        self.tally.sessions.update(each.status for each in self.shop.world.sessions.by_id.values())
        claims = (fields for path, fields in documents.items() if path.startswith("webhookEvents/"))
        self.tally.parked.update(str(claim["result"]) for claim in claims if not claim["processed"])
        return found

    def ending_of(self, scenario: Scenario, documents: Mapping[str, Fields]) -> Ending:
        order_id = scenario.order_id
        return Ending(
            documents,
            is_ample=self.history.is_ample,
            restocks=self.history.restocks,
            is_adjusted=order_id in self.shop.adjusted,
            is_second=order_id in self.shop.was_placed,
            earlier_payments=self.shop.earlier_payments,
            ignored=self.ignored,
            parked=self.parked,
            is_operated=order_id in self.history.operated,
            handled=self.handled_of(scenario),
        )

    def handled_of(self, scenario: Scenario) -> frozenset[str]:
        return frozenset(filter(self.is_handled, scenario.events))


def _parked_by(writes: Iterable[object]) -> Iterator[str]:
    for write in writes:
        if isinstance(write, Create | Update) and write.fields.get("processed") is False:
            yield write.path.rpartition("/")[2]


def _sellable(level: Mapping[str, Any]) -> int | None:
    return None if level["stock"] is None else level["stock"] - level["reserved"]


def _path_of(one: str | Write) -> str:
    return one if isinstance(one, str) else one.path


_OVER_UNPAID: Final = frozenset({"expired", "cancelled", "failed"})
