"""The emulators start whatever else runs, pass exit codes on, and leave no process."""

import contextlib
import http.client
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import reaper, suite, toolchain
from tools.emulators import PROJECT, run_inside, running

DOUBLE = Path(__file__).with_name("firebase_double.py")


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder of the test's own: the real one belongs to the suite that the tests run in."""
    monkeypatch.setattr(suite, "BUILD", tmp_path / "build")
    for variable in ("FIRESTORE_PORT", "FUNCTIONS_PORT"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "build"


@pytest.fixture
def double(build: Path, tmp_path: Path, free_ports: Iterator[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A double of the Firebase tools, which starts in no time."""
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\nexec {sys.executable} {DOUBLE}\n")
    node.chmod(0o755)
    monkeypatch.setattr(toolchain, "find_node", lambda: node)
    monkeypatch.setattr(toolchain, "find_java", lambda: node)
    monkeypatch.setattr(toolchain, "find_firestore_emulator", lambda: None)
    monkeypatch.setattr(suite, "FIREBASE", DOUBLE)
    usual = {"firestore": next(free_ports), "functions": next(free_ports)}
    monkeypatch.setattr(suite, "usual_ports", lambda: usual)


def a_listener(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


@pytest.mark.usefixtures("double")
def test_the_emulators_are_on_the_usual_ports_while_these_are_free(capsys: pytest.CaptureFixture[str]) -> None:
    usual = suite.usual_ports()
    with running({}) as up:
        assert (up.firestore_port, up.functions_port) == (usual["firestore"], usual["functions"])
    assert not capsys.readouterr().err
    with a_listener(usual["firestore"]), running({}) as up:
        assert up.firestore_port != usual["firestore"]
        assert up.functions_port == usual["functions"]
    moved = f"The Firestore emulator is on port {up.firestore_port} instead of {usual['firestore']}.\n"
    assert capsys.readouterr().err == moved


def test_the_usual_ports_are_firebase_jsons() -> None:
    assert suite.usual_ports() == {"firestore": 8080, "functions": 5001}


@pytest.mark.usefixtures("double")
def test_the_emulators_are_on_the_ports_that_are_named(
    free_ports: Iterator[int], capsys: pytest.CaptureFixture[str]
) -> None:
    firestore, functions = next(free_ports), next(free_ports)
    with running({"FIRESTORE_PORT": str(firestore), "FUNCTIONS_PORT": str(functions)}) as up:
        assert (up.firestore_port, up.functions_port) == (firestore, functions)
    assert not capsys.readouterr().err


@pytest.mark.usefixtures("double")
def test_two_suites_of_one_checkout_are_up_at_once_each_with_its_log(build: Path) -> None:
    with running({}) as one, running({}) as other:
        assert len({one.firestore_port, one.functions_port, other.firestore_port, other.functions_port}) == 4
        assert one.log != other.log
        assert (build / "emulators.log").resolve() == other.log
        for up in (one, other):
            assert "ready" in up.log.read_text()
            assert status_of("GET", up.functions_host, "/backends") == 200


@pytest.mark.parametrize(
    ("ends_with", "code"),
    [("sys.exit(0)", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL)],
)
def test_the_commands_exit_code_is_passed_on(ends_with: str, code: int) -> None:
    assert run_inside([sys.executable, "-c", f"import os, signal, sys; {ends_with}"], os.environ) == code


@pytest.mark.usefixtures("build")
def test_the_suite_answers_within_and_leaves_no_process_after() -> None:
    # Other tests may have left helpers of their own, which end with pytest.
    before = set(reaper.descendants(os.getpid()))
    with running({}) as up:
        # Starts a worker, the kind of process that outlives its emulator.
        assert status_of("GET", up.functions_host, f"/{PROJECT}/us-central1/stripeWebhook") == 405
        assert status_of("GET", up.firestore_host, "/") == 200
        started = set(reaper.descendants(os.getpid())) - before
        assert len(started) >= 5, "the reaper, Node, Java, and a worker's two"
    assert not started & set(reaper.living_processes())


def status_of(method: str, host: str, path: str) -> int:
    connection = http.client.HTTPConnection(host, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path)
        return connection.getresponse().status
