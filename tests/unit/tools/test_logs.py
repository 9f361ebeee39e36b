"""Each run has its own logs, the latest are kept, and a failure is shown with its possible reason."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tools import logs
from tools.logs import FOLDER_VARIABLE, RUNS_KEPT, ends, ends_for_the_command, folder_of_a_run


def a_run(build: Path, says: str = "") -> Path:
    """The folder of a run that has ended."""
    with folder_of_a_run(build) as (folder, _):
        (folder / logs.LOG).write_text(says)
    return folder


def test_no_run_overwrites_the_log_of_another(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, says) for says in ("one", "two", "three")]
    assert [(run / logs.LOG).read_text() for run in runs] == ["one", "two", "three"]
    assert (tmp_path / logs.LOG).read_text() == "three"


def test_the_oldest_runs_are_forgotten_but_not_while_they_are_up(tmp_path: Path) -> None:
    with folder_of_a_run(tmp_path) as (still_up, _):
        ended = [a_run(tmp_path) for _ in range(RUNS_KEPT + 2)]
        assert set((tmp_path / "emulators").iterdir()) == {still_up, *ended[-RUNS_KEPT:]}
    latest = a_run(tmp_path)
    assert set((tmp_path / "emulators").iterdir()) == {*ended[1 - RUNS_KEPT :], latest}


def test_a_run_is_up_as_long_as_its_emulators_hold_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "RUNS_KEPT", 1)
    with ExitStack() as emulators:
        with folder_of_a_run(tmp_path) as (killed, log):
            emulators.callback(os.close, os.dup(log))
        a_run(tmp_path)
        assert killed.exists()
    a_run(tmp_path)
    assert not killed.exists()


def test_the_stack_of_an_unexpected_error_is_shown(tmp_path: Path) -> None:
    (tmp_path / "emulators.log").write_text("Error: An unexpected error has occurred.\n")
    (tmp_path / "firebase-debug.log").write_text(
        "[debug] [12:00] assigned listening specs\n"
        "[debug] [12:01] Error: listen EADDRINUSE: address already in use 127.0.0.1:10000\n"
        "    at node:net:1908:16\n"
        "[error] \n"
        "[error] Error: An unexpected error has occurred.\n"
        "[debug] [12:02] loading functions all the same\n"
    )
    assert ends(tmp_path).splitlines() == [
        "emulators.log ends with:",
        "  Error: An unexpected error has occurred.",
        "firebase-debug.log ends with:",
        "  [12:01] Error: listen EADDRINUSE: address already in use 127.0.0.1:10000",
        "      at node:net:1908:16",
    ]


def test_what_firestore_said_last_is_shown_and_no_more_than_a_screen_of_it(tmp_path: Path) -> None:
    noise = (
        "5:29:00 AM io.gapi.emulators.netty.HttpVersionRoutingHandler channelRead\nINFO: Detected HTTP/2 connection.\n"
    )
    log = "line\n" * 100 + "java.net.BindException: Address already in use\n" + noise * 20
    (tmp_path / "firestore-debug.log").write_text(log)
    said = ["  line"] * 24 + ["  java.net.BindException: Address already in use"]
    assert ends(tmp_path).splitlines() == ["firestore-debug.log ends with:", *said]


def test_a_command_finds_the_logs_of_the_emulators_that_it_runs_inside(tmp_path: Path) -> None:
    run = a_run(tmp_path, "the disk is full")
    assert ends_for_the_command({FOLDER_VARIABLE: str(run)}) == "emulators.log ends with:\n  the disk is full\n"
    assert ends_for_the_command({}) == ""
