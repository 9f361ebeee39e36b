"""Figures beside their aims: as a table to read, and as JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Parts = Mapping[str, Mapping[str, float]]
"""The values that figures were made of, by contestant or unit and then by name."""


@dataclass(frozen=True, slots=True)
class Aim:
    relation: Literal["=", "≤", "≥"]
    bound: float

    def is_met_by(self, value: float) -> bool:
        match self.relation:
            case "=":
                return value == self.bound
            case "≤":
                return value <= self.bound
            case "≥":
                return value >= self.bound

    def __str__(self) -> str:
        return f"{self.relation} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    key: str
    value: float | Mapping[str, float]
    meaning: str
    aim: Aim | None = None
    """None if the figure is only reported."""
    is_regression_check: bool = False
    """Whether it compares with the emulator's own locks. Then it shows only whether the service got slower."""

    @property
    def verdict(self) -> str:
        if self.aim is None or isinstance(self.value, Mapping):
            return ""
        return "ok" if self.aim.is_met_by(self.value) else "miss"


Measured = tuple[Sequence[Figure], Parts]
"""Figures and the values they were made of."""


def in_milliseconds(seconds: Mapping[str, float]) -> Mapping[str, float]:
    return {name: 1000 * taken for name, taken in seconds.items()}


_HEADINGS: Final = ("key", "value", "aim", "", "meaning")


def table_of(figures: Iterable[Figure]) -> str:
    rows = [row for figure in figures for row in _rows_of(figure)]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    rules = ["─" * width for width in widths]
    return "\n".join(_line(cells, widths) for cells in (_HEADINGS, rules, *rows))


def parts_in_words(parts: Mapping[str, Parts]) -> str:
    return "\n".join(
        f"  {subject}, {name}: " + ", ".join(f"{in_short(value)} {what}" for what, value in values.items())
        for subject, of_subject in parts.items()
        for name, values in of_subject.items()
    )


def in_short(number: float) -> str:
    """Three significant digits, but never fewer than those before the point: on a shared machine, more mean nothing."""
    digits_before_point = len(str(int(abs(number))))
    return f"{number:,.{0 if number == int(number) else max(3 - digits_before_point, 0)}f}"


def write_json(figures: Sequence[Figure], parts: Mapping[str, Parts], machine: str, path: Path) -> None:
    """Every figure by key, the `missed` aims, what the figures were `made_of`, and the `machine`."""
    values = {figure.key: figure.value for figure in figures}
    missed = [figure.key for figure in figures if figure.verdict == "miss"]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**values, "missed": missed, "made_of": parts, "machine": machine}, indent=2) + "\n")


def _rows_of(figure: Figure) -> Iterable[tuple[str, ...]]:
    """One row for each value of the figure."""
    aim = str(figure.aim) if figure.aim else "reported"
    if not isinstance(figure.value, Mapping):
        yield figure.key, in_short(figure.value), aim, figure.verdict, figure.meaning
        return
    for name, value in figure.value.items():
        yield f"{figure.key}.{name}", in_short(value), aim, figure.verdict, figure.meaning


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
