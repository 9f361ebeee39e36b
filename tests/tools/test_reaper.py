"""Nothing that was started stays behind, whoever dies first."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import reaper

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux hands us the orphans of a process we started"
)

# A worker in a session of its own, whose parent is gone: what neither its parent's end nor its group's would reach.
LEAVES_AN_ORPHAN = "setsid sleep 300 & echo $! >orphan; exit 3"
STAYS_WITH_AN_ORPHAN = "(setsid sleep 300 & echo $! >orphan); sleep 300"


@pytest.fixture
def orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "orphan"


@pytest.fixture
def reaped(orphan: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A reaper over a command that stays, with an orphan, until it is let go."""
    with subprocess.Popen(
        [sys.executable, reaper.__file__, "sh", "-c", STAYS_WITH_AN_ORPHAN], stdin=subprocess.PIPE
    ) as process:
        wait_for(orphan)
        yield process


def test_the_commands_end_ends_its_orphans_and_its_exit_code_is_kept(orphan: Path) -> None:
    with subprocess.Popen(
        [sys.executable, reaper.__file__, "sh", "-c", LEAVES_AN_ORPHAN], stdin=subprocess.PIPE
    ) as process:
        assert process.wait(10) == 3
    assert not is_alive(orphan)


def test_letting_go_ends_the_command_and_its_orphans(orphan: Path, reaped: subprocess.Popen[bytes]) -> None:
    assert is_alive(orphan)
    reaped.communicate(timeout=10)
    assert reaped.returncode == 0
    assert not is_alive(orphan)


def test_a_signal_ends_the_command_and_its_orphans(orphan: Path, reaped: subprocess.Popen[bytes]) -> None:
    reaped.send_signal(signal.SIGTERM)
    assert reaped.wait(10) == 128 + signal.SIGTERM
    assert not is_alive(orphan)


def test_a_killed_holder_lets_go(orphan: Path) -> None:
    command = [sys.executable, reaper.__file__, "sh", "-c", STAYS_WITH_AN_ORPHAN]
    holds = f"import subprocess; subprocess.Popen({command}, stdin=subprocess.PIPE).wait()"
    with subprocess.Popen([sys.executable, "-c", holds]) as holder:
        wait_for(orphan)
        holder.kill()
    deadline = time.monotonic() + 10
    while is_alive(orphan) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(orphan)


def wait_for(orphan: Path) -> None:
    deadline = time.monotonic() + 10
    while not (orphan.exists() and orphan.read_text()):
        assert time.monotonic() < deadline, "the command did not start"
        time.sleep(0.01)


def is_alive(orphan: Path) -> bool:
    try:
        os.kill(int(orphan.read_text()), 0)
    except ProcessLookupError:
        return False
    return True
