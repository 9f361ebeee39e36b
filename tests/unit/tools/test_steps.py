"""Steps of the install run in parallel and once; a failure says what is needed."""

import os
import sys
from pathlib import Path

import pytest

from tools import steps
from tools.steps import Stamp, Step, fingerprint, run_together


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "BUILD", tmp_path)
    return tmp_path


def a_step(name: str, script: str, *, stamp: Stamp | None = None) -> Step:
    return Step(name, [sys.executable, "-c", script], os.environ, f"{name} must be there.", stamp)


def test_steps_run_at_the_same_time_and_leave_their_stamps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "fifo")
    stamps = [Stamp(tmp_path / name, "contents") for name in ("first", "second")]
    # Neither ends without the other.
    run_together(
        a_step("One", f"open({str(tmp_path / 'fifo')!r}, 'w').write('x')", stamp=stamps[0]),
        a_step("Other", f"open({str(tmp_path / 'fifo')!r}).read()", stamp=stamps[1]),
    )
    assert all(stamp.is_there() for stamp in stamps)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "One, Other ..."
    assert sorted(line.partition(":")[0] for line in said[-2:]) == ["One", "Other"]


def test_a_step_that_fails_ends_the_others_and_says_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stamp = Stamp(tmp_path / "stamp", "contents")
    with pytest.raises(SystemExit, match=r"(?s)^\nBad must be there\. Everything it said is in .*install/bad\.log\.$"):
        run_together(
            a_step("Endless", "import signal; signal.pause()", stamp=stamp),
            a_step("Bad", "import sys; sys.exit('no space left')", stamp=stamp),
        )
    captured = capsys.readouterr()
    assert captured.out.endswith("Bad: failed\n")
    assert captured.err == "no space left\n"
    assert not stamp.is_there()


def test_a_stamp_is_no_stamp_for_something_else(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("one==1")
    before = Stamp(tmp_path / "stamp", fingerprint(tmp_path / "requirements.txt"))
    assert not before.is_there()
    before.leave()
    assert before.is_there()
    (tmp_path / "requirements.txt").write_text("one==2")
    assert not Stamp(tmp_path / "stamp", fingerprint(tmp_path / "requirements.txt")).is_there()
