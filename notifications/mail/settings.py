"""The mail settings: how it is sent, and in whose name."""

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from database.documents.users import email_or_none
from notifications.mail.mail import Sender
from orders.frozen import frozen
from service.environment import NOT_CONFIGURED, SettingsError, WholeNumber, entries, whole_number, word

MAIL_TRANSPORT: Final = "MAIL_TRANSPORT"
MAIL_FROM: Final = "MAIL_FROM"
MAIL_REPLY_TO: Final = "MAIL_REPLY_TO"
MAIL_SECRET: Final = "MAIL_SECRET"  # noqa: S105 - the setting's name, not its value
OPERATOR_EMAIL: Final = "OPERATOR_EMAIL"
SMTP_HOST: Final = "SMTP_HOST"
# https://www.rfc-editor.org/rfc/rfc6409#section-3.1
SMTP_PORT: Final = WholeNumber("SMTP_PORT", 587, 1, 65_535)
SMTP_USER: Final = "SMTP_USER"


_TLS_PORT: Final = 465
"""https://www.rfc-editor.org/rfc/rfc8314#section-3.3"""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST: Final = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_SENDER: Final = re.compile(r'(?:"?(?P<name>[^"<>]*?)"?\s*<(?P<framed>[^<>]*)>|(?P<bare>[^<>]*))')


class MailTransport(StrEnum):
    SMTP = "smtp"
    RESEND = "resend"
    COLLECTION = "collection"


class Security(StrEnum):
    TLS = "tls"
    """From the first byte on."""
    STARTTLS = "starttls"
    """Required: if the server does not offer it, nothing is sent."""
    NONE = "none"
    """Only to a server on this machine."""


@frozen
class SmtpServer:
    host: str
    port: int
    security: Security
    user: str | None
    """None if the server needs no login."""
    secret: str | None = field(repr=False)


@frozen
class MailSettings:
    transport: MailTransport | None
    """None in the emulators if nothing is set."""
    sender: Sender
    reply_to: str | None
    operators: tuple[str, ...]
    """Where operators are reached; empty if they get no mail."""
    secret: str | None = field(repr=False)


def mail_settings_from(environment: Mapping[str, str], *, sends_nothing: bool = False) -> MailSettings:
    """Raises SettingsError.

    Args:
        sends_nothing: whether no transport is needed, as in the emulators.
    """
    return MailSettings(
        transport=None if sends_nothing else word(environment, MAIL_TRANSPORT, MailTransport, ""),
        sender=_sender(environment),
        reply_to=_reply_to(environment),
        operators=entries(environment, OPERATOR_EMAIL, email_or_none, "mail addresses"),
        secret=_secret(environment),
    )


def smtp_server_from(environment: Mapping[str, str]) -> SmtpServer:
    """Raises SettingsError."""
    host, port = _text(environment, SMTP_HOST), whole_number(environment, SMTP_PORT)
    if not _HOST.fullmatch(host):
        raise SettingsError(f"{SMTP_HOST} must be the mail server's name, not {host!r}")
    user, secret = _text(environment, SMTP_USER) or None, _secret(environment)
    if (user is None) != (secret is None):
        raise SettingsError(f"{SMTP_USER} and {MAIL_SECRET} must be set both, or neither of them")
    return SmtpServer(host, port, _security(host, port), user, secret)


def _security(host: str, port: int) -> Security:
    if port == _TLS_PORT:
        return Security.TLS
    return Security.NONE if host in _LOCAL else Security.STARTTLS


def _sender(environment: Mapping[str, str]) -> Sender:
    text = _text(environment, MAIL_FROM)
    found = _SENDER.fullmatch(text)
    address = email_or_none(found and (found["framed"] or found["bare"]))
    if found is None or address is None or not text.isprintable():
        raise SettingsError(
            f"{MAIL_FROM} must be a name and an address, as in Shop <orders@shop.example>, not {text!r}"
        )
    return Sender(found["name"] or "", address)


def _reply_to(environment: Mapping[str, str]) -> str | None:
    text = _text(environment, MAIL_REPLY_TO)
    if text and email_or_none(text) is None:
        raise SettingsError(f"{MAIL_REPLY_TO} must be a mail address, not {text!r}")
    return text or None


def _secret(environment: Mapping[str, str]) -> str | None:
    text = _text(environment, MAIL_SECRET)
    if not (text.isascii() and text.isprintable()):
        raise SettingsError(f"{MAIL_SECRET} has a character that no password has at a mail server")
    return None if text in NOT_CONFIGURED else text


def _text(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip(" \t\r\n")
