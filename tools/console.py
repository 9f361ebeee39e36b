"""The operators' console for the shop that is open in the emulators, until Ctrl-C.

    python -m tools.console

`make console` does the same on a shop where things happen (tools/living). The console is served with the headers that
firebase.json sets for Firebase Hosting, except that it may connect to the emulators instead of Google's hosts. It reads
Firebase's configuration from the address that Firebase Hosting reserves for it:
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
"""For the emulators only, where it protects nothing but made-up data."""
CONFIGURATION: Final = "/__/firebase/init.json"
POLICY: Final = "Content-Security-Policy"
FIREBASE_HOSTS: Final[Mapping[str, str]] = {
    "https://firestore.googleapis.com": "firestore",
    "https://identitytoolkit.googleapis.com": "auth",
    "https://securetoken.googleapis.com": "auth",
}
"""The hosts that the console connects to, and the emulator that stands in for each."""


def hosted_headers() -> dict[str, str]:
    """The headers that Firebase Hosting sends with every file of the console."""
    hosting = json.loads((ROOT / "firebase.json").read_text())["hosting"]
    (rule,) = hosting["headers"]
    return {header["key"]: header["value"] for header in rule["headers"]}


def site_for(shop: Addresses, project: str = PROJECT) -> Site:
    headers = hosted_headers()
    for host, emulator in FIREBASE_HOSTS.items():
        headers[POLICY] = headers[POLICY].replace(host, f"http://{getattr(shop, emulator)}")
    return Site(CONSOLE, {**headers, "Cache-Control": "no-store"}, {CONFIGURATION: configuration(shop, project)})


def configuration(shop: Addresses, project: str) -> dict[str, Any]:
    """In Firebase Hosting's flat form, with the addresses of the emulators."""
    said = site.configuration(shop, project)
    return {**said["firebase"], "emulators": said["emulators"]}


def let_operator_in(shop: Addresses) -> str:
    """Create the operator's account. Returns how to sign in."""
    let_in(shop.auth, OPERATOR, PASSWORD, {"admin": True})
    return f"Sign in as {OPERATOR} with the password {PASSWORD}."


def main() -> int:
    """Serves until Ctrl-C; returns the exit code."""
    return site.serve(site_for, PORT, let_operator_in)


if __name__ == "__main__":
    sys.exit(main())
