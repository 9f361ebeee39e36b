"""An event whose order is not there, or that nobody can read: asked for again or kept, and settled once it can be."""

from datetime import timedelta

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
from tests.support.settling import settled
from tests.support.shop import document_at, open_shop, shirts_in, status_in

OLD_PAYMENT = a_payment(created_at=NOW - timedelta(hours=2))

# --- No order ---------------------------------------------------------------------------------------------------------


def test_an_event_whose_order_never_came_is_parked_without_expiry(database: Database) -> None:
    assert settled(a_payment(created_at=NOW - timedelta(hours=1)), database.store).result == "order_not_found"
    claim = document_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["result"], claim["orderId"]) == (False, "order_not_found", "order-1")
    assert claim["deliveries"] == 1
    assert "expireAt" not in claim
    assert list(database.dump()) == ["webhookEvents/evt_1"]


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
