"""Keeps the availability shown on products up to date: read, compare, write, until nothing is left to write."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from database.documents.inventory import inventory_path
from database.documents.products import availability_write, product_path
from database.documents.sweeps import PRODUCTS_SWEEP, swept_until, swept_until_write
from database.store import DocumentStore, Update
from orders.frozen import frozen
from orders.outcome import StoreContended, StoreUnavailable
from settlement.settle import Patience

# Three reads each, every five minutes: a catalogue of 10,000 products takes 17 hours, and about a cent a day.
PRODUCTS_PER_RUN: Final = 50

ProductsAfter = Callable[[str, int], Sequence[str]]
"""Lists up to a number of the catalogue's products with ids after this one, by id. Raises StoreUnavailable."""


@frozen
class Storefront:
    """Maintains `available` on products. It follows the inventory with a delay, and nothing is decided by it."""

    store: DocumentStore
    products_after: ProductsAfter
    few_left: int
    """The largest number of units that counts as few."""
    patience: Patience

    def show(self, product_ids: Sequence[str]) -> Mapping[str, str]:
        """Update `available` of each of these products that the catalogue lists.

        It ends only when a read finds every product as its inventory requires. So `available` is right in the end if
        each change of the inventory is followed by a call, whatever other calls run meanwhile and however late:
        docs/decisions/0014-availability-after-the-commit.md.

        Returns:
            What was written, by product id.

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
        raise lost or StoreContended("the product's stock changed each time it was read")

    def show_next(self) -> Mapping[str, str]:
        """The same for the next few products of the catalogue, starting again at its end.

        Raises:
            StoreContended, StoreUnavailable: what is not done is done in the next round.
        """
        seconds = self.patience.total_seconds
        noted = self.store.read((PRODUCTS_SWEEP,), timeout_seconds=seconds)[PRODUCTS_SWEEP]
        product_ids = self.products_after(swept_until(noted), PRODUCTS_PER_RUN)
        after = product_ids[-1] if len(product_ids) == PRODUCTS_PER_RUN else ""
        if after != swept_until(noted):
            # Committed first: a product that cannot be written must not keep the others from their turn.
            self.store.commit((swept_until_write(after, noted),), timeout_seconds=seconds)
        return self.show(product_ids) if product_ids else {}

    def _due(self, product_ids: Sequence[str], seconds: float) -> Mapping[str, Update]:
        """The writes that are needed, by product id."""
        paths = [path for product_id in product_ids for path in (inventory_path(product_id), product_path(product_id))]
        documents = self.store.read(paths, timeout_seconds=seconds)
        writes = {
            product_id: availability_write(
                product_id, documents[inventory_path(product_id)], documents[product_path(product_id)], self.few_left
            )
            for product_id in product_ids
        }
        return {product_id: write for product_id, write in writes.items() if write}
