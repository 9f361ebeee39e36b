"""The token from an instance's metadata server, and when that is the one to ask."""

import json
import time
from collections.abc import Iterator

import pytest

from database import metadata_server
from database.metadata_server import is_there, token_from_metadata
from orders.outcome import StoreUnavailable
from tests.support.scripted_server import Hangup, Request, ScriptedServer, http_answer, listening

SCOPE = "https://www.googleapis.com/auth/datastore"
GIVEN = {"access_token": "a-token", "expires_in": 3_599, "token_type": "Bearer"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with listening(ScriptedServer(lambda _: [http_answer(json.dumps(GIVEN).encode())])) as server:
        monkeypatch.setenv("GCE_METADATA_HOST", server.origin.removeprefix("http://"))
        yield server


def test_it_gives_the_token_of_the_instances_own_account(server: ScriptedServer) -> None:
    token = token_from_metadata(SCOPE)
    assert token.headers == {"Authorization": "Bearer a-token"}
    assert token.expires_at - time.time() == pytest.approx(3_599, abs=60)
    (request,) = server.requests
    assert (request.method, request.headers["Metadata-Flavor"]) == ("GET", "Google")
    assert request.path == f"/computeMetadata/v1/instance/service-accounts/default/token?scopes={SCOPE}"


def hung_up(_: Request) -> Iterator[bytes]:
    yield b""
    raise Hangup


def in_json(content: object) -> list[bytes]:
    return [http_answer(json.dumps(content).encode())]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: [http_answer(json.dumps(GIVEN).encode(), 503)],
        lambda _: [http_answer(b"a-token")],
        lambda _: in_json(["a-token"]),
        lambda _: in_json({"access_token": "a-token"}),
        lambda _: in_json({**GIVEN, "expires_in": "a-token"}),
        hung_up,
    ],
    ids=["refuses", "no JSON", "no object", "without its end", "with another end", "hangs up"],
)
def test_any_other_answer_is_no_token_and_nothing_of_it_is_said(server: ScriptedServer, answer: object) -> None:
    server.answer = answer  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable, match="metadata server") as unavailable:
        token_from_metadata(SCOPE)
    assert "a-token" not in str(unavailable.value)


def test_it_is_not_waited_for_without_end(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_server, "SECONDS_MAX", 0.05)
    server.answer = lambda _: server.hang()
    with pytest.raises(StoreUnavailable, match="TimeoutError"):
        token_from_metadata(SCOPE)


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({"K_SERVICE": "stripewebhook"}, True),
        ({}, False),
        ({"K_SERVICE": "stripewebhook", "FUNCTIONS_EMULATOR": "true"}, False),
        ({"K_SERVICE": "stripewebhook", "GOOGLE_APPLICATION_CREDENTIALS": "key.json"}, False),
    ],
)
def test_it_is_asked_where_there_is_one_and_no_other_credentials_are_named(
    environment: dict[str, str], *, there: bool
) -> None:
    assert is_there(environment) is there
