"""An event whose order is not there, or that nobody can read: asked for again or kept, and settled once it can be."""

from datetime import timedelta

import pytest

from orders.outcome import OrderNotThereYet
from tests.contract.database import Database
from tests.support.builders import (
    LATER,
    NOW,
    a_payment,
    a_placement,
    a_reserved_order,
    an_order,
    redelivered,
    something_not_understood,
)
from tests.support.interference import DisturbedStore, someone_first
from tests.support.settling import settled
from tests.support.shop import complaints_in, document_at, open_shop, shirts_in, status_in

OLD_PAYMENT = a_payment(created_at=NOW - timedelta(hours=2))

# --- No order ---------------------------------------------------------------------------------------------------------


def test_an_event_may_outrun_its_order_and_nothing_is_claimed(database: Database) -> None:
    with pytest.raises(OrderNotThereYet):
        settled(a_payment(created_at=NOW - timedelta(minutes=59, seconds=59)), database.store)
    assert database.dump() == {}


def test_an_event_whose_order_never_came_is_parked_without_expiry(database: Database) -> None:
    assert settled(a_payment(created_at=NOW - timedelta(hours=1)), database.store).result == "order_not_found"
    claim = document_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["result"], claim["orderId"]) == (False, "order_not_found", "order-1")
    assert claim["deliveries"] == 1
    assert "expireAt" not in claim
    assert list(database.dump()) == ["webhookEvents/evt_1"]


def test_a_parked_event_delivered_again_is_counted_and_stays_parked(database: Database) -> None:
    settled(OLD_PAYMENT, database.store)
    assert settled(redelivered(OLD_PAYMENT), database.store).result == "order_not_found"
    claim = document_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["deliveries"]) == (False, 2)


def test_a_parked_event_is_settled_once_when_its_order_appears(database: Database) -> None:
    settled(OLD_PAYMENT, database.store)
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    (parked,) = database.parked_events("order-1")
    assert settled(parked, database.store).result == "first_time_finalized"
    assert (status_in(database), shirts_in(database)) == ("finalized", (7, 0))
    claim = document_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["deliveries"]) == (True, 1)
    assert claim["expireAt"] == NOW + timedelta(days=7)
    assert database.parked_events("order-1") == ()


def test_an_order_that_appears_while_its_event_is_being_parked_is_settled_at_once(database: Database) -> None:
    def create_order() -> None:
        """Its trigger finds nothing parked yet."""
        open_shop(database, an_order())
        settled(a_placement(), database.store)
        assert database.parked_events("order-1") == ()

    disturbed = DisturbedStore(database.store, [someone_first(create_order)])
    assert settled(OLD_PAYMENT, disturbed).result == "first_time_finalized"
    assert (status_in(database), shirts_in(database)) == ("finalized", (7, 0))
    assert database.parked_events("order-1") == ()


def test_every_delivery_of_a_parked_event_is_on_record_even_after_its_claim_has_expired(database: Database) -> None:
    moments = [LATER + timedelta(minutes=minute) for minute in range(4)]
    first, second, third, fourth = (redelivered(OLD_PAYMENT, moment) for moment in moments)
    settled(first, database.store)
    open_shop(database, a_reserved_order(), reserved=3)
    assert settled(second, database.store).result == "first_time_finalized"
    assert settled(third, database.store).result == "duplicate_detected"
    database.delete("webhookEvents/evt_1")
    assert settled(fourth, database.store).result == "duplicate_detected"
    records = [document_at(database, f"auditLog/evt_1/deliveries/{number}") for number in (2, 3, 4)]
    assert [record["createdAt"] for record in records] == moments[1:]
    assert document_at(database, "webhookEvents/evt_1")["deliveries"] == 4


def test_an_event_settled_long_ago_is_not_parked_when_its_order_is_deleted(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    settled(a_payment(), database.store)
    database.delete("orders/order-1")
    database.delete("webhookEvents/evt_1")
    late = a_payment(created_at=NOW - timedelta(days=30), delivered_at=LATER)
    assert settled(late, database.store).result == "duplicate_detected"
    assert document_at(database, "webhookEvents/evt_1")["processed"] is True


def test_a_parked_event_that_is_taken_up_after_its_claim_has_expired_is_no_delivery(database: Database) -> None:
    settled(OLD_PAYMENT, database.store)
    open_shop(database, an_order())
    (parked,) = database.parked_events("order-1")
    settled(parked, database.store)
    database.delete("webhookEvents/evt_1")
    before = database.dump()
    assert settled(parked, database.store).result == "duplicate_detected"
    assert database.dump() == before


# --- Nobody can read it -----------------------------------------------------------------------------------------------


def test_an_event_that_could_not_be_read_is_kept_and_settled_by_a_release_that_can(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    before = database.dump()
    assert settled(something_not_understood(), database.store).result == "error"
    after = database.dump()
    claim = after.pop("webhookEvents/evt_1")
    assert after == before
    assert (claim["processed"], claim["result"]) == (False, "error")
    assert claim["reason"] == "amount_received must be an amount"
    assert settled(redelivered(a_payment()), database.store).result == "first_time_finalized"
    claim = document_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["deliveries"]) == (True, 2)


def test_an_event_read_by_a_later_release_before_its_order_exists_is_settled_when_the_order_appears(
    database: Database,
) -> None:
    settled(something_not_understood(), database.store)
    assert settled(redelivered(a_payment()), database.store).result == "order_not_found"
    assert document_at(database, "webhookEvents/evt_1")["deliveries"] == 2
    open_shop(database, an_order())
    (parked,) = database.parked_events("order-1")
    assert settled(parked, database.store).result == "first_time_finalized"


def test_an_event_settled_long_ago_stays_a_duplicate_when_nobody_can_read_it_any_more(database: Database) -> None:
    open_shop(database, an_order())
    settled(a_payment(), database.store)
    settled(redelivered(a_payment()), database.store)
    database.delete("webhookEvents/evt_1")
    for day in (9, 10):
        unreadable = something_not_understood(delivered_at=NOW + timedelta(days=day))
        assert settled(unreadable, database.store).result == "duplicate_detected"
    assert document_at(database, "webhookEvents/evt_1")["deliveries"] == 4
    assert complaints_in(database) == []
