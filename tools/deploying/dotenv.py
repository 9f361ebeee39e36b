"""Reads settings files like the Firebase tools do, so that what is checked is what is deployed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

# As in src/functions/env.ts of firebase-tools. Without quotes, a value ends where a # begins.
_LINE: Final = re.compile(
    r"""^[\s\ufeff]*(?:export)?\s*([A-Za-z0-9_./]+)\s*=[\f\t\v]*"""
    r"""(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|[^#\n]*)\s*(?:#[^\n]*)?$""",
    re.MULTILINE,
)
_QUOTED: Final = re.compile(r"""(["'])(.*)\1""", re.DOTALL)
_ESCAPED: Final = re.compile(r"""\\([nrtv\\'"])""")
_CHARACTERS: Final[Mapping[str, str]] = {"n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def settings_of(folder: Path, *projects: str) -> dict[str, str]:
    """The functions' settings except secrets: `.env`, overridden by the projects' own files, one after the other."""
    return {name: value for text in _texts(folder, projects) for name, value in parsed(text).items()}


def parsed(text: str) -> dict[str, str]:
    return {match[1]: _value(match[2].strip()) for match in _LINE.finditer(text)}


def cut_short(folder: Path, *projects: str) -> frozenset[str]:
    """Settings cut off by a # that was hardly meant as a comment: `https://a.example/#b`."""
    return frozenset(
        match[1]
        for text in _texts(folder, projects)
        for match in _LINE.finditer(text)
        if text[match.end(2) :].startswith("#")
        and not match[2][-1:].isspace()
        and not _QUOTED.fullmatch(match[2].strip())
    )


def unknown(folder: Path, *projects: str) -> frozenset[str]:
    """Settings in the projects' own files that `.env`, which lists all settings, does not have."""
    return frozenset(settings_of(folder, *projects).keys() - settings_of(folder).keys())


def own_file(folder: Path, project: str) -> Path:
    return folder / f".env.{project}"


def _texts(folder: Path, projects: Iterable[str]) -> Iterator[str]:
    for file in (folder / ".env", *(own_file(folder, project) for project in projects)):
        yield file.read_text(encoding="utf-8") if file.is_file() else ""


def _value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        return text
    return _ESCAPED.sub(_meant, quoted[2]) if quoted[1] == '"' else quoted[2]


def _meant(escaped: re.Match[str]) -> str:
    return _CHARACTERS.get(escaped[1], escaped[1])
