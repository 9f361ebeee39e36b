"""Runs the JavaScript in `docs`: what a shop's app and backend would write, so that tests can write the same."""

import json
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tools.toolchain import ROOT, find_node


class Call(NamedTuple):
    name: str
    """The method: `set`, `update` or `create` in a backend; `setDoc`, `addDoc`, `batch.set`, `assign`, or `call` with a
    function's name, in an app."""
    target: str
    """A path or a URL."""
    fields: dict[str, Any]


class Ran(NamedTuple):
    calls: list[Call]
    amount: int | None
    """What the code has worked out under this name."""


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def section(name: str, beginning: str) -> str:
    """The page's text after this heading or anchor, up to the next one."""
    _, found, text = page(name).partition(beginning)
    assert found, f"{name} has no {beginning}"
    return re.split(r'^## |^<a id="', text, maxsplit=1, flags=re.MULTILINE)[0]


def ran(name: str, beginning: str | None = None) -> list[Ran]:
    """The results of each block of a page or section, run for alice's order-1 of 48 euros."""
    text = page(name) if beginning is None else section(name, beginning)
    return [result for code, result in _all_ran(name).items() if code in text]


def calls_in(name: str, beginning: str | None = None, *, of: Iterable[str]) -> list[Call]:
    """The calls of these methods, in the order of the text."""
    return [call for result in ran(name, beginning) for call in result.calls if call.name in of]


@cache
def _all_ran(name: str) -> dict[str, Ran]:
    """Runs a page once in one process, since starting Node takes longer than all the rest."""
    blocks = re.findall(r"```js\n(.*?)```", page(name), re.DOTALL)
    node, program = find_node(), Path(__file__).with_suffix(".mjs")
    assert node, "the emulators' Node is gone"
    # Errors there go to standard error, which pytest shows.
    command = [node, program]
    done = subprocess.run(command, input=json.dumps(blocks), stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    results = (Ran([Call(*call) for call in result["calls"]], result["amount"]) for result in json.loads(done.stdout))
    return dict(zip(blocks, results, strict=True))
