"""Installs the modules of others that the page in examples/shop and the operators' console load in browsers.

    python3 -m tools.web_sdk

The Firebase SDK with its dependencies has 183 MB; the few files that a page needs are bundled.
"""

from typing import Final

from tools.npm_package import PINS, unpacked
from tools.toolchain import ROOT

PACKAGES: Final = ("firebase", "lit-html")
PAGE: Final = ROOT / "examples" / "shop"
CONSOLE: Final = ROOT / "console"
SDK: Final = PAGE / "sdk"
CONSOLE_SDK: Final = CONSOLE / "sdk"

_OF_BOTH: Final = ("firebase-app.js", "firebase-auth.js", "firebase-firestore.js")
_MODULES: Final = {SDK: (*_OF_BOTH, "firebase-functions.js"), CONSOLE_SDK: _OF_BOTH}
_HOST: Final = f"https://www.gstatic.com/firebasejs/{PINS['firebase'].version}/"


def main() -> None:
    with unpacked("firebase") as package:
        for folder, names in _MODULES.items():
            folder.mkdir(exist_ok=True)
            for name in names:
                # They import each other from Google's host; here they import local files.
                (folder / name).write_text(_without_its_map((package / name).read_text().replace(_HOST, "./")))
    with unpacked("lit-html") as package:
        (CONSOLE_SDK / "lit-html.js").write_text(_without_its_map((package / "lit-html.js").read_text()))
        (CONSOLE_SDK / "lit-html.LICENSE.txt").write_text((package / "LICENSE").read_text())


def _without_its_map(module: str) -> str:
    """Removes the reference to a source map, which is not installed, and which developer tools would request."""
    return "".join(line for line in module.splitlines(keepends=True) if not line.startswith("//# sourceMappingURL="))


if __name__ == "__main__":
    main()
