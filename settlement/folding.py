"""Takes the sold units of hot products from the inventory, many orders in one commit: list, read, commit, list again.

Nobody waits for it, and it does not change how many units can be sold. One worker is enough, and two do no harm: the
commit that takes a taking's units also deletes it, so only one of them succeeds. A crash leaves each page either folded
or untouched.
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
"""Less than the minute between two runs."""
TAKINGS_MAX: Final = 100
"""In one commit, which locks the inventory documents of their products while it runs."""
PRODUCTS_MAX: Final = 100
"""In one commit, likewise; a single order may exceed it."""

TakingsAfter = Callable[[str, int], Sequence[Taking]]
"""Lists up to a number of takings whose order ids come after the given one, by order id. Raises StoreUnavailable."""


@frozen
class Folding:
    store: DocumentStore
    takings_after: TakingsAfter
    patience: Patience
    """For a whole run."""
    now: Callable[[], datetime]

    def fold(self) -> Folded:
        """Fold until no taking is left or time is up. If the store fails for longer, `lost` says how."""
        folded, after = Folded(), ""
        end = self.patience.monotonic() + self.patience.total_seconds
        try:
            while (behind := self._fold_next(after, end - self.patience.monotonic(), folded)) is not None:
                after = behind
        except (StoreContended, StoreUnavailable) as lost:
            folded.lost = f"{type(lost).__name__}: {lost}"
        return folded

    def _fold_next(self, after: str, seconds: float, folded: Folded) -> str | None:
        """Fold one page. Returns the order id after which the next page begins; None if nothing was left.

        Raises:
            StoreContended, StoreUnavailable: not done in time; or it was done and the answer was lost.
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
                # Another worker may have folded some of them, or a product may be gone: list again what is left.
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
        # Read every time: if a product has become never-short since, the increment would overwrite its null stock.
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
    """The first takings, as many as one commit may take."""
    most = len(takings)
    while most > 1 and len(_products_of(takings[:most])) > PRODUCTS_MAX:
        most //= 2
    return takings[:most]
