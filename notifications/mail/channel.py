"""The mail channel: turns a notice's text into a mail, which one of three transports sends."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from effects.outside import Failed, Skipped
from notifications.channel import Channel, Person
from notifications.channels import ChannelKit
from notifications.mail.mail import Mail, mail_from
from notifications.mail.settings import (
    OPERATOR_EMAIL,
    MailSettings,
    MailTransport,
    mail_settings_from,
    smtp_server_from,
)
from notifications.outbox import Outbox
from notifications.texts import Text
from orders.frozen import frozen


class Transport(Protocol):
    def send(self, mail: Mail, key: str) -> None:
        """Hand the mail over, within `notifications.channels.SEND_SECONDS_MAX`. Raises Failed."""


@frozen
class MailChannel:
    settings: MailSettings
    transport: Transport
    now: Callable[[], datetime]

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object] | Skipped:  # noqa: ARG002 - a mail says no more than its text
        if person.user_id is None and not self.settings.operators:
            raise Failed(f"{OPERATOR_EMAIL} is missing", retryable=True)
        to = self.settings.operators if person.user_id is None else person.emails
        if not to:
            return Skipped("no mail address is known")
        return Mail(
            self.settings.sender, to, self.settings.reply_to, text.subject, text.body, text.html, self.now()
        ).fields

    def send(self, message: Mapping[str, object], key: str) -> None:
        self.transport.send(mail_from(message), key)


def channel_from(kit: ChannelKit) -> Channel:
    """Raises SettingsError."""
    settings = mail_settings_from(kit.environment, sends_nothing=kit.outbox is not None)
    return MailChannel(settings, _transport(kit, settings), kit.now)


def _transport(kit: ChannelKit, settings: MailSettings) -> Transport:
    """Imports only the transport in use."""
    if kit.outbox:
        return _Kept(kit.outbox)
    match settings.transport:
        case MailTransport.SMTP:
            from notifications.mail.smtp import SmtpTransport

            return SmtpTransport(smtp_server_from(kit.environment))
        case MailTransport.RESEND:
            from notifications.mail.resend import resend_with

            return resend_with(settings.secret)
        case _:
            from notifications.mail.collection import CollectionTransport

            return CollectionTransport(kit.store)


@frozen
class _Kept:
    """In the emulators: stores each mail as a file that any mail program opens."""

    outbox: Outbox

    def send(self, mail: Mail, key: str) -> None:
        self.outbox.put_file(key, ".eml", mail.message(key).as_bytes())
