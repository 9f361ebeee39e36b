"""What a command has to say, as frozen data: lines and tables. Pure; `ops.output` shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto


class Tone(Enum):
    PLAIN = auto()
    QUIET = auto()
    """What may be skipped."""
    GOOD = auto()
    WARNING = auto()
    """What needs a person."""
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
    """Whether it is aligned to the right."""


Row = tuple[str | Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    rows: Sequence[Row]
    columns: tuple[str, ...] = ()
    """Their names; none are shown if there are none."""


Part = Heading | Line | Table
Page = Sequence[Part]
