"""The settings of mail: the values of each, and the messages about unusable ones."""

import pytest

from notifications.mail.mail import Sender
from notifications.mail.settings import (
    MailSettings,
    MailTransport,
    Security,
    SmtpServer,
    mail_settings_from,
    smtp_server_from,
)
from service.environment import SettingsError

FROM = {"MAIL_FROM": "Corner Shop <orders@shop.example>"}
SENDER = Sender("Corner Shop", "orders@shop.example")


def test_all_of_them() -> None:
    assert mail_settings_from(
        {
            "MAIL_TRANSPORT": "resend",
            "MAIL_FROM": " Corner Shop <orders@shop.example>\n",
            "MAIL_REPLY_TO": "help@shop.example",
            "MAIL_SECRET": "Xre_1\n",
            "OPERATOR_EMAIL": "ann@shop.example, bob@shop.example,,ann@shop.example",
        }
    ) == MailSettings(
        MailTransport.RESEND, SENDER, "help@shop.example", ("ann@shop.example", "bob@shop.example"), "Xre_1"
    )


@pytest.mark.parametrize("secret", ["", "unset"])
def test_only_a_sender_and_a_transport_are_needed(secret: str) -> None:
    found = mail_settings_from({"MAIL_TRANSPORT": "collection", "MAIL_SECRET": secret, **FROM})
    assert found == MailSettings(MailTransport.COLLECTION, SENDER, None, (), None)


def test_in_the_emulators_no_transport_is_needed() -> None:
    assert mail_settings_from(FROM, sends_nothing=True).transport is None


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("orders@shop.example", Sender("", "orders@shop.example")),
        ("<orders@shop.example>", Sender("", "orders@shop.example")),
        ('"Müller, Köln" <orders@shop.example>', Sender("Müller, Köln", "orders@shop.example")),
        ("Müller & Söhne<orders@shop.example>", Sender("Müller & Söhne", "orders@shop.example")),
    ],
)
def test_a_sender_has_an_address_and_perhaps_a_name(text: str, sender: Sender) -> None:
    assert mail_settings_from({"MAIL_FROM": text}, sends_nothing=True).sender == sender


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAIL_TRANSPORT", ""),
        ("MAIL_TRANSPORT", "pigeon"),
        ("MAIL_FROM", ""),
        ("MAIL_FROM", "Corner Shop"),
        ("MAIL_FROM", "Shop <orders@shop.example"),
        ("MAIL_FROM", "Shop <orders@shop.example> and more"),
        ("MAIL_FROM", "Shop\r\nBcc: eve@evil.example <orders@shop.example>"),
        ("MAIL_FROM", "a@shop.example, b@shop.example"),
        ("MAIL_REPLY_TO", "help"),
        ("OPERATOR_EMAIL", "ann@shop.example;bob@shop.example"),
    ],
)
def test_one_that_cannot_be_used_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be "):
        mail_settings_from({"MAIL_TRANSPORT": "smtp", **FROM, name: text})


def test_a_missing_transport_is_shown_as_missing() -> None:
    with pytest.raises(SettingsError, match=r"^MAIL_TRANSPORT must be .*, not ''$"):
        mail_settings_from(FROM)


def test_a_list_of_operators_is_asked_for_in_words() -> None:
    with pytest.raises(SettingsError, match=r"^OPERATOR_EMAIL must be mail addresses, separated by commas, not 'ann'$"):
        mail_settings_from({"MAIL_TRANSPORT": "smtp", **FROM, "OPERATOR_EMAIL": "ann"})


@pytest.mark.parametrize(
    ("environment", "server"),
    [
        ({}, SmtpServer("smtp.example", 587, Security.STARTTLS, None, None)),
        ({"SMTP_PORT": "465"}, SmtpServer("smtp.example", 465, Security.TLS, None, None)),
        ({"SMTP_PORT": "2525"}, SmtpServer("smtp.example", 2525, Security.STARTTLS, None, None)),
        (
            {"SMTP_USER": "shop", "MAIL_SECRET": "1"},
            SmtpServer("smtp.example", 587, Security.STARTTLS, "shop", "1"),
        ),
        ({"SMTP_HOST": "127.0.0.1"}, SmtpServer("127.0.0.1", 587, Security.NONE, None, None)),
        ({"SMTP_HOST": "localhost", "SMTP_PORT": "465"}, SmtpServer("localhost", 465, Security.TLS, None, None)),
    ],
)
def test_a_server_is_spoken_to_by_tls_unless_it_is_on_this_machine(
    environment: dict[str, str], server: SmtpServer
) -> None:
    assert smtp_server_from({"SMTP_HOST": "smtp.example", **environment}) == server


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SMTP_HOST": ""}, "SMTP_HOST must be"),
        ({"SMTP_HOST": "smtp://smtp.example"}, "SMTP_HOST must be"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT must be"),
        ({"SMTP_PORT": "smtp"}, "SMTP_PORT must be"),
        ({"SMTP_PORT": "65536"}, "SMTP_PORT must be"),
        ({"SMTP_USER": "shop"}, "SMTP_USER and MAIL_SECRET must be set both, or neither"),
        ({"MAIL_SECRET": "secret-1"}, "SMTP_USER and MAIL_SECRET must be set both, or neither"),
        ({"SMTP_USER": "shop", "MAIL_SECRET": "secret-1\x00"}, "MAIL_SECRET has a character"),
        ({"SMTP_USER": "shop", "MAIL_SECRET": "secret-1\xa0"}, "MAIL_SECRET has a character"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused_without_showing_the_secret(
    environment: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        smtp_server_from({"SMTP_HOST": "smtp.example", **environment})
    assert "secret-1" not in str(refused.value)
