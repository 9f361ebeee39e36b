"""The page and the console are served with the open shop's addresses."""

import json
from collections.abc import Iterator

import pytest

from tests.support import http_client
from tools import addresses, console, page, site
from tools.addresses import Addresses
from tools.console import FIREBASE_HOSTS, POLICY, hosted_headers
from tools.toolchain import ROOT
from tools.web_sdk import CONSOLE

SHOP = Addresses(firestore="127.0.0.1:1", functions="127.0.0.1:2", auth="127.0.0.1:3", stripe="127.0.0.1:4")


def test_the_page_learns_where_firebase_is_and_may_speak_to_nobody_else(free_ports: Iterator[int]) -> None:
    with site.served(page.site_for(SHOP), next(free_ports)) as address:
        answer = http_client.request(f"{address}/config.json")
        markup = http_client.request(f"{address}/")
    assert json.loads(answer.body) == {
        "firebase": {"projectId": "demo-shop", "apiKey": "any"},
        "emulators": {"firestore": "127.0.0.1:1", "auth": "127.0.0.1:3", "functions": "127.0.0.1:2"},
    }
    assert b"<title>" in markup.body
    policy = markup.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"} <= set(policy)
    assert "connect-src 'self' http://127.0.0.1:1 http://127.0.0.1:3 http://127.0.0.1:2" in policy


def test_the_console_is_served_here_as_firebase_hosting_serves_it_but_for_whom_it_speaks_to(
    free_ports: Iterator[int],
) -> None:
    with site.served(console.site_for(SHOP), next(free_ports)) as address:
        markup = http_client.request(f"{address}/")
        configured = http_client.request(f"{address}/__/firebase/init.json")
    hosted = hosted_headers()
    assert json.loads(configured.body)["projectId"] == "demo-shop"
    assert {name: markup.headers[name] for name in hosted if name not in (POLICY, "Cache-Control")} == {
        name: value for name, value in hosted.items() if name not in (POLICY, "Cache-Control")
    }
    here, there = directives(markup.headers[POLICY]), directives(hosted[POLICY])
    assert here.pop("connect-src") == {"'self'", "http://127.0.0.1:1", "http://127.0.0.1:3"}
    assert there.pop("connect-src") == {"'self'", *FIREBASE_HOSTS}
    assert here == there
    assert there["default-src"] == {"'none'"}
    assert there["trusted-types"] == {"lit-html"}
    assert there["require-trusted-types-for"] == {"'script'"}
    assert not [each for each in set().union(*there.values()) if each.startswith("'unsafe") or "*" in each]


def test_what_the_console_loads_of_others_is_there_before_it_is_deployed() -> None:
    hosting = json.loads((ROOT / "firebase.json").read_text())["hosting"]
    assert hosting["predeploy"] == ["python3 -m tools.web_sdk"]
    assert (hosting["target"], ROOT / hosting["public"]) == ("console", CONSOLE)


def directives(policy: str) -> dict[str, set[str]]:
    return {name: set(values) for name, *values in (part.split() for part in policy.split("; "))}


def test_a_named_port_that_is_taken_or_does_not_exist_is_refused(
    free_ports: Iterator[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(addresses, "found", lambda _environment, _build: SHOP)
    what = page.site_for(SHOP)
    with site.server(what, next(free_ports), 0) as taken:
        with site.server(what, None, taken.server_port) as elsewhere:
            assert elsewhere.server_port != taken.server_port
        for port in (taken.server_port, 65_536):
            monkeypatch.setenv("PAGE_PORT", str(port))
            assert page.main() == 1
            assert capsys.readouterr().err.startswith(f"PAGE_PORT={port} cannot be used: ")
