"""Who moves an order by what Stripe delivers: signed, and still not everybody is believed."""

from dataclasses import replace
from typing import Any

import pytest

from tests.emulator.ordering_shop import HELD, PAID, REFUNDED, SOLD, Shop, ShopWith
from tests.support.builders import TERMS, Fields
from tests.support.stripe_objects import OBJECT_OF, a_thin_event, the_event
from webhooks.ownership import Naming

TRUSTING = Naming(trusts_client_reference_id=True)
SESSIONS = [event_type for event_type in OBJECT_OF if event_type.startswith("checkout.")]
LISTING = replace(TERMS, accounts=frozenset({"acct_1"}))
ONE_OF_EACH_OBJECT = {event_type.rpartition(".")[0]: event_type for event_type in OBJECT_OF}
# Of every type, the unit tests ask the same.
each_object = pytest.mark.parametrize("event_type", ONE_OF_EACH_OBJECT.values())


def all_in(shop: Shop) -> dict[str, Any]:
    return {**shop.dump(), "claims": shop.document_ids("webhookEvents"), "entries": shop.document_ids("auditLog")}


# --- Which order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [{}, {"amountTotal": None, "currency": None}], ids=["priced", "unpriced"])
@pytest.mark.parametrize("naming", [Naming(), TRUSTING], ids=["not trusted", "trusted"])
@pytest.mark.parametrize("event_type", SESSIONS)
def test_the_payer_of_a_payment_link_moves_nobodys_order(
    shop_with: ShopWith, event_type: str, naming: Naming, price: dict[str, Any]
) -> None:
    shop = shop_with(**price)
    shop.naming = naming
    before = all_in(shop)
    by_link: dict[str, Any] = {"metadata": {}, "client_reference_id": "order-1", "payment_link": "plink_1"}
    assert shop.deliver(the_event(event_type, **by_link, amount_total=50)) == "ignored"
    assert all_in(shop) == before


@pytest.mark.parametrize(("naming", "result"), [(Naming(), "ignored"), (TRUSTING, "first_time_finalized")])
def test_a_reference_that_the_shop_wrote_itself_counts_only_where_it_is_trusted(
    shop: Shop, naming: Naming, result: str
) -> None:
    shop.naming = naming
    session = the_event("checkout.session.completed", metadata={}, client_reference_id="order-1")
    assert shop.deliver(session) == result


@each_object
def test_an_event_of_another_shop_on_the_same_account_moves_nothing(shop: Shop, event_type: str) -> None:
    shop.naming = Naming(shop_id="production")
    before = all_in(shop)
    for order_id in ("order-1", "order-of-staging"):
        named: dict[str, Any] = {"metadata": {"orderId": order_id, "shop": "staging"}}
        assert shop.deliver(the_event(event_type, **named)) == "ignored"
    assert all_in(shop) == before
    assert (
        shop.deliver(the_event(PAID, metadata={"orderId": "order-1", "shop": "production"})) == "first_time_finalized"
    )


# --- Whose account ----------------------------------------------------------------------------------------------------

FOREIGN: list[Fields] = [
    {"account": "acct_2"},
    {"context": "acct_2"},
    {"context": "org_1/acct_1"},
    {"account": "acct_1", "context": "acct_2"},
    {"account": ["acct_1"]},
]


@pytest.mark.parametrize("account", FOREIGN, ids=str)
@each_object
def test_what_another_account_reports_of_a_paid_order_is_recorded_and_changes_nothing(
    shop_with: ShopWith, event_type: str, account: Fields
) -> None:
    shop = shop_with(LISTING)
    assert shop.deliver(the_event(PAID, event_id="evt_paid")) == "first_time_finalized"
    before = shop.dump()
    assert shop.deliver({**the_event(event_type), **account}) == "other_account"
    assert (shop.dump(), shop.parked) == (before, [])
    assert shop.read("auditLog/evt_1")["account"] == shop.read("webhookEvents/evt_1")["account"]
    assert (shop.to_customer("evt_1"), shop.to_operator("evt_1")) == (None, None)
    assert shop.deliver({**the_event(event_type), **account}) == "duplicate_detected"


@pytest.mark.parametrize("event_type", [PAID, REFUNDED, "payment_intent.canceled", "checkout.session.expired"])
def test_what_another_account_reports_of_a_held_order_is_settled_once_the_account_is_listed(
    shop: Shop, event_type: str
) -> None:
    event = {**the_event(event_type), "account": "acct_1"}
    assert shop.deliver(event) == "other_account"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    shop.terms = LISTING
    assert shop.deliver(event) not in ("other_account", "duplicate_detected")
    assert shop.order["status"] != "reserved"
    assert shop.deliver(event) == "duplicate_detected"


@each_object
def test_what_nobody_can_read_of_another_account_is_set_aside_like_anything_else_of_it(
    shop: Shop, event_type: str
) -> None:
    before = shop.dump()
    unreadable = {**the_event(event_type), "data": None, "account": "acct_2"}
    assert shop.deliver(unreadable) == "other_account"
    assert shop.deliver({**a_thin_event(f"v1.{event_type}", context="acct_2"), "id": "evt_thin"}) == "other_account"
    assert (shop.dump(), shop.parked) == (before, [])


# --- Thin events ------------------------------------------------------------------------------------------------------


@each_object
def test_a_thin_event_is_kept_for_a_person_and_counted(shop: Shop, event_type: str) -> None:
    before = shop.dump()
    for deliveries in (1, 2):
        assert shop.deliver(a_thin_event(f"v1.{event_type}")) == "error"
        claim = shop.read("webhookEvents/evt_1")
        assert (claim["processed"], claim["deliveries"]) == (False, deliveries)
        assert claim["reason"] == "a thin event: pi_1 and evt_snapshot must be looked up in Stripe"
    assert shop.dump() == before
    assert shop.deliver(the_event(PAID, event_id="evt_snapshot")) == "first_time_finalized"
    assert shop.stock == SOLD
