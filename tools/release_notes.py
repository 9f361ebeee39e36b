"""Print the changelog's section about a release.

python -m tools.release_notes v0.1.0
"""

import re
import sys

from tools.toolchain import ROOT


def notes_of(tag: str, changelog: str) -> str:
    """The version's section without its heading. Raises LookupError if it is missing or empty."""
    version = re.escape(tag.removeprefix("v"))
    section = re.search(rf"^## {version} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not section or not section[1].strip():
        raise LookupError(f"CHANGELOG.md has no section '## {tag.removeprefix('v')} - YYYY-MM-DD', or nothing in it")
    return section[1].strip()


if __name__ == "__main__":
    try:
        print(notes_of(sys.argv[1], (ROOT / "CHANGELOG.md").read_text()))
    except LookupError as problem:
        sys.exit(str(problem))
