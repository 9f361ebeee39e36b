"""Firestore is not there: nothing is claimed to be done, and whoever asked is told to try again."""

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport

from orders.outcome import LedgerUnavailable
from tests.builders import NOW, a_payment
from tests.emulator.shop import settle_in


def test_an_unreachable_database_is_something_to_try_again_later() -> None:
    client = firestore.Client(project="demo-nowhere", credentials=AnonymousCredentials())
    transport = FirestoreGrpcTransport(channel=grpc.insecure_channel("127.0.0.1:1"))
    client._firestore_api_internal = FirestoreClient(transport=transport)
    with pytest.raises(LedgerUnavailable):
        settle_in(client, seconds=0.5)(a_payment(), NOW)
