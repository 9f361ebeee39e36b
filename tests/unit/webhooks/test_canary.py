"""The canary: the real endpoint accepts its delivery, nothing changes, and any other answer is logged."""

import json
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask, request

from database.ids import can_be_settled
from orders.outcome import StoreUnavailable
from service.logs import LOGGED_CHARACTERS_MAX
from tests.support.builders import NOW, a_reserved_order
from tests.support.recording import RecordingLog, RecordingSettlement
from tests.support.scripted_server import Request, ScriptedServer, http_answer, listening
from tests.support.settling import settling_on
from tests.support.shop import a_shop
from tests.support.signing import SECRET, signature_of
from tests.support.watched_endpoint import WatchedEndpoint, delivered
from tools.toolchain import ROOT
from webhooks.canary import Canary, NotAnswered, posted
from webhooks.signing_secrets import SigningSecret

URL = "https://shop.example/stripeWebhook"
IGNORED = b'{"result": "ignored"}'


@dataclass
class Answers:
    """What is posted, and the answers."""

    status: int = 200
    body: bytes = IGNORED
    posted: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        self.posted.append((url, body, headers))
        return self.status, self.body


def nobody_answers(url: str, _body: bytes, _headers: Mapping[str, str]) -> tuple[int, bytes]:
    raise NotAnswered("TimeoutError: " + "x" * 2_000)


def a_canary(post: Any = None, **changes: Any) -> Canary:
    log = RecordingLog()
    ticks = iter([1.0, 1.25041])
    canary = Canary(URL, (SigningSecret(SECRET),), post or Answers(), log, lambda: NOW, lambda: next(ticks))
    return replace(canary, **changes)


def sent(canary: Canary, method: str = "POST") -> tuple[int, list[dict[str, Any]]]:
    """One run's status, and its log lines."""
    with Flask("shop").test_request_context("/", method=method):
        return canary.respond(request).status_code, canary.log.lines  # type: ignore[attr-defined]


def posting_to(endpoint: WatchedEndpoint) -> Any:
    def post(_url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        answer = delivered(body, endpoint, **{"Stripe-Signature": headers["Stripe-Signature"]})
        return answer.status_code, answer.data

    return post


@pytest.mark.parametrize("livemode", [None, True, False])
def test_the_webhook_takes_it_with_a_secret_for_either_mode_and_writes_nothing(*, livemode: bool | None) -> None:
    shop = a_shop(a_reserved_order(), reserved=3)
    before, secrets = shop.dump(), (SigningSecret(SECRET, livemode), SigningSecret("whsec_old"))
    endpoint = WatchedEndpoint(settling_on(shop), secrets)  # type: ignore[arg-type]
    status, (line,) = sent(a_canary(posting_to(endpoint), secrets=secrets))
    assert (status, line) == (
        200,
        {
            "severity": "INFO",
            "message": "the canary's delivery was answered as it should be",
            "result": "canary",
            "latencyMs": 250.4,
        },
    )
    assert (endpoint.line["result"], endpoint.line["eventType"]) == ("ignored", "canary")
    assert shop.dump() == before


def test_it_asks_about_an_order_that_can_be_settled_and_that_the_rules_let_nobody_create() -> None:
    sent(a_canary(posting_to(endpoint := WatchedEndpoint())))
    ((event, _),) = endpoint.settlement.settled
    (permitted,) = re.findall(r"orderId\.matches\('(.+)'\)", (ROOT / "firestore.rules").read_text())
    assert can_be_settled(event.order_id)
    assert not re.fullmatch(permitted, event.order_id)


@pytest.mark.parametrize(
    ("endpoint", "answered"),
    [
        (WatchedEndpoint(RecordingSettlement(StoreUnavailable("down"))), '503: {"error": "not settled yet'),
        (WatchedEndpoint(secrets=(SigningSecret("whsec_other"),)), '400: {"error": "signature verification failed"}'),
        (WatchedEndpoint(secrets=()), '500: {"error": "this endpoint is not configured"}'),
    ],
    ids=["no database", "another secret", "no secret"],
)
def test_it_fails_where_a_payment_would(endpoint: WatchedEndpoint, answered: str) -> None:
    status, (line,) = sent(a_canary(posting_to(endpoint)))
    assert (status, line["severity"], line["result"]) == (500, "ERROR", "canary_failed")
    assert line["message"].startswith(f"the canary's delivery was answered {answered}")
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize(
    "answers",
    [
        Answers(200, b"<html>parked</html>"),
        Answers(200, b"[]"),
        Answers(200, b'{"result": "x"}'),
        Answers(200, b"\xff"),
        Answers(404, IGNORED),
    ],
    ids=repr,
)
def test_an_answer_that_is_not_the_webhooks_is_no_proof(answers: Answers) -> None:
    status, (line,) = sent(a_canary(answers))
    assert (status, line["result"]) == (500, "canary_failed")
    assert (
        line["message"]
        == f"the canary's delivery was answered {answers.status}: {answers.body.decode(errors='replace')}"
    )


def test_no_answer_at_all_is_logged_with_its_reason() -> None:
    status, (line,) = sent(a_canary(nobody_answers))
    assert (status, line["result"]) == (500, "canary_failed")
    assert line["message"].startswith("the canary's delivery was not answered: TimeoutError: xx")
    assert len(line["message"]) < LOGGED_CHARACTERS_MAX + 50


def test_without_a_secret_nothing_is_delivered() -> None:
    answers = Answers()
    status, (line,) = sent(a_canary(answers, secrets=()))
    assert (status, line["result"], answers.posted) == (500, "canary_failed", [])
    assert line["message"] == "the canary's delivery cannot be signed: STRIPE_WEBHOOK_SECRET is not set"


def test_without_an_address_it_is_off_and_nobody_is_woken() -> None:
    answers = Answers()
    status, (line,) = sent(a_canary(answers, url=None))
    assert (status, answers.posted) == (200, [])
    message = "CANARY_URL is not set: nothing is delivered"
    assert line == {"severity": "INFO", "message": message, "result": "canary_off"}


def test_nothing_is_delivered_to_a_request_that_is_not_the_schedulers() -> None:
    answers = Answers()
    assert sent(a_canary(answers), "GET") == (405, [])
    assert answers.posted == []
    with Flask("shop").test_request_context(method="GET"):
        response = a_canary(answers).respond(request)
    assert (response.headers["Allow"], response.json) == ("POST", {"error": "only POST is served here"})


def test_it_delivers_to_the_address_that_is_set_with_the_secret_that_stays_while_one_is_rolled() -> None:
    answers = Answers()
    sent(a_canary(answers, secrets=(SigningSecret(SECRET), SigningSecret("whsec_old"))))
    ((url, body, headers),) = answers.posted
    assert url == URL
    assert headers == {"Content-Type": "application/json", "Stripe-Signature": signature_of(body)}
    assert json.loads(body) == {
        "id": f"evt_canary_{int(NOW.timestamp())}",
        "object": "event",
        "type": "canary",
        "created": int(NOW.timestamp()),
        "livemode": False,
        "data": {"object": {}},
    }


@pytest.mark.parametrize("code", [200, 503])
def test_it_posts_what_is_signed_and_reads_the_beginning_of_whatever_is_answered(code: int) -> None:
    with listening(ScriptedServer(lambda _request: [http_answer(b"x" * 2_000, code)])) as server:
        assert posted(server.origin, b"{}", {"Stripe-Signature": "t=1"}) == (code, b"x" * 1_000)
    (asked,) = server.requests
    assert (asked.method, asked.body, asked.headers["Stripe-Signature"]) == ("POST", b"{}", "t=1")


def test_it_waits_for_no_answer_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.canary.ANSWER_SECONDS_MAX", 0.05)

    def answer(_request: Request) -> Iterable[bytes]:
        return server.hang()

    server = ScriptedServer(answer)
    with listening(server), pytest.raises(NotAnswered, match=r"^TimeoutError: "):
        posted(server.origin, b"{}", {})


def test_a_server_that_nobody_runs_does_not_answer() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NotAnswered, match=r"^URLError: .*Connection refused"):
            posted(f"http://127.0.0.1:{free.getsockname()[1]}/", b"{}", {})


def test_the_canary_does_not_show_its_secrets() -> None:
    assert SECRET not in repr(a_canary())
