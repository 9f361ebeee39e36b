"""The page is served with the addresses of the shop that is open."""

import json
import threading
from collections.abc import Iterator

import pytest

from tests.support import http_client
from tools import addresses, page
from tools.addresses import Addresses

SHOP = Addresses(firestore="127.0.0.1:1", functions="127.0.0.1:2", auth="127.0.0.1:3", stripe="127.0.0.1:4")


@pytest.fixture
def port(free_ports: Iterator[int]) -> Iterator[int]:
    """Where the page is served."""
    with page.server(SHOP, next(free_ports)) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_the_page_learns_where_firebase_is_and_may_speak_to_nobody_else(port: int) -> None:
    answer = http_client.request(f"http://127.0.0.1:{port}/config.json")
    assert json.loads(answer.body) == {
        "firebase": {"projectId": "demo-shop", "apiKey": "any"},
        "emulators": {"firestore": "127.0.0.1:1", "auth": "127.0.0.1:3"},
    }
    markup = http_client.request(f"http://127.0.0.1:{port}/")
    assert b"<title>" in markup.body
    policy = markup.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"} <= set(policy)
    assert "connect-src 'self' http://127.0.0.1:1 http://127.0.0.1:3" in policy


def test_a_port_that_is_taken_is_refused_if_it_was_named(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(addresses, "found", lambda _environment, _build: SHOP)
    monkeypatch.setattr(page, "PORT", port)
    with page.server(SHOP, None) as elsewhere:
        assert elsewhere.server_port != port
    monkeypatch.setenv("PAGE_PORT", str(port))
    assert page.main() == 1
    assert capsys.readouterr().err.startswith(f"PAGE_PORT={port} cannot be used: ")
