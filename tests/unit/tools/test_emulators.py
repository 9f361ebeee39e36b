"""The suite takes free ports only, passes exit codes on, and leaves no process."""

import contextlib
import http.client
import os
import signal
import socket
import sys
from collections.abc import Iterator

import pytest

from tools import reaper
from tools.emulators import PROJECT, Emulators, EmulatorsError, emulators_from, run_inside, running


@contextlib.contextmanager
def a_listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def a_free_port() -> int:
    with a_listener() as port:
        return port


def test_the_ports_are_firebase_jsons_unless_the_environment_names_others() -> None:
    assert emulators_from({}) == Emulators(firestore_port=8080, functions_port=5001)
    named = {"FIRESTORE_PORT": "18080", "FUNCTIONS_PORT": "15001"}
    assert emulators_from(named) == Emulators(firestore_port=18080, functions_port=15001)


def test_a_port_that_is_none_is_named_with_its_variable() -> None:
    with pytest.raises(EmulatorsError, match="FUNCTIONS_PORT must be a port number, not 'http'"):
        emulators_from({"FUNCTIONS_PORT": "http"})


def test_a_taken_port_is_named_with_the_variable_that_chooses_another() -> None:
    with (
        a_listener() as taken,
        pytest.raises(EmulatorsError, match=rf"^Port {taken} .* FUNCTIONS_PORT=\.\.\.$"),
        running(Emulators(firestore_port=a_free_port(), functions_port=taken)),
    ):
        pytest.fail("started all the same")


@pytest.mark.parametrize(
    ("ends_with", "code"),
    [("sys.exit(0)", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL)],
)
def test_the_commands_exit_code_is_passed_on(ends_with: str, code: int) -> None:
    assert run_inside([sys.executable, "-c", f"import os, signal, sys; {ends_with}"], os.environ) == code


def test_the_suite_answers_within_and_leaves_no_process_after() -> None:
    emulators = Emulators(firestore_port=a_free_port(), functions_port=a_free_port())
    # Other tests may have left helpers of their own, which end with pytest.
    before = set(reaper.descendants(os.getpid()))
    with running(emulators):
        # Starts a worker, the kind of process that outlives its emulator.
        assert status_of("GET", emulators.functions_host, f"/{PROJECT}/us-central1/stripeWebhook") == 405
        assert status_of("GET", emulators.firestore_host, "/") == 200
        started = set(reaper.descendants(os.getpid())) - before
        assert len(started) >= 5, "the reaper, Node, Java, and a worker's two"
    assert not started & set(reaper.living_processes())


def status_of(method: str, host: str, path: str) -> int:
    connection = http.client.HTTPConnection(host, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path)
        return connection.getresponse().status
