"""Firestore is not there: nothing is reported as done, and the caller is asked to try again."""

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from database.connection import Connection
from database.firestore_store import FirestoreStore
from orders.outcome import StoreUnavailable
from service.wiring import patience, settling
from tests.support.builders import NOW, TERMS, a_payment
from tests.support.recording import silent


def test_an_unreachable_database_is_something_to_try_again_later() -> None:
    client = firestore.Client(project="demo-nowhere", credentials=AnonymousCredentials())
    nowhere = FirestoreStore(Connection(client, grpc.insecure_channel("127.0.0.1:1")))
    settle = settling(nowhere, TERMS, silent, patience(total_seconds=0.5))
    with pytest.raises(StoreUnavailable):
        settle(a_payment(), NOW)
