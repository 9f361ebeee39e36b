"""The whole service on the real emulators: customers write to Firestore, Stripe posts to the Functions emulator."""

import os
import uuid

import pytest
from google.cloud import firestore

from tests.e2e.running_shop import RunningShop


@pytest.fixture
def shop(firestore_host: str, functions_host: str) -> RunningShop:
    """The shop that the functions serve, with names that no other test uses."""
    project = os.environ.get("GCLOUD_PROJECT", "demo-shop")
    return RunningShop(firestore.Client(project=project), functions_host, prefix=uuid.uuid4().hex[:8])
