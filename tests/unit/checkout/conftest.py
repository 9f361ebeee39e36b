"""Each test has its own order at one stand-in for Stripe."""

from collections.abc import Iterator

import pytest

from tests.support.checkout_shop import CheckoutShop
from tools.stripe_stand_in.control import StandIn


@pytest.fixture
def shop(stand_in: StandIn, order_id: str) -> Iterator[CheckoutShop]:
    yield CheckoutShop(order_id, stand_in)
    stand_in.fail_no_more()
