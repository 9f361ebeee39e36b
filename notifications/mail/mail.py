"""A mail, as a Firestore map and as a message of RFC 5322. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from effects.outside import Failed
from orders.frozen import frozen

# https://www.rfc-editor.org/rfc/rfc3834#section-5: prevents out-of-office replies.
AUTOMATIC: Final = {"Auto-Submitted": "auto-generated"}


@frozen
class Sender:
    name: str
    """In printable characters; may be empty."""
    address: str

    def __str__(self) -> str:
        """As in a mail header, but in Unicode."""
        return str(Address(self.name, addr_spec=self.address))


@frozen
class Mail:
    """Every attempt sends it unchanged: a provider that knows the key would reject a different text."""

    sender: Sender
    to: tuple[str, ...]
    reply_to: str | None
    subject: str
    text: str
    html: str
    date: datetime

    @property
    def fields(self) -> Mapping[str, object]:
        """As a Firestore map."""
        return {
            "from": {"name": self.sender.name, "address": self.sender.address},
            "to": list(self.to),
            "replyTo": self.reply_to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "date": self.date,
        }

    def message(self, key: str) -> EmailMessage:
        """The message, identical to the byte for the same key. A line break in a header would be a bug, and raises."""
        name = short_name(key)
        message = EmailMessage(SMTP)
        message["From"] = Address(self.sender.name, addr_spec=self.sender.address)
        message["To"] = [Address(addr_spec=address) for address in self.to]
        if self.reply_to:
            message["Reply-To"] = Address(addr_spec=self.reply_to)
        message["Subject"] = self.subject
        message["Date"] = self.date
        message["Message-ID"] = f"<{name}@{self.sender.address.rpartition('@')[2]}>"
        for header, value in AUTOMATIC.items():
            message[header] = value
        # Not every server accepts 8-bit content.
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"={name}=")
        return message


def short_name(key: str) -> str:
    """A name for the key that fits into any header."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def mail_from(fields: Mapping[str, object]) -> Mail:
    """The mail that was stored. Raises Failed if somebody has changed the document."""
    match fields:
        case {
            "from": {"name": str(name), "address": str(address)},
            "to": [*to],
            "replyTo": str() | None as reply_to,
            "subject": str(subject),
            "text": str(text),
            "html": str(html),
            "date": datetime() as date,
        } if to:
            return Mail(Sender(name, address), tuple(map(str, to)), reply_to, subject, text, html, date)
        case _:
            raise Failed("the stored mail cannot be read", retryable=False)
