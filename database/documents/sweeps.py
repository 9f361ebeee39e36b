"""`sweeps/products` ↔ the sweep's progress through the catalogue."""

from typing import Final

from database.store import Create, Document, Update

PRODUCTS_SWEEP: Final = "sweeps/products"


def swept_until(document: Document | None) -> str:
    """The id of the last product that was updated; empty at the start of a round."""
    after = document.fields.get("after") if document else None
    return after if isinstance(after, str) else ""


def swept_until_write(after: str, document: Document | None) -> Create | Update:
    """Record the progress, unless another run has done so since it was read."""
    if document is None:
        return Create(PRODUCTS_SWEEP, {"after": after})
    return Update(PRODUCTS_SWEEP, {"after": after}, document.version)
