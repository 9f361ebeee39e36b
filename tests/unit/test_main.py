"""Entry points are built once, whoever calls, and garbage collection is not stopped for good."""

import gc
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import functions_framework
import pytest
from flask import Flask, make_response, request

import main
from service.environment import SettingsError
from service.wiring import service_from
from tools.toolchain import ROOT


def test_an_entry_point_is_built_once_though_many_ask() -> None:
    start, second = threading.Barrier(8), threading.Event()
    begun: list[int] = []

    def build() -> object:
        begun.append(1)
        if len(begun) > 1:
            second.set()
        # Long enough for another thread to enter, if any could.
        second.wait(0.2)
        return object()

    built = main._built_once(build)

    def ask(_: int) -> object:
        start.wait(timeout=10)
        return built()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert len(begun) == 1


def test_an_entry_point_that_needs_another_builds_it_first() -> None:
    inner = main._built_once(lambda: ["inner"])
    assert main._built_once(lambda: [*inner(), "outer"])() == ["inner", "outer"]


def test_an_entry_point_that_could_not_be_built_is_tried_again() -> None:
    tries = iter([False, True])

    def build() -> str:
        if not next(tries):
            raise SettingsError("a setting is missing")
        return "built"

    built = main._built_once(build)
    with pytest.raises(SettingsError):
        built()
    assert gc.isenabled()
    assert built() == "built"


def test_a_delivery_while_a_secret_is_wrongly_deployed_is_answered_500_and_wakes_somebody_and_reveals_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = f"whsec_{'1' * 32}"
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", f'{secret},"{secret}"')
    monkeypatch.setattr(main, "_service", main._built_once(lambda: service_from(os.environ)))
    with Flask("shop").test_request_context(method="POST", data=b"{}"):
        answer = make_response(main.stripe_webhook(request))
    assert (answer.status_code, answer.get_json()) == (500, {"error": "this endpoint is not configured"})
    line = json.loads(capsys.readouterr().out)
    defect = "SettingsError: STRIPE_WEBHOOK_SECRET: the 2nd secret has quotes around it or in it"
    assert (line["severity"], line["message"], line["status"]) == ("CRITICAL", defect, 500)
    assert secret not in f"{answer.data!r}{line}"


@pytest.mark.parametrize(("target", "status"), [("stripe_webhook", 405), ("create_checkout", 404)])
def test_nothing_of_the_framework_is_between_the_server_and_the_webhook(
    target: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "main", main)
    served = functions_framework.create_app(target, str(ROOT / "main.py"))  # type: ignore[no-untyped-call]
    # The framework answers for this path itself.
    assert served.test_client().get("/favicon.ico").status_code == status


def test_garbage_is_searched_for_but_not_while_an_entry_point_is_built() -> None:
    assert gc.isenabled()
    assert not main._built_once(gc.isenabled)()
    assert gc.isenabled()


def test_garbage_is_searched_for_once_in_many_deliveries() -> None:
    # Python's default is 700, and one delivery allocates several times as much.
    assert gc.get_threshold()[0] == 20_000


def test_garbage_is_not_searched_for_after_an_entry_point_has_built_another() -> None:
    inner = main._built_once(object)
    assert not main._built_once(lambda: (inner(), gc.isenabled())[1])()
    assert gc.isenabled()


def test_what_was_made_by_then_is_never_searched_again() -> None:
    gc.unfreeze()
    main._built_once(object)()
    assert gc.get_freeze_count() > 0
