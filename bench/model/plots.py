"""Line plots as SVG: only what a plot of three or four lines needs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]

_WIDTH: Final = 720
_HEIGHT: Final = 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 130, 44, 52
_TICKS_MIN: Final = 4
_COLOURS: Final = ("#8a8a8a", "#1f77b4", "#e07b00", "#2a9d3a", "#c2185b")
_FONT: Final = 'font-family="sans-serif" font-size="12" fill="#333"'
_DASHES: Final = ("6 4", "", "2 3", "10 3", "")
"""For readers who cannot tell the colours apart."""


@dataclass(frozen=True, slots=True)
class Axis:
    label: str
    is_log: bool = False

    def place(self, value: float, low: float, high: float) -> float:
        """From 0 to 1."""
        low, high, value = self._scaled(low), self._scaled(high), self._scaled(value)
        return (value - low) / (high - low or 1)

    def ticks(self, low: float, high: float) -> Iterator[float]:
        if self.is_log:
            powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            yield from (n * 10**power for power in powers for n in (1, 2, 5) if low <= n * 10**power <= high)
            return
        power = 10 ** math.floor(math.log10(high or 1))
        step = next(each for each in (power, power / 2, power / 5) if high / each >= _TICKS_MIN)
        yield from (number * step for number in range(math.floor(high / step) + 1))

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def plot(title: str, x: Axis, y: Axis, lines: Mapping[str, Points]) -> str:
    """The SVG. A logarithmic axis begins at the lowest value, any other at zero."""
    xs = [at for points in lines.values() for at, _ in points]
    ys = [value for points in lines.values() for _, value in points]
    frame = _Frame(x, y, _bounds(x, xs), _bounds(y, ys))
    body = chain(frame.axes(), *(frame.line(n, name, points) for n, (name, points) in enumerate(lines.items())))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" {_FONT}>',
            f"<title>{escape(title)}</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
            f'<text x="{_LEFT}" y="24" font-size="15">{escape(title)}</text>',
            *body,
            "</svg>\n",
        )
    )


def _bounds(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
    return (min(values) / 1.1 if axis.is_log else 0, max(values) * 1.05)


@dataclass(frozen=True, slots=True)
class _Frame:
    x: Axis
    y: Axis
    xs: tuple[float, float]
    ys: tuple[float, float]

    def axes(self) -> Iterator[str]:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        for tick in self.x.ticks(*self.xs):
            at = self._across(tick)
            yield f'<line x1="{at:.1f}" y1="{_TOP}" x2="{at:.1f}" y2="{bottom}" stroke="#eee"/>'
            yield f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
        for tick in self.y.ticks(*self.ys):
            at = self._down(tick)
            yield f'<line x1="{_LEFT}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}" stroke="#eee"/>'
            yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>'
        yield f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(self.x.label)}</text>'
        middle = (_TOP + bottom) / 2
        turned = f'transform="rotate(-90 18 {middle})"'
        yield f'<text x="18" y="{middle}" text-anchor="middle" {turned}>{escape(self.y.label)}</text>'

    def line(self, number: int, name: str, points: Points) -> Iterator[str]:
        colour, dashes = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        path = " ".join(f"{self._across(at):.1f},{self._down(value):.1f}" for at, value in points)
        look = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        yield f'<polyline points="{path}" {look}/>'
        below = _TOP + 16 + 20 * number
        beside = _WIDTH - _RIGHT + 12
        yield f'<line x1="{beside}" y1="{below}" x2="{beside + 28}" y2="{below}" {look}/>'
        yield f'<text x="{beside + 34}" y="{below + 4}">{escape(name)}</text>'

    def _across(self, value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * self.x.place(value, *self.xs)

    def _down(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * self.y.place(value, *self.ys)
