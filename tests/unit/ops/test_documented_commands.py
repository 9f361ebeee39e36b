"""Every documented `./shop …` can be typed as written: its command and options exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from ops.__main__ import shop
from tools.toolchain import ROOT

PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("monitoring/**/*.json")])
# Ends a command in a shell.
_END_OF_COMMAND: Final = re.compile(r"\s#|\s[|>;&]|\)$")

_A_NUMBER: Final = "COUNT"
"""A page's placeholder for a number that the reader was shown."""


def blocks_and_prose(page: Path) -> tuple[list[str], str]:
    """The lines of shell blocks, and all other text."""
    prose, *rest = re.split(r"^\s*```", page.read_text(), flags=re.MULTILINE)
    shell = [line for block in rest[::2] if block.startswith(("sh\n", "text\n")) for line in block.splitlines()]
    return shell, "\n".join([prose, *rest[1::2]])


def typed_in(page: Path) -> Iterator[str]:
    """Each command of a block, as typed."""
    lines, _ = blocks_and_prose(page)
    for line in lines:
        for command in re.findall(r"(?<![\w/])\./shop (.*)", line):
            yield _END_OF_COMMAND.split(command)[0]


def named_in(page: Path) -> Iterator[str]:
    """Each command that the text names, perhaps without its arguments."""
    _, prose = blocks_and_prose(page)
    for command in re.findall(r"`\./shop ([^`]*)`", prose):
        # Of alternatives, the first.
        yield _END_OF_COMMAND.split(re.sub(r"\|\w+", "", command.replace("COMMAND", "status")))[0]


@pytest.fixture(autouse=True)
def nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Click parses the words, but no command runs."""
    monkeypatch.setattr(click.Command, "invoke", lambda _command, _context: None)


def defect_in(words: str, *, is_whole: bool) -> str | None:
    """Why the words cannot be typed; files need not exist, and a command that is only named may lack arguments."""
    try:
        shop.main(shlex.split(words.replace(_A_NUMBER, "1")), prog_name="./shop", standalone_mode=False)
    except click.MissingParameter as problem:
        return problem.format_message() if is_whole else None
    except click.BadParameter as problem:
        is_file = isinstance(problem.param and problem.param.type, click.File | click.Path)
        return None if is_file else problem.format_message()
    except click.UsageError as problem:
        is_family = not is_whole and isinstance(problem, click.exceptions.NoArgsIsHelpError)
        return None if is_family else problem.format_message()
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_can_be_typed_as_it_is_shown(page: Path) -> None:
    assert [(typed, why) for typed in typed_in(page) if (why := defect_in(typed, is_whole=True))] == []
    assert [(named, why) for named in named_in(page) if (why := defect_in(named, is_whole=False))] == []


@pytest.mark.parametrize(
    ("words", "is_whole"),
    [
        ("forgot", False),
        ("replay --form events.json", False),
        ("replay --result lost", True),
        ("deliver", True),
        ("extend order-1 --until", True),
    ],
)
def test_it_notices_what_cannot_be_typed(words: str, *, is_whole: bool) -> None:
    assert defect_in(words, is_whole=is_whole) is not None
