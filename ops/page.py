"""A command's output as frozen data: lines and tables. Pure; `ops.output` prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto


class Tone(Enum):
    PLAIN = auto()
    QUIET = auto()
    """May be skipped."""
    GOOD = auto()
    WARNING = auto()
    """Needs a person."""
    COMMAND = auto()
    """To be copied as it is."""


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    tone: Tone = Tone.PLAIN
    is_number: bool = False
    """Aligned to the right."""


Row = tuple[str | Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    rows: Sequence[Row]
    columns: tuple[str, ...] = ()
    """Column names; without any, there is no header."""


Part = Heading | Line | Table
Page = Sequence[Part]
