"""Unit tests find the same counterexamples on every machine, quickly, and share a stand-in for Stripe."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.stripe_stand_in import a_stand_in
from tools.stripe_stand_in.control import StandIn

settings.register_profile("unit", max_examples=25, derandomize=True, deadline=None)
settings.load_profile("unit")


@pytest.fixture(scope="session")
def stand_in() -> Iterator[StandIn]:
    """One stand-in for Stripe for all tests: each test changes only its own objects. It sends no webhooks."""
    with a_stand_in() as shared:
        yield shared


@pytest.fixture
def order_id(request: pytest.FixtureRequest) -> str:
    """An id unique to the test."""
    return f"order-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"
