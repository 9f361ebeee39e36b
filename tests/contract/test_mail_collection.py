"""Mails in the collection that an extension sends from: each is written once, whatever happens to it there."""

import pytest

from database.store import Committed
from notifications.mail.collection import CollectionTransport
from notifications.mail.tests.mails import A_MAIL, KEY, a_mail
from orders.outcome import StoreContended
from tests.contract.database import Database
from tests.support.memory_store import MemoryStore


def test_a_mail_is_as_the_extension_reads_it(database: Database) -> None:
    CollectionTransport(database.store).send(a_mail(reply_to="help@shop.example"), KEY)
    assert database.get(f"mail/{KEY}") == {
        "from": "Corner Shop <orders@shop.example>",
        "to": ["alice@mail.example"],
        "replyTo": "help@shop.example",
        "headers": {"Auto-Submitted": "auto-generated"},
        "message": {"subject": "Your order order-1 is paid", "text": "Thank you.\n", "html": "<p>Thank you.</p>\n"},
    }


def test_where_nobody_answers_a_mail_no_address_for_that_is_named(database: Database) -> None:
    CollectionTransport(database.store).send(A_MAIL, KEY)
    assert "replyTo" not in (database.get(f"mail/{KEY}") or {})


def test_what_the_extension_has_noted_of_a_mail_stays_when_it_is_sent_again(database: Database) -> None:
    database.put(f"mail/{KEY}", {"delivery": {"state": "SUCCESS"}})
    CollectionTransport(database.store).send(A_MAIL, KEY)
    assert database.get(f"mail/{KEY}") == {"delivery": {"state": "SUCCESS"}}


class _Busy(MemoryStore):
    def commit(self, writes: object, *, timeout_seconds: float) -> Committed:
        raise StoreContended("others are writing")


def test_a_mail_that_the_database_did_not_take_is_not_taken_for_one_that_is_there() -> None:
    with pytest.raises(StoreContended):
        CollectionTransport(_Busy()).send(A_MAIL, KEY)
