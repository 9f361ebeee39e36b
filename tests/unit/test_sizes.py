"""A function fits on a screen, and a module can be read in one go."""

import ast
from pathlib import Path
from typing import Final

from tools.toolchain import ROOT

FUNCTION_LINES_MAX: Final = 45
MODULE_LINES_MAX: Final = 300


def modules() -> list[Path]:
    """Every module of the repository, but none that is installed."""
    rooms = [each.parent for each in ROOT.glob("*/__init__.py")]
    found = [module for room in (*rooms, ROOT / "tests", ROOT / "examples") for module in room.rglob("*.py")]
    return [ROOT / "main.py", *(each for each in found if "node_modules" not in each.parts)]


def test_no_function_and_no_module_is_too_long() -> None:
    too_long: list[str] = []
    for module in modules():
        text = module.read_text()
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        lines = {f"{module.name}: {each.name}": (each.end_lineno or 0) - each.lineno + 1 for each in functions}
        too_long += [name for name, count in lines.items() if count > FUNCTION_LINES_MAX]
        too_long += [module.name] if len(text.splitlines()) > MODULE_LINES_MAX else []
    assert too_long == []
