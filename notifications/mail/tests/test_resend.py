"""Mail by Resend: the request, and what each answer means."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from effects.outside import Failed
from notifications.mail.mail import Mail, Sender
from notifications.mail.resend import ORIGIN, ResendTransport, resend_with
from notifications.mail.tests.mails import A_MAIL, KEY, a_mail
from notifications.mail.tests.resend_api import SECRET, refusal, resend
from service.environment import SettingsError
from tests.support.provider import Provider, Trouble, open_for_requests
from tests.support.scripted_server import http_answer


@pytest.fixture
def provider() -> Iterator[Provider]:
    with open_for_requests(resend()) as provider:
        yield provider


def send(provider: Provider, mail: Mail = A_MAIL, secret: str = SECRET) -> None:
    ResendTransport(secret, provider.origin).send(mail, KEY)


def failure(provider: Provider, secret: str = SECRET) -> Failed:
    with pytest.raises(Failed) as failed:
        send(provider, secret=secret)
    # Neither reveals the recipient or the secret.
    assert "alice" not in str(failed.value)
    assert SECRET not in str(failed.value)
    return failed.value


def test_it_is_asked_for_the_mail_under_its_key(provider: Provider) -> None:
    send(provider, a_mail(sender=Sender("Müller, Köln", "orders@shop.example"), reply_to="help@shop.example"))
    asked = {
        "from": '"Müller, Köln" <orders@shop.example>',
        "to": ["alice@mail.example"],
        "reply_to": "help@shop.example",
        "subject": "Your order order-1 is paid",
        "text": "Thank you.\n",
        "html": "<p>Thank you.</p>\n",
        "headers": {"Auto-Submitted": "auto-generated"},
    }
    assert provider.taken == [(KEY, asked)]


@pytest.mark.parametrize("trouble", Trouble)
def test_a_mail_whose_answer_is_lost_is_asked_for_again_in_the_same_words_and_so_sent_once(
    provider: Provider, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.posting.ANSWER_SECONDS_MAX", 0.1)
    provider.script = [trouble]
    failed = failure(provider)
    assert failed.retryable and str(failed).startswith("Resend ")
    send(provider)
    first, again = provider.taken
    assert first == again


def test_another_mail_under_the_same_key_is_refused_for_good(provider: Provider) -> None:
    send(provider, a_mail(subject="another"))
    failed = failure(provider)
    assert (str(failed), failed.retryable) == ("Resend answers 409 (invalid_idempotent_request)", False)


def test_a_wrong_key_is_refused_for_good(provider: Provider) -> None:
    failed = failure(provider, secret="re_wrong")
    assert (str(failed), failed.retryable) == ("Resend answers 401 (validation_error)", False)


@pytest.mark.parametrize(
    ("code", "name", "header", "retryable", "pause"),
    [
        (409, "concurrent_idempotent_requests", "", True, None),
        (429, "rate_limit_exceeded", "Retry-After: 7", True, timedelta(seconds=7)),
        (429, "daily_quota_exceeded", "Retry-After: 86400", True, timedelta(days=1)),
        (429, "rate_limit_exceeded", "Retry-After: soon", True, None),
        (500, "application_error", "", True, None),
        (422, "invalid_from_address", "", False, None),
        (302, "moved", "Location: http://127.0.0.1:1/", False, None),
    ],
)
def test_resend_says_whether_another_try_can_help_and_how_long_to_wait(
    provider: Provider, code: int, name: str, header: str, *, retryable: bool, pause: timedelta | None
) -> None:
    provider.script = [refusal(code, name, *filter(None, [header]))]
    failed = failure(provider)
    assert (str(failed), failed.retryable) == (f"Resend answers {code} ({name})", retryable)
    assert failed.retry_after == pause


@pytest.mark.parametrize("said", [b"", b"<html>", b"[]", b"{}", b'{"id": 7}', b"\xff", b'{"name": "Alice <alice>"}'])
def test_an_answer_that_is_not_resends_is_none(provider: Provider, said: bytes) -> None:
    provider.script = [http_answer(said)]
    failed = failure(provider)
    assert (str(failed), failed.retryable) == ("Resend answers 200 (no reason given)", True)


def test_nobody_listens() -> None:
    with open_for_requests(resend()) as gone:
        pass
    failed = failure(gone)
    assert (str(failed), failed.retryable) == ("Resend does not answer: ConnectionError", True)


def test_without_a_key_nothing_can_be_sent_and_no_repr_shows_it() -> None:
    with pytest.raises(SettingsError, match="MAIL_SECRET must be a key for Resend's API"):
        resend_with(None)
    assert resend_with(SECRET).origin == ORIGIN
    assert SECRET not in repr(resend_with(SECRET))
