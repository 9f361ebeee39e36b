"""A real SMTP server on this machine, and some that are broken."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any, cast

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from notifications.mail.settings import Security, SmtpServer
from notifications.mail.smtp import SmtpTransport

USER, SECRET = "shop", "a secret that nobody may see"


@dataclass
class Inbox:
    """What a server has accepted, and how it answers."""

    taken: list[Envelope] = field(default_factory=list)
    tls: list[bool] = field(default_factory=list)
    """Whether each mail came encrypted."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Refused recipients, with the answers."""
    answer: str = "250 2.0.0 OK"
    """To a mail; if empty, the connection ends after the mail was accepted."""
    answers: list[str] = field(default_factory=list)
    """To the first mails."""

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(each.content or b"", policy=SMTP_POLICY) for each in self.taken]  # type: ignore[arg-type]

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if answer := self.refused.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        transport = cast("asyncio.Transport", server.transport)
        answer = self.answers.pop(0) if self.answers else self.answer
        if not answer or answer.startswith("250"):
            self.taken.append(envelope)
            self.tls.append(transport.get_extra_info("ssl_object") is not None)
        if not answer:
            transport.abort()
        return answer


@dataclass(frozen=True)
class MailServer:
    """A server's address, and what makes a client trust it."""

    port: int
    security: Security
    trusts: ssl.SSLContext

    def transport(
        self, *, user: str | None = None, secret: str | None = None, seconds_max: float = 10
    ) -> SmtpTransport:
        return SmtpTransport(SmtpServer("localhost", self.port, self.security, user, secret), self.trusts, seconds_max)


@contextmanager
def mail_server(inbox: Inbox, security: Security = Security.NONE, *, needs_login: bool = False) -> Iterator[MailServer]:
    """Listens until the block ends, and requires a login if the test says so."""
    authority = trustme.CA()
    presented, trusts = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), _trusting_nobody()
    authority.issue_cert("localhost").configure_cert(presented)
    authority.configure_trust(trusts)

    def session() -> SMTP:
        smtp = SMTP(
            inbox,
            hostname="mail.example",
            tls_context=presented if security is Security.STARTTLS else None,
            require_starttls=security is Security.STARTTLS,
            authenticator=_authenticated,
            auth_require_tls=security is Security.STARTTLS,
            loop=asyncio.get_running_loop(),
        )
        # As a constructor argument it warns about plain text, which no stranger can read here.
        smtp._auth_required = needs_login
        return smtp

    tls = presented if security is Security.TLS else None

    async def start() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=tls)

    with served(start) as port:
        yield MailServer(port, security, trusts)


def _trusting_nobody() -> ssl.SSLContext:
    """Without this machine's authorities, which take longer to load than a mail to send."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), SECRET.encode())
    return AuthResult(success=right, handled=False)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def talking(talk: Talk) -> Iterator[MailServer]:
    """A server that runs this dialogue with every client."""

    async def talk_to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(talk_to_the_end, "127.0.0.1", 0)

    with served(start) as port:
        yield MailServer(port, Security.NONE, _trusting_nobody())


@contextmanager
def served(start: Callable[[], Awaitable[asyncio.Server]]) -> Iterator[int]:
    """The port of a server that runs in a thread; at the end, its tasks are cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def started() -> asyncio.Server:
        return await start()

    async def stop(server: asyncio.Server) -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        server = asyncio.run_coroutine_threadsafe(started(), loop).result(10)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
