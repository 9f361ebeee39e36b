"""Mail by Resend: what it is asked, and what each of its answers means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from effects.outside import Failed
from notifications.mail.mail import Sender
from notifications.mail.resend import ORIGIN, ResendTransport, resend_with
from notifications.mail.tests.mails import A_MAIL, KEY, a_mail
from notifications.mail.tests.resend_server import LOST, MISSING, SECRET, Answer, Resend, listening, refusal
from service.environment import SettingsError


def failure(transport: ResendTransport) -> Failed:
    with pytest.raises(Failed) as failed:
        transport.send(A_MAIL, KEY)
    # Neither says anything of the recipient or the secret.
    assert "alice" not in str(failed.value)
    assert SECRET not in str(failed.value)
    return failed.value


def test_it_is_asked_for_the_mail_under_its_key() -> None:
    resend = Resend()
    mail = a_mail(sender=Sender("Müller, Köln", "orders@shop.example"), reply_to="help@shop.example")
    with listening(resend) as transport:
        transport.send(mail, KEY)
    assert resend.sent == {
        KEY: {
            "from": '"Müller, Köln" <orders@shop.example>',
            "to": ["alice@mail.example"],
            "reply_to": "help@shop.example",
            "subject": "Your order order-1 is paid",
            "text": "Thank you.\n",
            "html": "<p>Thank you.</p>\n",
            "headers": {"Auto-Submitted": "auto-generated"},
        }
    }


@pytest.mark.parametrize("trouble", [LOST, MISSING])
def test_a_mail_whose_answer_is_lost_is_asked_for_again_and_sent_once(trouble: int) -> None:
    resend = Resend(troubles=[trouble])
    with listening(resend) as transport:
        failed = failure(transport)
        transport.send(A_MAIL, KEY)
    assert (str(failed), failed.retryable) == ("Resend does not answer: ConnectionError", True)
    assert (resend.asked, list(resend.sent)) == ([KEY, KEY], [KEY])


def test_another_mail_under_the_same_key_is_refused_for_good() -> None:
    with listening(Resend()) as transport:
        transport.send(a_mail(subject="another"), KEY)
        failed = failure(transport)
    assert (str(failed), failed.retryable) == ("Resend answers 409 (invalid_idempotent_request)", False)


def test_a_wrong_key_is_refused_for_good() -> None:
    with listening(Resend()) as transport:
        failed = failure(replace(transport, secret="re_wrong"))
    assert (str(failed), failed.retryable) == ("Resend answers 401 (validation_error)", False)


@pytest.mark.parametrize(
    ("answer", "retryable", "pause"),
    [
        (refusal(409, "concurrent_idempotent_requests"), True, None),
        (refusal(429, "rate_limit_exceeded", Retry_After="7"), True, 7),
        (refusal(429, "daily_quota_exceeded", Retry_After="86400"), True, 86_400),
        (refusal(429, "rate_limit_exceeded", Retry_After="soon"), True, None),
        (refusal(429, "rate_limit_exceeded"), True, None),
        (refusal(500, "application_error"), True, None),
        (refusal(503, "service_unavailable"), True, None),
        (refusal(408, "timeout"), True, None),
        (refusal(400, "validation_error"), False, None),
        (refusal(401, "restricted_api_key"), False, None),
        (refusal(403, "invalid_api_key"), False, None),
        (refusal(422, "invalid_from_address"), False, None),
        (refusal(451, "security_error"), False, None),
        (refusal(302, "moved", Location="http://127.0.0.1:1/"), False, None),
    ],
)
def test_resend_says_whether_another_try_can_help_and_how_long_to_wait(
    answer: Answer, *, retryable: bool, pause: int | None
) -> None:
    with listening(Resend(troubles=[answer])) as transport:
        failed = failure(transport)
    assert failed.retryable == retryable
    assert failed.retry_after == (None if pause is None else timedelta(seconds=pause))
    assert str(failed).startswith(f"Resend answers {answer[0]} (")


@pytest.mark.parametrize("said", [b"", b"<html>", b"[]", b"{}", b'{"id": 7}', b"\xff", b'{"name": "Alice <alice>"}'])
def test_an_answer_that_is_not_resends_is_none(said: bytes) -> None:
    with listening(Resend(troubles=[(200, {}, said)])) as transport:
        failed = failure(transport)
    assert (str(failed), failed.retryable) == ("Resend answers 200 (no reason given)", True)


def test_nobody_waits_for_resend_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.posting.ANSWER_SECONDS_MAX", 0.1)
    resend = Resend()
    resend.may_answer.clear()
    with listening(resend) as transport:
        failed = failure(transport)
    assert failed.retryable


def test_nobody_listens() -> None:
    with listening(Resend()) as transport:
        pass
    assert failure(transport).retryable


def test_without_a_key_nothing_can_be_sent_and_no_repr_shows_it() -> None:
    with pytest.raises(SettingsError, match="MAIL_SECRET must be a key for Resend's API"):
        resend_with(None)
    assert resend_with(SECRET).origin == ORIGIN
    assert SECRET not in repr(resend_with(SECRET))
