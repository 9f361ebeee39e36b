"""What happens in the shop while somebody watches: customers write to Firestore, Stripe delivers, suppliers come.

Everything goes the same way as in production: the deployed functions settle it.
"""

import heapq
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Final

from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from orders.shop_events import CancelRequested
from settlement.terms import Terms
from tools.deliveries import deliver
from tools.living.past import SUPPLY, Supplied, documents_after, order_fields
from tools.living.plots import Visit, What, token
from tools.living.scenes import REFUSED_FOR
from tools.local_shop import LocalShop
from tools.posting import NotAnswered
from tools.sweep import in_words, sweep

SUPPLIED_EVERY: Final = timedelta(minutes=1)
SWEPT_EVERY: Final = timedelta(seconds=30)

_WRITES_PER_BATCH: Final = 400
_WAIT_SECONDS_MAX: Final = 0.5
"""How soon it notices that the shop is to close."""


@dataclass(frozen=True, slots=True)
class Time:
    """Real time, passed in."""

    now: Callable[[], datetime]
    sleep: Callable[[float], object]


class Present:
    """Makes things happen one after the other, each at its time."""

    def __init__(
        self, shop: LocalShop, visits: Iterator[Visit], terms: Terms, chance: Random, say: Callable[[str], object]
    ) -> None:
        self._shop, self._visits, self._terms = shop, visits, terms
        self._chance, self._say = chance, say
        self._due: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()

    def pass_by(self, time: Time, *, operator: str, sweeps: bool) -> None:
        """Run until nothing more comes, or the emulators are gone.

        Args:
            operator: who counts what suppliers bring.
            sweeps: whether nobody else sweeps the shop.
        """
        self._expect_next()
        self._at(time.now() + SUPPLIED_EVERY, partial(self._supply, time, operator))
        if sweeps:
            self._at(time.now() + SWEPT_EVERY, partial(self._sweep, time))
        while self._due:
            if (left := (self._due[0][0] - time.now()).total_seconds()) > 0:
                time.sleep(min(left, _WAIT_SECONDS_MAX))
                continue
            _, _, happen = heapq.heappop(self._due)
            try:
                happen()
            except (NotAnswered, GoogleAPIError) as problem:
                print(problem, file=sys.stderr)
                if self._shop.addresses.silent:
                    return

    def _at(self, moment: datetime, happen: Callable[[], object]) -> None:
        heapq.heappush(self._due, (moment, next(self._numbers), happen))

    def _expect_next(self) -> None:
        if visit := next(self._visits, None):
            seen_at = visit.placed_at + REFUSED_FOR if visit.is_unreachable else visit.placed_at
            self._at(seen_at, partial(self._arrive, visit))

    def _arrive(self, visit: Visit) -> None:
        self._expect_next()
        if visit.is_unreachable:
            self._put_what_is_stuck(visit)
            return
        order = self._shop.client.document(f"orders/{visit.order_id}")
        order.create(order_fields(visit, firestore.SERVER_TIMESTAMP))
        ordered = ", ".join(f"{units} {product_id}" for product_id, units in visit.units.items())
        self._say(f"{visit.order_id}  {visit.customer.email} orders {ordered}")
        for moment, what in visit.then:
            self._at(moment, partial(self._happen, visit, what))

    def _happen(self, visit: Visit, what: What) -> None:
        match what:
            case CancelRequested():
                fields = {"userId": visit.customer.user_id, "createdAt": firestore.SERVER_TIMESTAMP}
                self._shop.client.document(f"cancelRequests/{visit.order_id}").create(fields)
                self._say(f"{visit.order_id}  its customer cancels it")
            case event:
                answer = deliver(self._shop.addresses.webhook, event)
                self._say(f"{visit.order_id}  {event['type']}: {answer}")

    def _put_what_is_stuck(self, visit: Visit) -> None:
        """Write the visit as it is by now. It takes no stock, so nothing else writes its documents."""
        left = documents_after([visit], (), visit.placed_at + REFUSED_FOR, self._terms, self._chance)
        put(self._shop.client, {path: fields for path, fields in left.items() if _is_of_the_visit(path)})
        self._say(f"{visit.order_id}  {visit.customer.email} takes no mail: a message is stuck")

    def _supply(self, time: Time, operator: str) -> None:
        product_id = self._chance.choice([*SUPPLY])
        fields = Supplied(time.now(), product_id, SUPPLY[product_id], operator).fields
        request = self._shop.client.document(f"operatorRequests/{token(self._chance, 20)}")
        request.create({**fields, "createdAt": firestore.SERVER_TIMESTAMP})
        self._say(f"{product_id}  a supplier brings {SUPPLY[product_id]}")
        self._at(time.now() + SUPPLIED_EVERY, partial(self._supply, time, operator))

    def _sweep(self, time: Time) -> None:
        self._at(time.now() + SWEPT_EVERY, partial(self._sweep, time))
        if not (answer := sweep(self._shop.addresses)).is_done:
            print(in_words(answer), file=sys.stderr)


def _is_of_the_visit(path: str) -> bool:
    return not path.startswith(("products/", "inventory/", "users/"))


def put(client: firestore.Client, documents: Mapping[str, Mapping[str, object]]) -> None:
    """Write these documents over what exists, without preconditions: only for the emulators' shop."""
    paths = [*documents]
    for first in range(0, len(paths), _WRITES_PER_BATCH):
        batch = client.batch()
        for path in paths[first : first + _WRITES_PER_BATCH]:
            batch.set(client.document(path), dict(documents[path]))
        batch.commit()
