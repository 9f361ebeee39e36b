"""The channel: whom a mail is for, and its transport."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from effects.outside import Failed, Skipped
from notifications.channel import Person
from notifications.mail.channel import MailChannel, channel_from
from notifications.mail.collection import CollectionTransport
from notifications.mail.mail import mail_from
from notifications.mail.resend import ResendTransport
from notifications.mail.smtp import SmtpTransport
from notifications.mail.tests.mails import KEY
from notifications.outbox import Outbox
from notifications.texts import Text
from service.environment import SettingsError
from tests.support.builders import NOW
from tests.support.channels import a_kit

FROM = "Corner Shop <orders@shop.example>"
COLLECTION = {"MAIL_TRANSPORT": "collection", "MAIL_FROM": FROM}
PAID = Text("Your order is paid", "Thank you.\n", "<p>Thank you.</p>\n", "Paid.")
ALICE = Person("alice", None, ("alice@mail.example",), None)
OPERATORS = Person(None, None, (), None)


def test_a_mail_is_for_the_customer_and_dated_from_its_first_attempt() -> None:
    message = channel_from(a_kit({**COLLECTION, "MAIL_REPLY_TO": "help@shop.example"})).message(PAID, {}, ALICE)
    assert not isinstance(message, Skipped)
    mail = mail_from(message)
    assert mail.reply_to == "help@shop.example"
    assert (mail.to, mail.date, mail.subject) == (("alice@mail.example",), NOW, "Your order is paid")
    assert (mail.text, mail.html) == ("Thank you.\n", "<p>Thank you.</p>\n")


def test_a_customer_without_an_address_gets_no_mail() -> None:
    channel = channel_from(a_kit(COLLECTION))
    nobody = Person("alice", None, (), "+4915112345678")
    assert channel.message(PAID, {}, nobody) == Skipped("no mail address is known")


def test_operators_get_theirs_where_the_settings_say() -> None:
    kit = a_kit({**COLLECTION, "OPERATOR_EMAIL": "ann@shop.example,bob@shop.example"})
    message = channel_from(kit).message(PAID, {}, OPERATORS)
    assert not isinstance(message, Skipped)
    assert mail_from(message).to == ("ann@shop.example", "bob@shop.example")
    with pytest.raises(Failed, match="OPERATOR_EMAIL is missing") as failed:
        channel_from(a_kit(COLLECTION)).message(PAID, {}, OPERATORS)
    assert failed.value.retryable


def test_in_the_emulators_a_mail_is_kept_where_any_mail_program_opens_it(tmp_path: Path) -> None:
    channel = channel_from(a_kit({"MAIL_FROM": FROM}, outbox=Outbox(tmp_path)))
    message = channel.message(PAID, {}, ALICE)
    assert not isinstance(message, Skipped)
    channel.send(message, KEY)
    channel.send(message, KEY)
    (file,) = tmp_path.iterdir()
    assert file.name == f"{KEY}.eml"
    kept = message_from_bytes(file.read_bytes(), policy=default)
    assert (kept["To"], kept["Subject"]) == ("alice@mail.example", "Your order is paid")


def test_it_goes_by_the_transport_that_the_settings_name() -> None:
    for name, transport in (("smtp", SmtpTransport), ("resend", ResendTransport), ("collection", CollectionTransport)):
        server = {"SMTP_HOST": "smtp.example", "SMTP_USER": "shop", "MAIL_SECRET": "re_1"}
        channel = channel_from(a_kit({"MAIL_TRANSPORT": name, "MAIL_FROM": FROM, **server}))
        assert isinstance(channel, MailChannel)
        assert isinstance(channel.transport, transport)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"MAIL_TRANSPORT": "smtp"}, "SMTP_HOST"),
        ({"MAIL_TRANSPORT": "resend"}, "MAIL_SECRET"),
        ({"MAIL_TRANSPORT": "other"}, "MAIL_TRANSPORT must be smtp, resend, collection, not 'other'"),
        ({"MAIL_TRANSPORT": "smtp", "MAIL_FROM": ""}, "MAIL_FROM"),
    ],
)
def test_without_its_settings_there_is_no_channel(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        channel_from(a_kit({"MAIL_FROM": FROM, **settings}))
