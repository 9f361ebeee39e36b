"""The shop's details in its messages."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.shop import Shop

SHOP = Shop(order_url="https://shop.example/orders/{orderId}/status")


@pytest.mark.parametrize(
    ("order_id", "address"),
    [
        ("order-1", "https://shop.example/orders/order-1/status"),
        ("a/../b?c#d", "https://shop.example/orders/a%2F..%2Fb%3Fc%23d/status"),
        ("ü {orderId}", "https://shop.example/orders/%C3%BC%20%7BorderId%7D/status"),
        ("\ud800", "https://shop.example/orders/%3F/status"),
    ],
)
def test_the_page_of_an_order_has_its_id_as_one_segment(order_id: str, address: str) -> None:
    assert SHOP.page_of(order_id) == address


@given(st.text(min_size=1))
def test_no_id_leads_to_another_page(order_id: str) -> None:
    address = urlsplit(SHOP.page_of(order_id) or "")
    assert (address.netloc, address.query, address.fragment) == ("shop.example", "", "")
    assert [unquote(segment) for segment in address.path.split("/")] == ["", "orders", order_id, "status"]


def test_a_shop_without_such_a_page_has_no_address() -> None:
    assert Shop().page_of("order-1") is None
