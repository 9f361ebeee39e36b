"""PROJECT, YES, APPLY and the like mean the same to every tool, passed on by make."""

import re
from argparse import ArgumentTypeError

import pytest

from bench.loadtest import __main__ as loadtest
from tools import deploy, doctor, monitoring
from tools.options import switch
from tools.toolchain import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TOOLS = {"deploy": deploy.main, "doctor": doctor.main, "monitoring": monitoring.main, "loadtest": loadtest.main}
OPTIONS = [
    *("deploy --dry-run", "deploy --yes", "doctor --json", "monitoring --apply"),
    *("loadtest --yes", "loadtest --force", "loadtest --clean"),
]


@pytest.mark.parametrize(("text", "is_on"), [("1", True), ("0", False), ("", False)])
def test_a_switch_is_on_or_off(text: str, *, is_on: bool) -> None:
    assert switch(text) is is_on


@pytest.mark.parametrize("text", ["yes", "true", "no", "false", "2", "01", " 1"])
def test_whatever_else_is_neither(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=f"^1 is yes, 0 or nothing is no, and {text!r} is neither$"):
        switch(text)


@pytest.mark.parametrize("option", OPTIONS)
def test_what_is_neither_is_refused_before_google_is_asked(capsys: pytest.CaptureFixture[str], option: str) -> None:
    tool, _, option = option.partition(" ")
    with pytest.raises(SystemExit):
        TOOLS[tool](["--project=shop", f"{option}=yes"])
    assert f"argument {option}: 1 is yes, 0 or nothing is no, and 'yes' is neither" in capsys.readouterr().err


@pytest.mark.parametrize("tool", TOOLS)
def test_no_project_is_no_answer(capsys: pytest.CaptureFixture[str], tool: str) -> None:
    with pytest.raises(SystemExit):
        TOOLS[tool](["--project="])
    assert "argument --project: which one? Say PROJECT=..." in capsys.readouterr().err


@pytest.mark.parametrize("tool", sorted(TOOLS.keys() - {"loadtest"}))
def test_a_project_of_the_emulators_is_none_of_googles(capsys: pytest.CaptureFixture[str], tool: str) -> None:
    with pytest.raises(SystemExit):
        TOOLS[tool](["--project=demo-shop"])
    assert "argument --project: demo-shop is a project of the emulators" in capsys.readouterr().err


@pytest.mark.parametrize("option", OPTIONS)
def test_make_passes_on_the_value(option: str) -> None:
    target, _, option = option.partition(" ")
    (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    variable = option.removeprefix("--").replace("-", "_").upper()
    assert f'{option}="$${variable}"' in recipe


def test_no_option_of_make_is_on_because_its_variable_is_set_to_anything() -> None:
    assert re.findall(r"\$\$\{\w+:\+--[\w-]+\}", MAKEFILE) == []
