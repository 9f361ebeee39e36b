"""How to reach a customer, from documents that customers write: malformed parts count as missing."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from database.documents.users import contact_from, email_or_none, guest_email_from
from database.store import Document
from notifications.contact import Contact, QuietHours
from tests.support.anything import documents, tampered
from tests.support.builders import NOW

NIGHT = {"from": "22:00", "until": "07:00", "timeZone": "Europe/Berlin"}


def contact(**fields: object) -> Contact:
    return contact_from(Document(fields, 1))


def test_all_that_a_customer_has_said_is_known() -> None:
    assert contact(
        email="alice@shop.example",
        phone="+4915112345678",
        locale="de-AT",
        channels={"mail": True, "push": False, "sms": False},
        quietHours=NIGHT,
        name="Alice",
    ) == Contact(
        email="alice@shop.example",
        phone="+4915112345678",
        locale="de-AT",
        refused=frozenset({"push", "sms"}),
        quiet_hours=QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin")),
    )


def test_a_customer_without_preferences_has_none_and_refuses_nothing() -> None:
    assert contact_from(None) == contact() == Contact()


@pytest.mark.parametrize(
    "value", [None, True, 7, 1.5, "", "nonsense\n", b"a@b.io", NOW, [], ["+491511234567"], {}, {"a": {}}], ids=repr
)
def test_what_is_malformed_is_as_if_it_were_missing(value: object) -> None:
    assert contact(email=value, phone=value, locale=value, channels=value, quietHours=value) == Contact()
    assert contact(channels={"mail": value}, quietHours={**NIGHT, "timeZone": value}) == Contact()
    assert contact(quietHours={**NIGHT, "from": value}) == contact(quietHours={**NIGHT, "until": value}) == Contact()


@given(documents("email", "phone", "locale", "channels", "quietHours") | tampered({"quietHours": NIGHT}))
def test_whatever_a_customer_writes_can_be_read(fields: dict[str, object]) -> None:
    contact(**fields)


@pytest.mark.parametrize(
    "address",
    ["a@b.io", "first.last+tag@shop.example", "o'neil@sub-domain.shop.example", f"{'a' * 64}@{'b' * 63}.example"],
)
def test_an_address_as_browsers_take_it_is_one(address: str) -> None:
    assert email_or_none(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "alice@",
        "@shop.example",
        "alice@localhost",
        "alice@@shop.example",
        "alice@bob@shop.example",
        "alice@shop.example\r\nBcc: eve@evil.example",
        "alice@shop.example\n",
        " alice@shop.example",
        "alice@shop.example, eve@evil.example",
        "Alice <alice@shop.example>",
        '"alice"@shop.example',
        "alice@shop..example",
        "alice@-shop.example",
        "alice@shop.example.",
        "älice@shop.example",
        "alice@shöp.example",
        "alice\x00@shop.example",
        f"{'a' * 65}@shop.example",
        f"alice@{'b' * 64}.example",
        f"alice@{'.'.join(['b' * 60] * 5)}",
    ],
)
def test_what_no_mail_can_be_sent_to_or_more_than_one_is_no_address(text: str) -> None:
    assert email_or_none(text) is None


@pytest.mark.parametrize(
    "phone", ["4915112345678", "+04915112345", "+49 151 1234567", "+123456", "+1234567890123456", "+49\uff115112345678"]
)
def test_a_number_that_is_not_in_e164_is_none(phone: str) -> None:
    assert contact(phone=phone) == Contact()


@pytest.mark.parametrize(
    "clock", ["7:00", "24:00", "22:60", "22:00:00", "\u0662\u0662:\u0660\u0660", "22:00\n", "22.00"]
)
def test_a_time_that_no_clock_shows_makes_no_quiet_hours(clock: str) -> None:
    assert contact(quietHours={**NIGHT, "from": clock}) == contact(quietHours={**NIGHT, "until": clock}) == Contact()


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus", "Europe", "/etc/localtime", "../../etc/passwd", "Europe/../Berlin", "x" * 40, "Europe\x00"],
)
def test_a_zone_that_nobody_knows_makes_no_quiet_hours(zone: str) -> None:
    assert contact(quietHours={**NIGHT, "timeZone": zone}) == Contact()


def test_a_guests_address_is_in_the_details_of_their_own_order() -> None:
    details = Document({"userId": "guest", "email": "guest@shop.example"}, 1)
    assert guest_email_from(details, "guest") == "guest@shop.example"
    assert guest_email_from(details, "alice") is None
    assert guest_email_from(None, "guest") is None
    assert guest_email_from(Document({"userId": "guest", "email": 7}, 1), "guest") is None
