"""Firestore is not there: nothing is reported as done, and the caller is asked to try again."""

import pytest

from database.connection import connect
from database.firestore_store import FirestoreStore
from orders.outcome import StoreUnavailable
from service.wiring import patience, settling
from tests.support.builders import NOW, TERMS, a_payment
from tests.support.recording import silent


def test_an_unreachable_database_is_something_to_try_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    settle = settling(FirestoreStore(connect("demo-nowhere")), TERMS, silent, patience(total_seconds=0.5))
    with pytest.raises(StoreUnavailable):
        settle(a_payment(), NOW)
