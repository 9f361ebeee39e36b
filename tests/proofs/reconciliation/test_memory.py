"""A run takes no more memory for more orders: whatever it reads comes in pages, and goes with them."""

import pytest
from google.cloud import firestore

from database import moments
from reconciliation import walking
from stripe_api import lists
from tests.proofs.reconciliation.trial import measured
from tests.support.emulated_shop import a_database

FEW, MANY = 15, 45


def test_three_times_as_many_orders_take_no_more_memory(
    firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((moments, "BATCH_DOCUMENTS_MAX"), (walking, "ITEMS_MAX"), (lists, "PAGE_MAX")):
        monkeypatch.setattr(module, name, 10)
    few, many = measured(firestore_client, FEW), measured(a_database(), MANY)
    assert [(each.reconciled.orders, each.reconciled.payments) for each in (few, many)] == [(FEW, FEW), (MANY, MANY)]
    assert few.reconciled.opened == many.reconciled.opened == ()
    assert many.peak_bytes < 1.5 * few.peak_bytes, f"{few}; {many}"
