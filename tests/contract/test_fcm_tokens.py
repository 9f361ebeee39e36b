"""A customer's devices, as found before a push."""

from datetime import timedelta

from database.documents.fcm_tokens import DEVICES_MAX
from tests.contract.database import Database
from tests.support.builders import NOW


def test_devices_are_those_of_one_customer_the_newest_first(database: Database) -> None:
    database.put("users/alice/fcmTokens/old", {"createdAt": NOW, "platform": "ios"})
    database.put("users/alice/fcmTokens/new", {"createdAt": NOW + timedelta(days=1), "platform": "web"})
    database.put("users/alice/fcmTokens/undated", {"createdAt": "yesterday"})
    database.put("users/bob/fcmTokens/bobs", {"createdAt": NOW, "platform": "ios"})
    assert list(database.fcm_tokens("alice")) == ["new", "old", "undated"]
    assert list(database.fcm_tokens("carol")) == []


def test_only_the_newest_of_many_devices_are_found(database: Database) -> None:
    for number in range(DEVICES_MAX + 2):
        database.put(f"users/alice/fcmTokens/{number}", {"createdAt": NOW + timedelta(days=number)})
    assert list(database.fcm_tokens("alice")) == [str(number) for number in range(DEVICES_MAX + 1, 1, -1)]
