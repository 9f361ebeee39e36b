"""More orders take runs no more memory: what they read comes in pages, and goes with them."""

from datetime import timedelta
from typing import Final

import pytest
from google.cloud import firestore

from database import listings
from reconciliation import walking
from stripe_api import lists
from tests.proofs.reconciliation import paid_orders
from tests.proofs.reconciliation.paid_orders import PaidOrders
from tests.proofs.reconciliation.trial import measured_in_process, measured_on, traced
from tests.support.emulated_shop import a_database

FEW, MANY = (PaidOrders(number, timedelta(seconds=1)) for number in (15, 45))
SPLIT: Final = ((listings, "BATCH_DOCUMENTS_MAX"), (walking, "ITEMS_MAX"), (lists, "PAGE_MAX"))


def test_three_times_as_many_orders_take_no_more_memory(
    firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in (*SPLIT, (paid_orders, "PAGE_MAX")):
        monkeypatch.setattr(module, name, 10)
    few, many = (measured_on(client, paid, traced) for client, paid in ((firestore_client, FEW), (a_database(), MANY)))
    assert [(each.orders, each.runs[0].payments) for each in (few, many)] == [(15, 15), (45, 45)]
    assert few.runs[0].opened == many.runs[0].opened == ()
    assert many.peak_bytes < 1.5 * few.peak_bytes, f"{few}; {many}"


def test_what_is_made_up_in_this_process_is_reconciled_as_what_is_on_firestore() -> None:
    (run,) = measured_in_process(MANY, traced).runs
    assert (run.events, run.payments, run.orders, run.opened) == (45, 45, 45, ())
