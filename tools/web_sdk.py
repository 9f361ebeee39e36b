"""The Firebase SDK for the page in examples/shop, as modules that a browser loads as they are.

    python3 -m tools.web_sdk

With all that it depends on the package has 183 MB; it bundles them in the three files that the page needs.
"""

from typing import Final

from tools.npm_package import PINS, unpacked
from tools.toolchain import ROOT

PACKAGE: Final = "firebase"
PAGE: Final = ROOT / "examples" / "shop"
SDK: Final = PAGE / "sdk"

_MODULES: Final = ("firebase-app.js", "firebase-auth.js", "firebase-firestore.js")
_HOST: Final = f"https://www.gstatic.com/firebasejs/{PINS[PACKAGE].version}/"


def main() -> None:
    SDK.mkdir(exist_ok=True)
    with unpacked(PACKAGE) as package:
        for name in _MODULES:
            # They import each other from Google's host; here they stay with the page.
            (SDK / name).write_text((package / name).read_text().replace(_HOST, "./"))


if __name__ == "__main__":
    main()
