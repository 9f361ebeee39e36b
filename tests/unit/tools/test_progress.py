"""Whoever waits sees at once for what, and then that it goes on."""

import io

import pytest

from tools.progress import Progress


class Clock:
    """Stands in for time, in which nothing passes by itself."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tools.progress.time", clock)
    return clock


def shown(clock: Clock, out: io.StringIO, *, seconds: int) -> list[str]:
    """What is shown while a step that goes on for so many seconds says each second which it is."""
    progress = Progress(out)
    for second in range(seconds):
        progress.waiting("Packages", f"package {second}")
        clock.now += 1
    progress.done("Packages")
    return [line.removeprefix("\033[K") for line in out.getvalue().splitlines() if line]


def test_a_log_gets_a_line_at_once_and_then_one_every_fifteen_seconds(clock: Clock) -> None:
    assert shown(clock, io.StringIO(), seconds=40) == [
        "Packages ...",
        "Packages: 15 s ...",
        "Packages: 30 s ...",
        "Packages: 40 s",
    ]
