"""An event whose order does not exist is kept, found with its order, and settled once."""

from datetime import timedelta

from tests.contract.database import Database
from tests.support.builders import NOW, a_placement, an_order
from tests.support.payments import a_payment
from tests.support.settling import settled
from tests.support.shop import document_at, open_shop, shirts_in, status_in

OLD_PAYMENT = a_payment(created_at=NOW - timedelta(hours=2))


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
