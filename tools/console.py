"""The operators' console, for the shop that is open in the emulators: until Ctrl-C.

    python -m tools.console

`make console` does the same, and lets something happen in the shop (tools/living). It is served with the headers that
firebase.json names for Firebase Hosting, but that it speaks to the emulators in the place of Google's hosts; and it
learns at the address that Firebase Hosting reserves for that where Firebase is:
https://firebase.google.com/docs/hosting/reserved-urls
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from tools import site
from tools.addresses import PROJECT, Addresses
from tools.local_accounts import let_in
from tools.site import Port, Site
from tools.toolchain import ROOT
from tools.web_sdk import CONSOLE

PORT: Final = Port("CONSOLE_PORT", 8002)
OPERATOR: Final = "owner@example.com"
PASSWORD: Final = "kettle-and-cup"
"""Of the emulators alone: there it opens nothing but made-up data."""
CONFIGURATION: Final = "/__/firebase/init.json"
POLICY: Final = "Content-Security-Policy"
FIREBASE_HOSTS: Final[Mapping[str, str]] = {
    "https://firestore.googleapis.com": "firestore",
    "https://identitytoolkit.googleapis.com": "auth",
    "https://securetoken.googleapis.com": "auth",
}
"""Whom the console speaks to, and which emulator stands in for each."""


def hosted_headers() -> dict[str, str]:
    """What Firebase Hosting sends with every file of the console."""
    hosting = json.loads((ROOT / "firebase.json").read_text())["hosting"]
    (rule,) = hosting["headers"]
    return {header["key"]: header["value"] for header in rule["headers"]}


def site_for(shop: Addresses, project: str = PROJECT) -> Site:
    headers = hosted_headers()
    for host, emulator in FIREBASE_HOSTS.items():
        headers[POLICY] = headers[POLICY].replace(host, f"http://{getattr(shop, emulator)}")
    return Site(CONSOLE, {**headers, "Cache-Control": "no-store"}, {CONFIGURATION: configuration(shop, project)})


def configuration(shop: Addresses, project: str) -> dict[str, Any]:
    """As Firebase Hosting has it, flat, and besides it where the emulators are."""
    said = site.configuration(shop, project)
    return {**said["firebase"], "emulators": said["emulators"]}


def let_operator_in(shop: Addresses) -> str:
    """How an operator signs in here."""
    let_in(shop.auth, OPERATOR, PASSWORD, {"admin": True})
    return f"Sign in as {OPERATOR} with the password {PASSWORD}."


def main() -> int:
    """The exit code, once Ctrl-C has ended it."""
    return site.serve(site_for, PORT, let_operator_in)


if __name__ == "__main__":
    sys.exit(main())
