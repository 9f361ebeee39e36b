"""Sends mail by SMTP, through any provider or your own server: https://www.rfc-editor.org/rfc/rfc5321."""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field
from email.message import EmailMessage
from io import BufferedReader, RawIOBase
from typing import Any, Final

from effects.outside import Failed
from notifications.channels import SEND_SECONDS_MAX
from notifications.mail.mail import Mail, short_name
from notifications.mail.settings import Security, SmtpServer
from orders.frozen import frozen

CONNECT_SECONDS_MAX: Final = 3.0
"""For each address of the server."""
RESEND_HOST: Final = "smtp.resend.com"
# https://resend.com/docs/dashboard/emails/idempotency-keys
RESEND_KEY: Final = "Resend-Idempotency-Key"

_REFUSALS: Final = range(500, 600)
"""https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1: the same mail would be refused again."""
# https://www.rfc-editor.org/rfc/rfc3463#section-2
_ENHANCED_CODE: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")


@frozen
class SmtpTransport:
    """Opens one connection per mail, and gives it up when time is out, whatever the server is doing.

    If the server accepts a mail and the answer is lost, it is sent again, with the same Message-ID, by which many
    mailboxes recognize it.
    """

    server: SmtpServer
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds_max: float = SEND_SECONDS_MAX

    def send(self, mail: Mail, key: str) -> None:
        """Raises Failed: with the server's code, but not its message, which may contain the recipient."""
        message = self.message(mail, key)
        try:
            with self._session(mail.sender.address.rpartition("@")[2]) as session:
                refused = session.sendmail(mail.sender.address, mail.to, message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients, mail) from None
        except smtplib.SMTPResponseException as error:
            retryable = error.smtp_code not in _REFUSALS
            raise Failed(
                f"the mail server says {_code(error.smtp_code, error.smtp_error)}", retryable=retryable
            ) from None
        except OSError as error:
            # Includes every other error of smtplib: no answer, an invalid one, no TLS.
            raise Failed(f"the mail server cannot be used: {type(error).__name__}", retryable=True) from None
        if refused:
            raise _refused(refused, mail)

    def message(self, mail: Mail, key: str) -> EmailMessage:
        """The message; for Resend's server, with its header for an idempotency key."""
        message = mail.message(key)
        if self.server.host == RESEND_HOST:
            # A longer word would be encoded, which only mail readers decode.
            message[RESEND_KEY] = short_name(key)
        return message

    @contextmanager
    def _session(self, our_name: str) -> Iterator[smtplib.SMTP]:
        """A connection over which mail can be sent."""
        session = _opened(self.server, self.tls, our_name, time.monotonic() + self.seconds_max)
        try:
            if self.server.security is Security.STARTTLS:
                session.starttls(context=self.tls)
            if self.server.user:
                session.login(self.server.user, self.server.secret or "")
            yield session
            # The mail is sent by now, whatever the server answers to this.
            with suppress(OSError):
                session.quit()
        finally:
            session.close()


def _refused(recipients: Mapping[str, tuple[int, bytes]], mail: Mail) -> Failed:
    """Some of several recipients may have been accepted: they get it again if a retry may help the others."""
    code, words = next(iter(recipients.values()))
    retryable = any(code not in _REFUSALS for code, _ in recipients.values())
    how_many = "the recipient" if len(mail.to) == 1 else f"{len(recipients)} of {len(mail.to)} recipients"
    return Failed(f"the mail server refuses {how_many}: {_code(code, words)}", retryable=retryable)


def _code(code: int, words: bytes | str) -> str:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    enhanced = _ENHANCED_CODE.match(said)
    return f"{code} {enhanced[0]}" if enhanced else f"{code}"


def _opened(server: SmtpServer, tls: ssl.SSLContext, our_name: str, end: float) -> smtplib.SMTP:
    if server.security is Security.TLS:
        return _TlsSession(end, server.host, server.port, our_name, context=tls)
    return _Session(end, server.host, server.port, our_name)


class _Session(smtplib.SMTP):
    """Limits the whole session: Python's own class applies its timeout to every step anew."""

    def __init__(self, end: float, host: str, port: int, our_name: str, **more: Any) -> None:  # noqa: ANN401 - as Python's own
        self._end = end
        timeout = min(_seconds_until(end), CONNECT_SECONDS_MAX)
        super().__init__(host, port, local_hostname=our_name, timeout=timeout, **more)

    def send(self, s: Any) -> None:  # noqa: ANN401 - bytes of one kind or another
        if self.sock:
            self.sock.settimeout(_seconds_until(self._end))
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock:
            self.file = BufferedReader(_Incoming(self.sock, self._end))
        return super().getreply()


class _TlsSession(_Session, smtplib.SMTP_SSL):
    pass


class _Incoming(RawIOBase):
    """Reads what the server sends until time is up, even a byte at a time."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - a buffer, which Python 3.12 has a type for
        self._sock.settimeout(_seconds_until(self._end))
        return self._sock.recv_into(buffer)


def _seconds_until(end: float) -> float:
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds
