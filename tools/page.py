"""The page in examples/shop for the shop that `make emulators` keeps open, until Ctrl-C.

    make page [PAGE_PORT=...]

Its config.json, which says where Firebase is, is generated from that shop's addresses.
"""

import sys
from collections.abc import Mapping
from typing import Final

from tools import site
from tools.addresses import Addresses
from tools.site import Port, Site
from tools.web_sdk import PAGE

PORT: Final = Port("PAGE_PORT", 8000)

# Only the page's own scripts, and no text becomes markup: names of customers and products stay text.
_POLICY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors", "trusted-types"), "'none'"),
    **dict.fromkeys(("script-src", "style-src", "img-src"), "'self'"),
    "require-trusted-types-for": "'script'",
}


def site_for(shop: Addresses) -> Site:
    policy = {**_POLICY, "connect-src": f"'self' http://{shop.firestore} http://{shop.auth} http://{shop.functions}"}
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
    }
    return Site(PAGE, headers, {"/config.json": site.configuration(shop)})


def main() -> int:
    """Serves until Ctrl-C; returns the exit code."""
    return site.serve(site_for, PORT)


if __name__ == "__main__":
    sys.exit(main())
