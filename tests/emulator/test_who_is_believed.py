"""Who moves an order by what Stripe delivers: signed, and still not everybody is believed.

Every type of event, and every value that may name an order, a shop or an account, is tried in the unit tests.
"""

from dataclasses import replace
from typing import Any

import pytest

from tests.emulator.ordering_shop import HELD, PAID, REFUNDED, SOLD, Shop
from tests.support.builders import TERMS, Fields
from tests.support.stripe_objects import OBJECT_OF, a_thin_event, the_event
from webhooks.ownership import Naming

SESSION = "checkout.session.completed"
TRUSTING = Naming(trusts_client_reference_id=True)
LISTING = replace(TERMS, accounts=frozenset({"acct_1"}))
ONE_OF_EACH_OBJECT = {event_type.rpartition(".")[0]: event_type for event_type in OBJECT_OF}.values()


def all_in(shop: Shop) -> dict[str, Any]:
    return {**shop.dump(), "claims": shop.document_ids("webhookEvents"), "entries": shop.document_ids("auditLog")}


# --- Which order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("naming", [Naming(), TRUSTING], ids=["not trusted", "trusted"])
def test_the_payer_of_a_payment_link_moves_nobodys_order(shop: Shop, naming: Naming) -> None:
    shop.naming = naming
    before = all_in(shop)
    by_link: dict[str, Any] = {"metadata": {}, "client_reference_id": "order-1", "payment_link": "plink_1"}
    assert shop.report(SESSION, **by_link, amount_total=50) == "ignored"
    assert all_in(shop) == before


def test_a_reference_that_the_shop_wrote_itself_counts_only_where_it_is_trusted(shop: Shop) -> None:
    assert shop.report(SESSION, metadata={}, client_reference_id="order-1") == "ignored"
    shop.naming = TRUSTING
    assert shop.report(SESSION, metadata={}, client_reference_id="order-1") == "first_time_finalized"


def test_an_event_of_another_shop_on_the_same_account_moves_nothing(shop: Shop) -> None:
    shop.naming = Naming(shop_id="production")
    before = all_in(shop)
    for event_type in ONE_OF_EACH_OBJECT:
        assert shop.report(event_type, metadata={"orderId": "order-1", "shop": "staging"}) == "ignored"
    assert all_in(shop) == before
    assert shop.report(PAID, metadata={"orderId": "order-1", "shop": "production"}) == "first_time_finalized"


# --- Whose account ----------------------------------------------------------------------------------------------------

FOREIGN: list[Fields] = [{"context": "org_1/acct_1"}, {"account": "acct_1", "context": "acct_2"}]


@pytest.mark.parametrize("account", FOREIGN, ids=str)
def test_what_another_account_reports_of_a_paid_order_is_recorded_and_changes_nothing(
    paid_shop: Shop, account: Fields
) -> None:
    paid_shop.terms = LISTING
    before = paid_shop.dump()
    for number, event_type in enumerate(ONE_OF_EACH_OBJECT):
        event_id = f"evt_{number}"
        event = {**the_event(event_type, event_id=event_id), **account}
        assert [paid_shop.deliver(event), paid_shop.deliver(event)] == ["other_account", "duplicate_detected"]
        assert (
            paid_shop.read(f"auditLog/{event_id}")["account"] == paid_shop.read(f"webhookEvents/{event_id}")["account"]
        )
        assert (paid_shop.to_customer(event_id), paid_shop.to_operator(event_id)) == (None, None)
    assert (paid_shop.dump(), paid_shop.parked) == (before, [])


@pytest.mark.parametrize("event_type", [PAID, REFUNDED, "payment_intent.canceled"])
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


def test_what_nobody_can_read_of_another_account_is_set_aside_like_anything_else_of_it(shop: Shop) -> None:
    before = shop.dump()
    assert shop.deliver({**the_event(PAID), "data": None, "account": "acct_2"}) == "other_account"
    assert shop.deliver(a_thin_event(event_id="evt_thin", context="acct_2")) == "other_account"
    assert (shop.dump(), shop.parked) == (before, [])


def test_a_thin_event_is_kept_for_a_person_and_counted(shop: Shop) -> None:
    before = shop.dump()
    for deliveries in (1, 2):
        assert shop.deliver(a_thin_event()) == "error"
        claim = shop.read("webhookEvents/evt_1")
        assert (claim["processed"], claim["deliveries"]) == (False, deliveries)
        assert claim["reason"] == "a thin event: pi_1 and evt_snapshot must be looked up in Stripe"
    assert shop.dump() == before
    assert shop.report(PAID, "evt_snapshot") == "first_time_finalized"
    assert shop.stock == SOLD
