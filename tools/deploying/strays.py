"""Finds modules that lie about in a developer's folder: the Firebase tools upload them like ours."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

_ALL_BUT: Final = re.compile(r"\*\*/!\((.*)\)")


def strays_in(folder: Path) -> tuple[str, ...]:
    """The modules that would be uploaded although git does not have them; none where git cannot tell.

    At the top, one named like a module of Python's own would even be imported in its place.
    """
    names = _uploaded_names(folder)
    places = ("*.py", *(f"{name}/**/*.py" for name in sorted(names) if "." not in name))
    command = ["git", "ls-files", "--others", "-z", "--", *(f":(glob){place}" for place in places)]
    try:
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(path for path in found.split("\0") if path and names.issuperset(Path(path).parts[:-1]))


def _uploaded_names(folder: Path) -> frozenset[str]:
    """The only names of folders and files that firebase.json does not have ignored."""
    ignored = json.loads((folder / "firebase.json").read_text())["functions"].get("ignore", ())
    return frozenset(name for found in map(_ALL_BUT.fullmatch, ignored) if found for name in found[1].split("|"))
