"""Posts are signed, and every answer is put into words."""

import json
from collections.abc import Mapping

import pytest

from tests.support.signing import SECRET
from tools import deliveries
from tools.deliveries import OtherSecret, deliver
from tools.posting import Answer, NotAnswered, post
from webhooks.signing_secrets import EMULATORS_SECRET

FORGED = b'{"error": "signature verification failed"}'


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, b'{"result": "first_time_finalized"}'), "200 first_time_finalized"),
        (Answer(200, b'{"result": "ignored", "reason": "no order id"}'), "200 ignored: no order id"),
        (Answer(400, FORGED), "400 signature verification failed"),
        (Answer(500, b"<html>Internal Server Error\n"), "500 <html>Internal Server Error"),
        (Answer(502, b"\xff" * 100), "502 " + "\N{REPLACEMENT CHARACTER}" * 80),
        (Answer(200, b"[]"), "200 []"),
        (Answer(204, b""), "204 "),
    ],
)
def test_an_answer_in_words(answer: Answer, words: str) -> None:
    assert str(answer) == words


def answered(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[Mapping[str, str]]:
    """Every post gets this answer; returns the posted headers."""
    posted: list[Mapping[str, str]] = []

    def answer_it(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        assert json.loads(body) == {"id": "evt_1"}
        posted.append(headers)
        return answer

    monkeypatch.setattr(deliveries, "post", answer_it)
    return posted


def test_an_event_is_posted_signed_and_its_answer_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    posted = answered(monkeypatch, Answer(200, b"{}"))
    assert deliver("http://here", {"id": "evt_1"}) == Answer(200, b"{}")
    ((name, signature),) = posted[0].items()
    assert (name, signature[:2], ",v1=" in signature) == ("Stripe-Signature", "t=", True)


def test_a_webhook_that_knows_another_secret_alone_is_told_apart_from_a_forgery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered(monkeypatch, Answer(400, FORGED))
    assert deliver("http://here", {"id": "evt_1"}, "whsec_of_a_forger").status == 400
    with pytest.raises(OtherSecret, match=r"STRIPE_WEBHOOK_SECRET=whsec_test_secret,whsec_\.\.\. "):
        deliver("http://here", {"id": "evt_1"})


def test_the_emulators_secret_has_one_value() -> None:
    assert EMULATORS_SECRET == SECRET


def test_nobody_who_answers_is_an_error_that_names_the_address() -> None:
    with pytest.raises(NotAnswered, match=r"^There was no answer from http://127\.0\.0\.1:1/: "):
        post("http://127.0.0.1:1/")
