"""Mail to a real server: always by TLS if configured, and what each answer means."""

import asyncio
import time
from typing import Any

import pytest

from effects.outside import Failed
from notifications.mail.mail import short_name
from notifications.mail.settings import Security, SmtpServer
from notifications.mail.smtp import RESEND_HOST, RESEND_KEY, SmtpTransport
from notifications.mail.tests.mails import A_MAIL, KEY, a_mail
from notifications.mail.tests.smtp_server import SECRET, USER, Inbox, MailServer, Talk, mail_server, talking

TWO = ("alice@mail.example", "bob@mail.example")


def failure(server: MailServer, *, to: tuple[str, ...] = A_MAIL.to, **how: Any) -> Failed:
    with pytest.raises(Failed) as failed:
        server.transport(**how).send(a_mail(to=to), KEY)
    # Neither reveals the recipient or the secret.
    assert "alice" not in str(failed.value)
    assert SECRET not in str(failed.value)
    return failed.value


@pytest.mark.parametrize("security", Security)
def test_a_mail_arrives_as_it_was_written(security: Security) -> None:
    inbox = Inbox()
    with mail_server(inbox, security) as server:
        server.transport().send(a_mail(to=TWO), KEY)
    (envelope,), (mail,) = inbox.taken, inbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("orders@shop.example", list(TWO))
    assert (mail["From"], mail["To"]) == ("Corner Shop <orders@shop.example>", ", ".join(TWO))
    assert mail.as_bytes() == a_mail(to=TWO).message(KEY).as_bytes()
    assert inbox.tls == [security is not Security.NONE]


@pytest.mark.parametrize("security", Security)
def test_the_shop_logs_in_where_the_server_wants_that(security: Security) -> None:
    inbox = Inbox()
    with mail_server(inbox, security, needs_login=True) as server:
        server.transport(user=USER, secret=SECRET).send(A_MAIL, KEY)
        wrong = failure(server, user=USER, secret="wrong")
        nobody = failure(server)
    assert len(inbox.taken) == 1
    assert (str(wrong), wrong.retryable) == ("the mail server says 535 5.7.8", False)
    assert (str(nobody), nobody.retryable) == ("the mail server says 530 5.7.0", False)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_nothing_is_said_to_a_server_that_cannot_prove_its_name(security: Security) -> None:
    inbox = Inbox()
    with mail_server(inbox, security) as server, mail_server(Inbox()) as other:
        mistaken = MailServer(server.port, security, other.trusts)
        failed = failure(mistaken, user=USER, secret=SECRET)
    assert str(failed) == "the mail server cannot be used: SSLCertVerificationError"
    assert failed.retryable
    assert inbox.taken == []


def test_nothing_is_sent_in_the_clear_because_a_server_offers_no_tls() -> None:
    inbox = Inbox()
    with mail_server(inbox, Security.NONE) as server:
        failed = failure(MailServer(server.port, Security.STARTTLS, server.trusts), user=USER, secret=SECRET)
    assert (str(failed), failed.retryable) == ("the mail server cannot be used: SMTPNotSupportedError", True)
    assert inbox.taken == []


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        ("421 4.3.2 shutting down", True),
        ("450 4.2.1 alice is greylisted", True),
        ("451 4.7.1 try later", True),
        ("452 4.5.3 too many", True),
        ("550 5.7.1 spam for alice@mail.example", False),
        ("554 no", False),
    ],
)
def test_a_server_says_whether_another_try_can_help(answer: str, *, retryable: bool) -> None:
    said = answer[:9] if answer[4] == answer[0] else answer[:3]
    with mail_server(Inbox(answer=answer)) as server:
        failed = failure(server)
    assert (str(failed), failed.retryable) == (f"the mail server says {said}", retryable)
    with mail_server(Inbox(refused={"alice@mail.example": answer})) as server:
        failed = failure(server)
    assert (str(failed), failed.retryable) == (f"the mail server refuses the recipient: {said}", retryable)


def test_a_temporarily_refused_recipient_is_retried_and_a_permanently_refused_one_is_not() -> None:
    for answer, retryable in (("450 4.2.1 later", True), ("550 5.1.1 nobody", False)):
        inbox = Inbox(refused={"bob@mail.example": answer})
        with mail_server(inbox) as server:
            failed = failure(server, to=TWO)
        assert str(failed) == f"the mail server refuses 1 of 2 recipients: {answer[:9]}"
        assert failed.retryable == retryable
        assert inbox.taken[0].rcpt_tos == ["alice@mail.example"]


def test_one_who_may_be_accepted_later_is_reason_enough_to_try_again() -> None:
    with mail_server(Inbox(refused={TWO[0]: "550 5.1.1 nobody", TWO[1]: "450 4.2.1 later"})) as server:
        assert failure(server, to=TWO).retryable


def test_a_mail_whose_answer_is_lost_is_sent_again_with_the_same_message_id() -> None:
    inbox = Inbox(answers=[""])
    with mail_server(inbox) as server:
        failed = failure(server)
        server.transport().send(A_MAIL, KEY)
    assert (str(failed), failed.retryable) == ("the mail server cannot be used: SMTPServerDisconnected", True)
    first, second = inbox.mails
    assert first.as_bytes() == second.as_bytes()


def test_nobody_listens() -> None:
    with mail_server(Inbox()) as server:
        pass
    assert (str(failure(server)), failure(server).retryable) == (
        "the mail server cannot be used: ConnectionRefusedError",
        True,
    )


async def _say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"2")
        await asyncio.sleep(0.01)


async def _hang_at_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 hello\r\n")
    await asyncio.Event().wait()


async def _talk_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def _leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


@pytest.mark.parametrize("talk", [_say_nothing, _drip, _hang_at_hello, _talk_nonsense, _leave])
def test_a_server_that_is_none_is_given_up_in_time_and_tried_again(talk: Talk) -> None:
    with talking(talk) as server:
        begun = time.monotonic()
        assert failure(server, seconds_max=0.3).retryable
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("key", [KEY, "k" * 255])
def test_resend_is_given_a_key_by_smtp_too_and_nobody_else_is(key: str) -> None:
    def header(host: str) -> str | None:
        message = SmtpTransport(SmtpServer(host, 587, Security.STARTTLS, None, None)).message(A_MAIL, key)
        lines = message.as_bytes().decode().split("\r\n")
        return next((line for line in lines if line.startswith(f"{RESEND_KEY}: ")), None)

    assert header(RESEND_HOST) == f"{RESEND_KEY}: {short_name(key)}"
    assert header("smtp.other.example") is None


def test_no_repr_shows_the_secret() -> None:
    transport = SmtpTransport(SmtpServer("smtp.example", 587, Security.STARTTLS, USER, SECRET))
    assert SECRET not in repr(transport)


@pytest.mark.parametrize("hello", [b"554 5.7.1 go away\r\n", b"421 4.3.2 later\r\n"])
def test_a_server_that_refuses_to_talk_says_whether_another_try_can_help(hello: bytes) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(hello)

    with talking(refuse) as server:
        assert failure(server).retryable == hello.startswith(b"4")
