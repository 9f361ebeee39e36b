"""The past of a shop: visits settled at the time when they happened, by the code that settles them in production.

It all happens in a rehearsal over an empty database, so that weeks pass in a second. Pure but for that: time and
randomness are passed in.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, Final

from database.documents.operator_requests import operator_request_path
from database.documents.orders import order_path
from database.documents.users import user_path
from database.rehearsal import RehearsalStore
from database.store import Create, Document, Fields, Promised, Write
from effects.effect import Effect, EffectKind
from effects.outside import Failed, Skipped
from effects.performing import Effects
from notifications.notices import Audience
from orders.events import Ignored
from orders.shop_events import CancelRequested, OrderPlaced, ReservationLapsed
from service.logs import silent
from service.wiring import answering, performing, settling
from settlement.settle import Patience
from settlement.terms import Terms
from tools.catalogue import CATALOGUE
from tools.catalogue import documents as catalogue
from tools.living.plots import Visit, What
from webhooks.ownership import Naming
from webhooks.translation import order_event_from

MAILBOX_FULL: Final = "452 4.2.2 the mailbox is full"

SUPPLY: Final = {name: max(product.stock, 8) for name, product in CATALOGUE.items() if product.stock}
"""How many units of each product a supplier brings."""

SWEPT_WITHIN: Final = timedelta(minutes=3)
"""After the end of a hold."""
_EFFECTS: Final = "effects/"


@dataclass(frozen=True, slots=True)
class Supplied:
    """Units that a supplier has brought, and that somebody has counted."""

    at: datetime
    product_id: str
    units: int
    operator: str

    @property
    def fields(self) -> dict[str, object]:
        """The fields of an operator's request."""
        said = {"reason": "the supplier's delivery, counted", "operator": self.operator, "createdAt": self.at}
        return {"kind": "stock", "target": self.product_id, "mode": "add", "quantity": self.units, **said}


def supplies(opened_at: datetime, until: datetime, operator: str) -> Sequence[Supplied]:
    """Once a week, of every product that runs out."""
    weeks = range((until - opened_at) // timedelta(weeks=1) + 1)
    return [
        Supplied(opened_at + timedelta(weeks=week, minutes=number), product_id, units, operator)
        for week in weeks
        for number, (product_id, units) in enumerate(SUPPLY.items())
    ]


def documents_after(
    visits: Iterable[Visit], supplied: Iterable[Supplied], until: datetime, terms: Terms, chance: Random
) -> dict[str, Fields]:
    """All documents of a shop after these visits, by path; each visit only as far as it has happened by then."""
    past = _Past(until, terms, chance)
    for visit in visits:
        past.expect(visit)
    for each in supplied:
        past.at(each.at, partial(past.supply, each))
    past.pass_by()
    return past.documents


class _Past:
    """A rehearsal in which events happen one after the other."""

    def __init__(self, until: datetime, terms: Terms, chance: Random) -> None:
        self._until, self._terms, self._chance = until, terms, chance
        self._store = RehearsalStore(_Nothing())
        # Nothing interferes, so nothing waits; each look at the clock advances it by a millisecond.
        ticks = count()
        self._patience = Patience(lambda: next(ticks) / 1_000, lambda _: None, chance.random)
        self._settle = settling(self._store, terms, silent, self._patience)
        self._due: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._numbers = count()
        self._unreachable: set[str] = set()
        self._write(*(Create(path, fields) for path, fields in catalogue().items()))

    @property
    def documents(self) -> dict[str, Fields]:
        return {path: each.after for path, each in self._store.differences.items() if each.after is not None}

    def at(self, moment: datetime, happen: Callable[[datetime], None]) -> None:
        if moment <= self._until:
            heapq.heappush(self._due, (moment, next(self._numbers), happen))

    def pass_by(self) -> None:
        while self._due:
            moment, _, happen = heapq.heappop(self._due)
            seen = len(self._store.writes)
            happen(moment)
            self._perform_new_ones(self._store.writes[seen:], moment)

    def expect(self, visit: Visit) -> None:
        self.at(visit.placed_at, partial(self._place, visit))
        for moment, what in visit.then:
            self.at(moment, partial(self._happen, visit, what))

    def supply(self, supplied: Supplied, moment: datetime) -> None:
        request_id = f"supplied-{supplied.product_id}-{moment:%Y%m%d}"
        self._write(Create(operator_request_path(request_id), supplied.fields))
        answering(self._store, self._settle, self._terms).answer(request_id, moment)

    def _place(self, visit: Visit, moment: datetime) -> None:
        path = user_path(visit.customer.user_id)
        if self._store.read([path], timeout_seconds=1)[path] is None:
            self._write(Create(path, {"email": visit.customer.email}))
        self._write(Create(order_path(visit.order_id), order_fields(visit, moment)))
        if visit.is_unreachable:
            self._unreachable.add(visit.order_id)
        self._settle(OrderPlaced(visit.order_id), moment)
        self.at(moment + self._terms.reservation + SWEPT_WITHIN, partial(self._look_at, visit.order_id))

    def _look_at(self, order_id: str, moment: datetime) -> None:
        """As the sweep does after every hold."""
        self._settle(ReservationLapsed(order_id), moment)

    def _happen(self, visit: Visit, what: What, moment: datetime) -> None:
        match what:
            case CancelRequested():
                request = {"userId": visit.customer.user_id, "createdAt": moment}
                self._write(Create(f"cancelRequests/{visit.order_id}", request))
                self._settle(what, moment)
            case event:
                read = order_event_from(event, delivered_at=moment, naming=Naming())
                if not isinstance(read, Ignored):
                    self._settle(read, moment)

    def _perform_new_ones(self, writes: Iterable[Write], moment: datetime) -> None:
        for write in writes:
            if isinstance(write, Create) and write.path.startswith(_EFFECTS):
                self._perform(write.path, moment)

    def _perform(self, path: str, moment: datetime) -> None:
        self._effects(moment).perform(path.removeprefix(_EFFECTS))
        stored = self._store.read([path], timeout_seconds=1)[path]
        if stored and stored.fields.get("state") == "RETRY":
            again: Any = stored.fields["nextAttemptAt"]
            self.at(again, partial(self._perform, path))

    def _effects(self, moment: datetime) -> Effects:
        performer = _Messages(self._unreachable)
        kinds = dict.fromkeys(self._terms.customer_channels | self._terms.operator_channels, performer)
        return performing(self._store, self._terms, silent, self._patience, kinds, lambda: moment)

    def _write(self, *writes: Write) -> None:
        self._store.commit(writes, timeout_seconds=1)


def order_fields(visit: Visit, created_at: object) -> dict[str, object]:
    """The order as its customer writes it."""
    items = [{"productId": product_id, "quantity": units} for product_id, units in visit.units.items()]
    return {"userId": visit.customer.user_id, "items": items, "status": "pending", "createdAt": created_at}


@dataclass(frozen=True, slots=True)
class _Messages:
    """Sends nothing: mail to unreachable customers fails, and everything else succeeds."""

    unreachable: set[str]
    """The ids of their orders."""

    def prepare(self, effect: Effect, _now: datetime, /) -> Mapping[str, object] | Skipped:
        if effect.kind in {EffectKind.PUSH, EffectKind.SMS}:
            return Skipped("no device or number is known")
        if effect.order_id in self.unreachable and effect.recipient == Audience.CUSTOMER:
            # No payload is stored, so a retry, as by the emulators' functions, renders the mail anew.
            raise Failed(MAILBOX_FULL, retryable=True)
        return {}

    def perform(self, _effect: Effect, _payload: Mapping[str, object], /) -> None:
        """It is sent."""


class _Nothing:
    """An empty database."""

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        del timeout_seconds
        return dict.fromkeys(paths)

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Any:  # noqa: ANN401 - never returns
        raise NotImplementedError(f"{len(writes)} writes in {timeout_seconds} s: only a rehearsal writes")

    def count(self, _collection: str, *, timeout_seconds: float) -> int:
        del timeout_seconds
        return 0

    def count_open_orders(self, _user_id: str, *, timeout_seconds: float) -> int:
        del timeout_seconds
        return 0

    def units_to_take(self, _product_id: str, *, timeout_seconds: float) -> int:
        del timeout_seconds
        return 0

    def units_promised(self, _product_id: str, *, timeout_seconds: float) -> Promised:
        del timeout_seconds
        return Promised(0, 0)

    def effects_of(self, _order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        del timeout_seconds
        return {}
