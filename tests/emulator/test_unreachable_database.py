"""Firestore is not there: nothing is claimed to be done, and whoever asked is told to try again."""

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from database.connection import Connection
from orders.outcome import StoreUnavailable
from tests.support.builders import NOW, a_payment
from tests.support.emulated_shop import service_over


def test_an_unreachable_database_is_something_to_try_again_later() -> None:
    client = firestore.Client(project="demo-nowhere", credentials=AnonymousCredentials())
    nowhere = Connection(client, grpc.insecure_channel("127.0.0.1:1"))
    with pytest.raises(StoreUnavailable):
        service_over(nowhere, seconds=0.5).settle(a_payment(), NOW)
