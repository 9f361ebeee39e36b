"""The emulators start whatever else runs, and the command beside them runs once."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tools import emulators, suite, toolchain
from tools.addresses import PROJECT
from tools.emulators import data_to_keep, main, report_failure, run_inside, running
from tools.ports import BLOCKS, VARIABLES, Ports, PortsError, reserved
from tools.stripe_stand_in import process
from tools.suite import EmulatorsError, StartFailed

Take = Callable[[Ports], AbstractContextManager[object]]
LoseTo = Callable[[Take], None]
DOUBLE = Path(__file__).with_name("firebase_double.py")
STRIPE_DOUBLE = "tests.unit.tools.stripe_double"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own build folder: the real one belongs to the running suite."""
    monkeypatch.setattr(suite, "BUILD", tmp_path / "build")
    for variable in ("AUTH_PORT", "FIRESTORE_PORT", "FUNCTIONS_PORT"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "build"


@pytest.fixture
def double(build: Path, tmp_path: Path, free_ports: Iterator[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Doubles of the Firebase tools and of Stripe, which start at once."""
    node = tmp_path / "node"
    node.write_text(f'#!/bin/sh\nexec {sys.executable} -S {DOUBLE} "$@"\n')
    node.chmod(0o755)
    monkeypatch.setattr(toolchain, "find_node", lambda: node)
    monkeypatch.setattr(toolchain, "find_java", lambda: node)
    monkeypatch.setattr(toolchain, "find_firestore_emulator", lambda: None)
    monkeypatch.setattr(suite, "FIREBASE", DOUBLE)
    monkeypatch.setattr(process, "PROGRAM", ("-S", "-m", STRIPE_DOUBLE))
    usual = {name: next(free_ports) for name in VARIABLES}
    monkeypatch.setattr(suite, "usual_ports", lambda: usual)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoseTo]:
    """Somebody takes the port that the first start has chosen before it can listen."""
    with contextlib.ExitStack() as taken:

        def lose_to(take: Take) -> None:
            takers = iter([take])

            @contextlib.contextmanager
            def reserved_and_lost(
                named: Mapping[str, int], usual: Mapping[str, int], blocks: Iterator[int]
            ) -> Iterator[Ports]:
                with reserved(named, usual, blocks) as ports:
                    for take_once in takers:
                        taken.enter_context(take_once(ports))
                    yield ports

            monkeypatch.setattr(emulators, "reserved", reserved_and_lost)

        yield lose_to


def a_listener(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def appends_a_line(file: Path, *, then: str = "") -> list[str]:
    return ["sh", "-c", f"echo ran >> {file}; {then}"]


def moves(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if "instead of" in line]


def starts(build: Path) -> int:
    return len(list((build / "emulators").iterdir()))


@pytest.mark.usefixtures("double")
def test_the_emulators_are_on_the_usual_ports_but_for_one_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    usual = suite.usual_ports()
    with a_listener(usual["firestore"]), running({}) as up:
        assert up.suite.ports.firestore != usual["firestore"]
        assert up.suite.ports.functions == usual["functions"]
    moved = f"The Firestore emulator is on port {up.suite.ports.firestore} instead of {usual['firestore']}."
    assert moves(capsys) == [moved]


def test_the_usual_ports_are_firebase_jsons() -> None:
    assert suite.usual_ports() == {"auth": 9099, "firestore": 8080, "functions": 5001}


@pytest.mark.usefixtures("double")
def test_another_suite_that_answers_in_our_place_is_not_taken_for_ours(lost: LoseTo, build: Path) -> None:
    chosen: list[Ports] = []

    @contextlib.contextmanager
    def another_suite(ports: Ports) -> Iterator[None]:
        chosen.append(ports)
        with reserved({}, {}, iter(BLOCKS)) as own:
            both = dataclasses.replace(own, firestore=ports.firestore, functions=ports.functions)
            with suite.started(PROJECT, both):
                yield

    lost(another_suite)
    with running({}) as up:
        assert up.suite.ports.firestore != chosen[0].firestore
        assert up.suite.ports.functions != chosen[0].functions
    assert starts(build) == 3, "the other suite's, and two of ours"


@pytest.mark.usefixtures("double")
def test_a_named_port_that_is_lost_is_not_replaced(lost: LoseTo, free_ports: Iterator[int]) -> None:
    port = next(free_ports)
    lost(lambda ports: a_listener(ports.firestore))
    with (
        pytest.raises(PortsError, match=f"^Port {port} cannot be used .* FIRESTORE_PORT="),
        running({"FIRESTORE_PORT": str(port)}),
    ):
        pytest.fail("started all the same")


@pytest.mark.usefixtures("double")
def test_after_two_failed_starts_it_says_why_and_runs_nothing(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOUBLE_SAYS", "the disk is full")
    assert main(appends_a_line(tmp_path / "runs")) == 1
    folder = os.path.relpath(max((build / "emulators").iterdir(), key=os.path.getmtime), toolchain.ROOT)
    assert capsys.readouterr().err.splitlines() == [
        "Emulators ...",
        "Emulators: failed",
        "The emulators ended while starting. Starting them once more, with new ports.",
        "Emulators ...",
        "Emulators: failed",
        "The emulators ended while starting.",
        "emulators.log ends with:",
        "  the disk is full",
        f"All they said is in {folder}.",
    ]
    assert starts(build) == 2
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("double")
def test_functions_that_cannot_be_read_are_not_read_again(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOUBLE_SAYS", "Failed to load function definition from source: unknown key")
    with (
        pytest.raises(EmulatorsError, match=r"^The Functions emulator cannot read functions.yaml.\n.*\n.*key\n"),
        running({}),
    ):
        pytest.fail("started all the same")
    assert starts(build) == 1


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("lost", ["all of them", "Firestore alone"])
def test_a_failure_is_explained_by_the_end_of_the_emulators(lost: str, capsys: pytest.CaptureFixture[str]) -> None:
    with running({}) as up:
        if lost == "all of them":
            up.suite.process.communicate()
        else:
            with up.log.open("a") as log:
                log.write("Firestore Emulator has exited upon receiving signal: SIGKILL\n")
        report_failure(up)
    assert "The emulators ended before the command did.\nfirestore-debug.log ends with:\n" in capsys.readouterr().err


@pytest.mark.usefixtures("double")
def test_what_fails_within_is_not_run_again_even_if_it_fails_as_a_start_does(build: Path) -> None:
    runs = []

    def fail_within() -> None:
        with running({}) as up:
            runs.append(up)
            raise StartFailed("Within.", up.suite.folder)

    with pytest.raises(StartFailed, match=r"^Within\.\n"):
        fail_within()
    assert len(runs) == 1
    assert starts(build) == 1


@pytest.mark.usefixtures("double")
def test_a_port_that_is_lost_costs_a_second_start_after_which_a_command_that_fails_has_run_once(
    lost: LoseTo, tmp_path: Path, build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost(lambda ports: a_listener(ports.stripe))
    assert main(appends_a_line(tmp_path / "runs", then="exit 3")) == 3
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert starts(build) == 2
    said = capsys.readouterr().err
    assert "Starting them once more, with new ports." in said
    assert said.splitlines()[-1].startswith("What the emulators said is in ")


@pytest.mark.usefixtures("double")
def test_what_a_start_keeps_is_what_the_next_one_begins_with(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(emulators, "BUILD", build)
    data = build / "kept" / "mine"

    def begun_with() -> list[str]:
        with running({"KEEP": "mine"}):
            pass
        assert f"All data is kept in {os.path.relpath(data, toolchain.ROOT)}." in capsys.readouterr().err
        return (data / "started_with").read_text().splitlines()

    assert "--import" not in begun_with()
    assert begun_with()[-2:] == ["--import", str(data)]


def test_the_auth_emulator_makes_no_validator_before_it_is_asked_for() -> None:
    """Making all of them would take half of the emulators' start."""
    unusable = {"in": "query", "name": "any", "schema": {"type": "nothing"}}
    operation = {"parameters": [unusable], "responses": {"200": {"description": "any"}}}
    api = {"openapi": "3.0.0", "info": {"title": "any", "version": "1"}, "paths": {"/": {"get": operation}}}
    made = f"require('exegesis-express').middleware({json.dumps(api)}, {{}}).then(() => console.log('made'));"
    node = [str(toolchain.find_node()), "--require", "./emulators.cjs", "--eval", made]
    ran = subprocess.run(node, cwd=toolchain.ROOT / "tools", stdout=subprocess.PIPE, check=True)
    assert ran.stdout == b"made\n"


@pytest.mark.parametrize("name", ["../data", "a b", "/data", "é/"])
def test_data_is_kept_in_the_build_folder_alone(name: str) -> None:
    assert data_to_keep({"KEEP": "1"}) == toolchain.BUILD / "kept" / "1"
    assert data_to_keep({"KEEP": ""}) is None
    with pytest.raises(EmulatorsError, match=r"^KEEP must be a name of letters, digits, hyphens and underscores, not "):
        data_to_keep({"KEEP": name})


@pytest.mark.parametrize(
    ("ends_with", "code"),
    [("sys.exit(0)", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL)],
)
def test_the_commands_exit_code_is_passed_on(ends_with: str, code: int) -> None:
    assert run_inside([sys.executable, "-c", f"import os, signal, sys; {ends_with}"], os.environ) == code
