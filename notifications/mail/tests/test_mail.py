"""A mail as it is stored, and as a message for any mail program."""

from email import message_from_bytes
from email.policy import SMTP, default

import pytest

from effects.outside import Failed
from notifications.mail.mail import Mail, Sender, mail_from
from notifications.mail.tests.mails import A_MAIL, KEY, a_mail

UMLAUTS = a_mail(
    sender=Sender('Müller & "Söhne", Köln', "orders@shop.example"),
    to=("alice@mail.example", "bob@mail.example"),
    reply_to="help@shop.example",
    subject=f"Ihre Bestellung {'ü' * 60} ist bezahlt",
    text=f"Grüße\n.\n{'x' * 2_000}\nFrom here\n",
    html=f"<p>Grüße</p>{'y' * 2_000}\n",
)


def test_a_mail_is_kept_and_found_again() -> None:
    assert mail_from(UMLAUTS.fields) == UMLAUTS
    assert mail_from(A_MAIL.fields) == A_MAIL


@pytest.mark.parametrize("name", A_MAIL.fields)
def test_a_mail_that_somebody_has_changed_beyond_reading_is_given_up(name: str) -> None:
    with pytest.raises(Failed, match=r"^the stored mail cannot be read$") as failed:
        mail_from({**A_MAIL.fields, name: [] if name == "to" else 7})
    assert not failed.value.retryable


@pytest.mark.parametrize("mail", [A_MAIL, UMLAUTS])
def test_every_part_of_it_arrives(mail: Mail) -> None:
    message = message_from_bytes(mail.message(KEY).as_bytes(), policy=default)
    sender = message["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == (mail.sender.name, mail.sender.address)
    assert [address.addr_spec for address in message["To"].addresses] == list(mail.to)
    assert message["Reply-To"] == mail.reply_to
    assert message["Subject"] == mail.subject
    assert message["Date"].datetime == mail.date
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.iter_parts()
    for part, content_type, content in ((text, "text/plain", mail.text), (html, "text/html", mail.html)):
        assert part.get_content_type() == content_type
        assert part.get_content().replace("\r\n", "\n") == content


@pytest.mark.parametrize("mail", [A_MAIL, UMLAUTS, a_mail(text="Grüße\n", html="<p>Grüße</p>\n")])
def test_every_server_takes_its_lines(mail: Mail) -> None:
    lines = mail.message(KEY).as_bytes().split(b"\r\n")
    assert all(line.isascii() and len(line) <= 998 and b"\n" not in line for line in lines)


def test_its_headers_are_spelled_as_everybody_spells_them() -> None:
    message = UMLAUTS.message(KEY)
    named = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
    assert [name for name in message if name not in ("MIME-Version", "Content-Type")] == named
    assert b"\r\nContent-Type: text/html;" in message.as_bytes()


def test_the_same_key_makes_the_same_message_and_another_key_another() -> None:
    one, again, other = (A_MAIL.message(key) for key in (KEY, KEY, "evt_2_mail_customer"))
    assert one.as_bytes() == again.as_bytes()
    assert one["Message-ID"] != other["Message-ID"]
    assert str(one["Message-ID"]).endswith("@shop.example>")


def test_a_message_id_is_not_cut_whatever_the_key_and_the_domain() -> None:
    mail = a_mail(sender=Sender("", f"orders@{'sub-domain.' * 15}example"))
    message = message_from_bytes(mail.message("k" * 255).as_bytes(), policy=SMTP)
    assert str(message["Message-ID"]) == str(mail.message("k" * 255)["Message-ID"])
    assert len(str(message["Message-ID"]).partition("@")[0]) == len("<") + 32


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "paid\r\nBcc: eve@evil.example"},
        {"subject": "paid\nBcc: eve@evil.example"},
        {"to": ("alice@mail.example\r\nBcc: eve@evil.example",)},
        {"reply_to": "help@shop.example\r\nBcc: eve@evil.example"},
        {"sender": Sender("Shop\r\nBcc: eve@evil.example", "orders@shop.example")},
        {"sender": Sender("Shop", "orders@shop.example\r\nBcc: eve@evil.example")},
    ],
)
def test_nothing_ends_a_header_and_begins_another(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each is Python's own
        a_mail(**changed).message(KEY)
