"""Audits a shop from its documents alone, and shares no code with what wrote them.

It knows the shop's promises, not how it decides: nothing is sold that was not in stock, no hold lacks an order, every
unit and every cent is accounted for, and nothing happens twice.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from tests.support.chain_auditor import broken_anchors, broken_chains
from tests.support.event_auditor import (
    OVER,
    waiting_for_nothing,
    wrong_claims,
    wrong_deliveries,
    wrong_effects,
    wrong_expiry,
    wrong_notices,
)
from tests.support.order_auditor import unplaced, wrong_disputes, wrong_orders
from tests.support.shelves import Documents, Fields, generations, shelved
from tests.support.stock_auditor import (
    Recount,
    Recounts,
    recounted,
    units_added,
    units_gone,
    units_moved,
    units_to_take,
    wrong_levels,
    wrong_takings,
    wrong_trail,
    wrongly_uncounted,
)

_NOTHING: Documents = {}
_NEVER: Recounts = {}


def complaints(
    documents: Documents,
    initial_stock: Mapping[str, int | None],
    *,
    claims_kept_since: datetime | None = None,
    deleted: Documents = _NOTHING,
    recounts: Recounts = _NEVER,
) -> list[str]:
    """Everything wrong in the shop between two commits; empty if it keeps its promises.

    Args:
        documents: every document, by path.
        initial_stock: units on hand of each product at the beginning, when nothing was held. None if it is never short.
        claims_kept_since: the claims of events settled before this may have expired.
        deleted: deleted orders that held nothing, by ids that are in use again.
        recounts: the latest stock that the shop itself has written, by product.
    """
    shelves = shelved(documents)
    return [
        *wrong_levels(shelves, recounted(initial_stock, recounts), deleted),
        *wrong_trail(shelves, recounted(initial_stock, recounts)),
        *wrongly_uncounted(shelves, initial_stock, recounts),
        *wrong_takings(shelves, deleted),
        *wrong_orders(shelves, deleted),
        *broken_chains(generations(shelves, deleted), shelves["auditLog"], shelves["chains"]),
        *broken_anchors(shelves["anchors"], shelves["auditLog"]),
        *wrong_disputes(shelves, deleted),
        *wrong_claims(shelves, claims_kept_since),
        *wrong_deliveries(shelves),
        *wrong_notices(shelves, deleted),
        *wrong_effects(shelves),
        *wrong_expiry(shelves),
    ]


def imbalances(
    documents: Documents,
    initial_stock: Mapping[str, int | None],
    deleted: Documents = _NOTHING,
    recounts: Recounts = _NEVER,
) -> list[str]:
    """Everything wrong in the inventory, judged from it and the orders alone."""
    shelves = shelved(documents)
    return [*wrong_levels(shelves, recounted(initial_stock, recounts), deleted), *wrong_takings(shelves, deleted)]


def recount_of(product_id: str, stock: int | None, documents: Documents, deleted: Documents = _NOTHING) -> Recount:
    """The recount in which the shop now writes this stock."""
    shelves = shelved(documents)
    gone = units_gone([*shelves["orders"].values(), *deleted.values()])
    return Recount(
        stock,
        gone[product_id],
        units_moved(shelves)[product_id, "stock"],
        units_added(shelves)[product_id],
        units_to_take(shelves)[product_id],
    )


def leftovers(documents: Documents) -> list[str]:
    """Everything unfinished, although every event was delivered and all work has ended."""
    shelves = shelved(documents)
    untaken = (f"{order_id}: still to be taken" for order_id in shelves["takings"])
    return [*unplaced(shelves["orders"]), *waiting_for_nothing(shelves), *untaken]


def unperformed(documents: Iterable[tuple[str, Fields]]) -> list[str]:
    """The effects that are not over."""
    effects = ((path, fields) for path, fields in documents if path.startswith("effects/"))
    return [path for path, fields in effects if fields["state"] not in OVER]
