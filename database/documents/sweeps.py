"""`sweeps/products` ↔ how far the sweep has come on its way through the catalogue."""

from typing import Final

from database.store import Create, Document, Update

PRODUCTS_SWEEP: Final = "sweeps/products"


def swept_until(document: Document | None) -> str:
    """The id of the product that was looked at last; empty before the first one of a round."""
    after = document.fields.get("after") if document else None
    return after if isinstance(after, str) else ""


def swept_until_write(after: str, document: Document | None) -> Create | Update:
    """Note how far it has come, unless somebody else has done so since the document was read."""
    if document is None:
        return Create(PRODUCTS_SWEEP, {"after": after})
    return Update(PRODUCTS_SWEEP, {"after": after}, document.version)
