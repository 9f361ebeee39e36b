"""A command's output: data to stdout, for people or as JSON; messages and progress to stderr."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from ops.page import Cell, Heading, Line, Page, Part, Table, Tone

_STYLES: Final[Mapping[Tone, str]] = {
    Tone.PLAIN: "",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.WARNING: "bold red",
    Tone.COMMAND: "bold cyan",
}
# In a file or a pipe, a page is as wide as its longest line.
_COLUMNS_OF_FILES: Final = 10_000


class Output:
    """Uses colours only on a terminal, and never with NO_COLOR."""

    def __init__(self, *, as_json: bool, project: str | None = None) -> None:
        """Args: project: the one that was named, which commands to copy must repeat."""
        self._as_json, self._project = as_json, project
        self._out, self._talk = _console(stderr=False), _console(stderr=True)

    def show(self, data: object, page: Page) -> None:
        """Print the data with --json, otherwise the page, which says the same."""
        if self._as_json:
            print(json.dumps(json_of(data), indent=2))  # noqa: T201 - data, as it is
            return
        for part in spaced(page):
            self._out.print(renderable(self.in_project(part)), soft_wrap=isinstance(part, Line))

    def in_project(self, part: Part) -> Part:
        """The same; a command to copy names the project."""
        if isinstance(part, Line) and part.tone is Tone.COMMAND:
            return replace(part, text=self.copyable(part.text))
        return part

    def copyable(self, text: str) -> str:
        """The text, in which the first command names the project, if one was named."""
        return text.replace("./shop", f"./shop --project {self._project}", 1) if self._project else text

    def say(self, text: str) -> None:
        """Print a message to stderr."""
        self._talk.print(Text(printable(text)))

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator["Advance"]:
        """Show the progress of long work on a terminal."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._talk, transient=True, disable=not self._talk.is_terminal) as progress:
            yield Advance(progress, progress.add_task(printable(what), total=total))

    @property
    def screen(self) -> Console:
        """For output that is redrawn."""
        return self._out


class Advance:
    """Counts what is done."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def by(self, count: int) -> None:
        self._progress.advance(self._task, count)


def spaced(page: Page) -> Iterator[Part]:
    """Adds an empty line before each heading but the first part."""
    for number, part in enumerate(page):
        if number and isinstance(part, Heading):
            yield Line("")
        yield part


def renderable(part: Part) -> RenderableType:
    match part:
        case Heading(text):
            return Text(printable(text), style="bold")
        case Line(text, tone):
            return Text(printable(text), style=_STYLES[tone])
        case Table():
            return _grid(part)


def json_of(value: object) -> object:
    """The value for JSON: times in ISO 8601, dataclasses as objects, sets sorted."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: json_of(getattr(value, each.name)) for each in fields(value)}
    match value:
        case Enum():
            return json_of(value.value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(key): json_of(each) for key, each in value.items()}
        case set() | frozenset():
            return [json_of(each) for each in sorted(value)]
        case Sequence() if not isinstance(value, str | bytes):
            return [json_of(each) for each in value]
        case None | str() | int() | float():
            return value
        case _:
            return str(value)


def printable(text: str) -> str:
    """Replaces control characters by �: customers write some of what is shown, perhaps with terminal escapes."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, show_header=bool(table.columns), header_style="dim", pad_edge=False)
    for number, column in enumerate(zip(*table.rows, strict=True)):
        justify: Literal["left", "right"] = "right" if any(map(_is_number, column)) else "left"
        grid.add_column(table.columns[number] if table.columns else "", justify=justify, overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_text_of, row))
    return grid


def _is_number(cell: str | Cell) -> bool:
    return isinstance(cell, Cell) and cell.is_number


def _text_of(cell: str | Cell) -> Text:
    if isinstance(cell, str):
        return Text(printable(cell))
    return Text(printable(cell.text), style=_STYLES[cell.tone])


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _COLUMNS_OF_FILES
    return console
