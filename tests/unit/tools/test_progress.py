"""A waiting person sees at once what for, and then that it goes on."""

import io

import pytest

from tools.progress import Progress


class Clock:
    """Time that does not pass by itself."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tools.progress.time", clock)
    return clock


def shown(clock: Clock, out: io.StringIO, *, seconds: int) -> list[str]:
    """The output while a step takes this many seconds and reports each."""
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
