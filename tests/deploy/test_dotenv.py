"""Settings files are read as the Firebase tools read them."""

import json
import subprocess
from pathlib import Path

import pytest

from tools.deploying.dotenv import cut_short, parsed, settings_of, unknown
from tools.toolchain import FIREBASE, ROOT, find_node

READ = {
    "as it is": ("A=b c", "b c"),
    "without what surrounds it": ("  export A = b  ", "b"),
    "up to a comment": ("A=b # why", "b"),
    "up to a # that nobody meant for a comment": ("A=https://b.example/#c", "https://b.example/"),
    "whole, in quotes": ('A="https://b.example/#c" # why', "https://b.example/#c"),
    "with what stands for something else": (r'A="b\n\"c\"\\"', 'b\n"c"\\'),
    "as it is, in single quotes": (r"A='b\n#'", r"b\n#"),
    "over several lines": ('A="b\nc"', "b\nc"),
    "as nothing": ("A=\nB=1", ""),
    "as nothing, before a comment": ("A=\n# B=1", ""),
    "with a carriage return": ("A=b\r\nB=1", "b"),
    "behind a byte order mark": ("\ufeffA=b", "b"),
    "in any language": ("A=Käfer \u00a0", "Käfer"),
    "the last time that it is set": ("A=b\nA=c", "c"),
    "not from a comment": ("A=b\n#A=c", "b"),
}


@pytest.mark.parametrize(("text", "value"), READ.values(), ids=READ)
def test_a_setting_is_read(text: str, value: str) -> None:
    assert parsed(text)["A"] == value


def test_the_firebase_tools_read_the_same() -> None:
    node = find_node()
    assert node
    module = FIREBASE.parents[1] / "functions/env.js"
    read_all = "JSON.parse(process.argv[2]).map((text) => require(process.argv[1]).parse(text).envs)"
    script = f"console.log(JSON.stringify({read_all}))"
    texts = [text for text, _ in READ.values()] + [(ROOT / ".env").read_text()]
    said = subprocess.run([node, "-e", script, module, json.dumps(texts)], capture_output=True, check=True, text=True)
    assert json.loads(said.stdout) == [parsed(text) for text in texts]


def test_the_projects_own_file_is_read_over_the_others(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB=1")
    assert settings_of(tmp_path, "shop") == {"A": "1", "B": "1"}
    (tmp_path / ".env.shop").write_text("B=2\nC=2")
    assert settings_of(tmp_path, "shop") == {"A": "1", "B": "2", "C": "2"}
    assert unknown(tmp_path, "shop") == {"C"}


@pytest.mark.parametrize(
    ("line", "is_cut"),
    [
        ("A=https://b.example/#c", True),
        ("A=#1 in cups", True),
        ("A=b # why", False),
        ("A= # why", False),
        ('A="b#c"', False),
        ('A="b"#c', False),
        ("A=\n#c", False),
    ],
)
def test_a_value_is_cut_short_by_what_nobody_can_have_meant_for_a_comment(
    tmp_path: Path, line: str, *, is_cut: bool
) -> None:
    (tmp_path / ".env").write_text(line)
    assert cut_short(tmp_path, "shop") == ({"A"} if is_cut else set())
