"""A load test's figures, and an estimate of its cost before it begins."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Final

from bench.cost import Billed
from bench.figures import Aim, Figure, Parts
from bench.loadtest.rush import Load, Rush
from bench.loadtest.shop import PRODUCTS
from bench.shop import STOCK
from database.errors import WRITE_CONTENDED
from database.store import Fields
from tests.support.auditor import complaints

Documents = Mapping[str, Fields]

A_SALE: Final = Billed(reads=17, writes=13, deletes=8, looks=0)
"""One order without contention, from its first write to its last delete, including its audit."""
_ABORTED: Final = frozenset({"ABORTED"})
_OUTRUN: Final = WRITE_CONTENDED - _ABORTED


def dollars_at_most(load: Load) -> float:
    """The cost of both phases if every order is written and no attempt is lost."""
    return len(PRODUCTS) * load.orders_max * A_SALE.dollars


def billed(rushes: Mapping[str, Rush], documents: Documents) -> Billed:
    """The actual cost, if it wrote only these documents: each was read once for the audit and will be deleted."""
    of_products = sum(path.startswith(("inventory/", "products/")) for path in documents)
    return Billed(
        reads=sum(rush.reads for rush in rushes.values()) + len(documents),
        writes=sum(rush.writes + rush.orders for rush in rushes.values()) + of_products,
        deletes=len(documents),
        looks=0,
    )


def figures_of(rushes: Mapping[str, Rush], documents: Documents) -> Sequence[Figure]:
    finalized = _finalized(documents)
    lost = max(sum(rush.paid for rush in rushes.values()) - finalized, 0)
    miscounted = abs(_units_sold(documents) - finalized)
    wrong = complaints(documents, {product: STOCK for products in PRODUCTS.values() for product in products})

    def by_phase(key: str, measure: Callable[[Rush], float], meaning: str) -> Figure:
        return Figure(key, {name: measure(rush) for name, rush in rushes.items()}, meaning)

    return (
        by_phase("orders_per_second", lambda rush: rush.paid / rush.seconds, "orders held and paid"),
        by_phase("hold_ms_p50", lambda rush: _milliseconds(rush.hold_seconds, 50), "to hold an order's unit"),
        by_phase("hold_ms_p99", lambda rush: _milliseconds(rush.hold_seconds, 99), "to hold an order's unit"),
        by_phase("payment_ms_p50", lambda rush: _milliseconds(rush.payment_seconds, 50), "to settle its payment"),
        by_phase("payment_ms_p99", lambda rush: _milliseconds(rush.payment_seconds, 99), "to settle its payment"),
        by_phase("tries_per_event", _tries_per_event, "1 if nobody is ever in the way"),
        by_phase("aborted_percent", lambda rush: _percent_of(rush, _ABORTED), "of all commits: Firestore gave them up"),
        by_phase("outrun_percent", lambda rush: _percent_of(rush, _OUTRUN), "of all commits: somebody else was faster"),
        by_phase("given_up", lambda rush: rush.given_up, "not done within eight seconds: Stripe would deliver again"),
        Figure("orders_lost", lost, "paid, and not finalized", Aim("=", 0)),
        Figure("units_miscounted", miscounted, "units sold, less those of paid orders", Aim("=", 0)),
        Figure("complaints", len(wrong), wrong[0] if wrong else "of the auditor, about any document", Aim("=", 0)),
        Figure("cents", 100 * billed(rushes, documents).dollars, "US cents, at Firestore's list price in us-central1"),
    )


def parts_of(rushes: Mapping[str, Rush], documents: Documents) -> Mapping[str, Parts]:
    bill = billed(rushes, documents)
    return {
        "phase": {
            name: {
                "seconds": rush.seconds,
                "orders written": rush.orders,
                "of them paid": rush.paid,
                "events": rush.events,
                "RPCs": rush.rpcs,
                **{f"commits {status}": answered for status, answered in sorted(rush.commits.items())},
            }
            for name, rush in rushes.items()
        },
        "billed": {"together": {"reads": bill.reads, "writes": bill.writes, "deletes": bill.deletes}},
    }


def _milliseconds(seconds: Sequence[float], percent: int) -> float:
    """The percentile in milliseconds; 0 without values."""
    rank = ceil(len(seconds) * percent / 100)
    return 1000 * sorted(seconds)[rank - 1] if seconds else 0


def _tries_per_event(rush: Rush) -> float:
    return 1 + _lost(rush, WRITE_CONTENDED) / max(rush.events, 1)


def _percent_of(rush: Rush, statuses: frozenset[str]) -> float:
    return 100 * _lost(rush, statuses) / max(rush.commits.total(), 1)


def _lost(rush: Rush, statuses: frozenset[str]) -> int:
    return sum(rush.commits[status] for status in statuses)


def _finalized(documents: Documents) -> int:
    return sum(fields["status"] == "finalized" for path, fields in documents.items() if path.startswith("orders/"))


def _units_sold(documents: Documents) -> int:
    left = [fields["stock"] for path, fields in documents.items() if path.startswith("inventory/")]
    return len(left) * STOCK - sum(int(str(stock)) for stock in left)
