"""The page in examples/shop and the console in a real Chromium, as customers and operators have them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page

from tools import addresses, console, npm_package, site
from tools.toolchain import BUILD, ROOT

STEP_SECONDS_MAX: Final = 60
"""The first trigger starts a process."""


@contextmanager
def a_served_page() -> Iterator[str]:
    """The address of `make page`, which is stopped by Ctrl-C."""
    with _served("tools.page", "PAGE_PORT") as address:
        yield address


@contextmanager
def a_served_console() -> Iterator[str]:
    """The address of `make console`, which is stopped by Ctrl-C."""
    with _served("tools.console", "CONSOLE_PORT") as address:
        yield address


@contextmanager
def a_console_of(project: str) -> Iterator[str]:
    """The address of a console for this project, whose documents trigger no function."""
    with site.served(console.site_for(addresses.found(os.environ, BUILD), project)) as address:
        yield address


@contextmanager
def _served(module: str, port: str) -> Iterator[str]:
    command, environment = [sys.executable, "-m", module], {**os.environ, port: "0"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as served:
        assert served.stdout
        try:
            yield served.stdout.readline().decode().split()[1]
        finally:
            served.send_signal(signal.SIGINT)
        assert served.wait(10) == 0


@contextmanager
def a_visit(browser: Browser, address: str) -> Iterator[Page]:
    """A new visitor opens the page. Fails if the page writes errors or warnings to the browser's console."""
    with browser.new_context(
        base_url=address, locale="en-IE", timezone_id="UTC", permissions=["clipboard-write"]
    ) as context:
        context.set_default_timeout(STEP_SECONDS_MAX * 1_000)
        page, complaints = context.new_page(), list[str]()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        yield page
        assert not complaints, complaints


def barriers(page: Page) -> list[str]:
    """Accessibility barriers that axe finds in the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((npm_package.FOLDER / "axe-core" / "axe.min.js").read_text())
    violations = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)")
    return [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in violations for node in rule["nodes"]]
