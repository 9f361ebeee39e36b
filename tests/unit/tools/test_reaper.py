"""No started process is left behind, whichever dies first."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import reaper

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux hands us the orphans of a process we started"
)

# A worker in a new session whose parent is gone: ending its parent or its group would not reach it.
LEAVES_AN_ORPHAN = "setsid sleep 300 & echo $! >orphan; exit 3"
STAYS_WITH_AN_ORPHAN = "(setsid sleep 300 & echo $! >orphan); sleep 300"


@pytest.fixture
def fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command writes its orphan's pid to it; reading waits for that."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("orphan")
    return tmp_path / "orphan"


def reaper_over(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, reaper.__file__, "sh", "-c", command], stdin=subprocess.PIPE)


def test_the_commands_end_ends_its_orphans_and_its_exit_code_is_kept(fifo: Path) -> None:
    with reaper_over(LEAVES_AN_ORPHAN) as process:
        orphan = int(fifo.read_text())
        assert process.wait(10) == 3
    assert not is_alive(orphan)


def test_letting_go_ends_the_command_and_its_orphans(fifo: Path) -> None:
    with reaper_over(STAYS_WITH_AN_ORPHAN) as process:
        orphan = int(fifo.read_text())
        assert is_alive(orphan)
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert not is_alive(orphan)


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM, signal.SIGHUP]])
def test_a_signal_ends_the_command_and_its_orphans_and_a_second_one_keeps_nothing_from_it(
    fifo: Path, signals: list[signal.Signals]
) -> None:
    with reaper_over(STAYS_WITH_AN_ORPHAN) as process:
        orphan = int(fifo.read_text())
        for each in signals:
            process.send_signal(each)
        assert process.wait(10) in {128 + each for each in signals}
    assert not is_alive(orphan)


HIT_WHILE_STARTING = f"""
import subprocess, sys
from tools import reaper

class Hit(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        with open("orphan") as fifo:
            print(fifo.read(), flush=True)
        sys.exit(7)

subprocess.Popen = Hit
reaper.run_until_let_go(["sh", "-c", {STAYS_WITH_AN_ORPHAN!r}])
"""


def test_a_signal_that_comes_while_the_command_is_being_started_ends_it_too(fifo: Path) -> None:
    exit_code, orphan = ended(HIT_WHILE_STARTING)
    assert exit_code == 7
    assert not is_alive(orphan)


HIT_WHILE_ENDING = f"""
import os, signal, subprocess, sys
from tools import reaper

def hit_and_look(ancestor, look=reaper.descendants):
    os.kill(os.getpid(), signal.SIGTERM)
    return look(ancestor)

class Started(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        with open("orphan") as fifo:
            print(fifo.read(), flush=True)

reaper.descendants = hit_and_look
subprocess.Popen = Started
reaper.exit_at_signals()
sys.exit(reaper.run_until_let_go(["sh", "-c", {LEAVES_AN_ORPHAN!r}]))
"""


def test_a_signal_that_comes_while_all_is_being_ended_keeps_nothing_from_it(fifo: Path) -> None:
    exit_code, orphan = ended(HIT_WHILE_ENDING)
    assert exit_code == 3
    assert not is_alive(orphan)


def ended(script: str) -> tuple[int, int]:
    """A Python script's exit code, and the pid of its orphan."""
    environment = {**os.environ, "PYTHONPATH": str(Path(reaper.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        orphan = int(process.stdout.readline())
        return process.wait(10), orphan


def test_a_killed_holder_lets_go(fifo: Path) -> None:
    command = [sys.executable, reaper.__file__, "sh", "-c", STAYS_WITH_AN_ORPHAN]
    holds = f"import subprocess; subprocess.Popen({command}, stdin=subprocess.PIPE).wait()"
    with subprocess.Popen([sys.executable, "-c", holds]) as holder:
        death_of_the_orphan = os.pidfd_open(int(fifo.read_text()))
        holder.kill()
    died, _, _ = select.select([death_of_the_orphan], [], [], 10)
    os.close(death_of_the_orphan)
    assert died


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
