"""Keeps what products say of their stock: read, compare, write, and read again until nothing is left to write."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from database.documents.inventory import inventory_path
from database.documents.products import availability_write, product_path
from database.documents.sweeps import PRODUCTS_SWEEP, swept_until, swept_until_write
from database.store import DocumentStore, Update
from orders.frozen import frozen
from orders.outcome import StoreContended, StoreUnavailable
from settlement.settle import Patience

# Three reads for each, every five minutes: a catalogue of 10,000 products is gone through in 17 hours, for about a cent
# a day.
PRODUCTS_PER_RUN: Final = 50

ProductsAfter = Callable[[str, int], Sequence[str]]
"""At most so many products of the catalogue, by id, that come after this id. Raises StoreUnavailable."""


@frozen
class Storefront:
    """The products' `available`. Nobody waits for it: it follows the inventory, and nothing is decided by it."""

    store: DocumentStore
    products_after: ProductsAfter
    few_left: int
    """The largest number of units that is called few."""
    patience: Patience

    def show(self, product_ids: Sequence[str]) -> Mapping[str, str]:
        """Make each product say how much of it is left, if the shop lists it.

        What was looked at last was right: a product is left alone only once one read has found that it says what its
        inventory asks for. So it is right in the end if a look follows each change of the inventory, whoever else looks
        meanwhile and however late: docs/decisions/0014-availability-after-the-commit.md.

        Returns:
            What was written, by product.

        Raises:
            StoreContended, StoreUnavailable: not done in time; any later call does the rest.
        """
        shown: dict[str, str] = {}
        lost: StoreContended | StoreUnavailable | None = None
        for seconds_left in self.patience.tries():
            try:
                due = self._due(product_ids, seconds_left())
                if not due:
                    return shown
                self.store.commit(tuple(due.values()), timeout_seconds=seconds_left())
            except (StoreContended, StoreUnavailable) as error:
                lost = error
                continue
            shown |= {product_id: str(write.fields["available"]) for product_id, write in due.items()}
            product_ids = tuple(due)
        raise lost or StoreContended("what is left of a product changed as often as somebody looked")

    def show_next(self) -> Mapping[str, str]:
        """The same for the next few products of the catalogue; at its end it begins anew.

        Raises:
            StoreContended, StoreUnavailable: what is not done is done in the next round.
        """
        seconds = self.patience.total_seconds
        noted = self.store.read((PRODUCTS_SWEEP,), timeout_seconds=seconds)[PRODUCTS_SWEEP]
        product_ids = self.products_after(swept_until(noted), PRODUCTS_PER_RUN)
        after = product_ids[-1] if len(product_ids) == PRODUCTS_PER_RUN else ""
        if after != swept_until(noted):
            # Before the look, not after it: a product that cannot be written must not keep the others from their turn.
            self.store.commit((swept_until_write(after, noted),), timeout_seconds=seconds)
        return self.show(product_ids) if product_ids else {}

    def _due(self, product_ids: Sequence[str], seconds: float) -> Mapping[str, Update]:
        """What has to be written, by product."""
        paths = [path for product_id in product_ids for path in (inventory_path(product_id), product_path(product_id))]
        documents = self.store.read(paths, timeout_seconds=seconds)
        writes = {
            product_id: availability_write(
                product_id, documents[inventory_path(product_id)], documents[product_path(product_id)], self.few_left
            )
            for product_id in product_ids
        }
        return {product_id: write for product_id, write in writes.items() if write}
