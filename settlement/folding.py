"""Takes from the inventory what was sold of hot products, many orders at once: list, read, commit; and list again.

Nobody waits for it, and what can still be sold is the same before and after. One worker is enough, and two at once do
no harm: each taking is deleted in the commit that takes its units, and by one of them. A crash leaves all of a page or
nothing of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from database.documents.inventory import inventory_path
from database.documents.takings import fold_writes
from database.store import DocumentStore
from inventory.takings import Folded, Taking
from orders.frozen import frozen
from orders.outcome import StoreContended, StoreUnavailable
from settlement.settle import PATIENCE_SECONDS, Patience, SecondsLeft

RUN_SECONDS_MAX: Final = 45.0
"""The next run begins a minute after this one."""
TAKINGS_MAX: Final = 100
"""In one commit; it holds the rows of their products for as long as that takes."""
PRODUCTS_MAX: Final = 100
"""Likewise, but for an order that has more by itself."""

TakingsAfter = Callable[[str, int], Sequence[Taking]]
"""At most so many takings, by the id of their order, that come after this id. Raises StoreUnavailable."""


@frozen
class Folding:
    store: DocumentStore
    takings_after: TakingsAfter
    patience: Patience
    """For a whole run."""
    now: Callable[[], datetime]

    def fold(self) -> Folded:
        """Take all that is to be taken, until nothing is left or time is out."""
        folded, after = Folded(), ""
        end = self.patience.monotonic() + self.patience.total_seconds
        try:
            while (behind := self._fold_next(after, end - self.patience.monotonic(), folded)) is not None:
                after = behind
        except (StoreContended, StoreUnavailable) as lost:
            folded.lost = f"{type(lost).__name__}: {lost}"
        return folded

    def _fold_next(self, after: str, seconds: float, folded: Folded) -> str | None:
        """Fold one page. Returns after which id the next one begins; None if there was nothing left.

        Raises:
            StoreContended, StoreUnavailable: not done in time. It may be done, and the answer lost.
        """
        lost: StoreContended | StoreUnavailable | None = None
        for seconds_left in replace(self.patience, total_seconds=seconds).tries():
            try:
                page = self.takings_after(after, TAKINGS_MAX)
                if not page:
                    return None
                folded.oldest_seconds = max(folded.oldest_seconds or 0.0, *map(self._age_seconds, page))
                self._fold([taking for taking in page if taking.units], seconds_left, folded)
            except (StoreContended, StoreUnavailable) as error:
                # Somebody else may have folded some of them, or a product may be gone: what is left is listed again.
                lost = error
                continue
            unreadable = [taking.order_id for taking in page if not taking.units]
            folded.unreadable += unreadable
            return unreadable[-1] if unreadable else after
        raise lost or StoreContended("not all was folded in time")

    def _fold(self, takings: Sequence[Taking], seconds_left: SecondsLeft, folded: Folded) -> None:
        some = _with_few_products(takings)
        paths = [inventory_path(product_id) for product_id in _products_of(some)]
        if not paths:
            return
        # Read each time, and not only after a refusal: of a product that is never short by now, a null would be lost.
        inventory = self.store.read(paths, timeout_seconds=min(seconds_left(), PATIENCE_SECONDS))
        writes, gone = fold_writes(some, inventory)
        self.store.commit(writes, timeout_seconds=min(seconds_left(), PATIENCE_SECONDS))
        folded.orders += len(some)
        folded.gone.update(gone)
        for taking in some:
            folded.units.update(taking.units or {})

    def _age_seconds(self, taking: Taking) -> float:
        return (self.now() - taking.created_at).total_seconds()


def _products_of(takings: Sequence[Taking]) -> Sequence[str]:
    return list(dict.fromkeys(product_id for taking in takings for product_id in taking.units or ()))


def _with_few_products(takings: Sequence[Taking]) -> Sequence[Taking]:
    """The first of them, as many as one commit may take."""
    most = len(takings)
    while most > 1 and len(_products_of(takings[:most])) > PRODUCTS_MAX:
        most //= 2
    return takings[:most]
