"""The console's queries, and the tables that it shares with the service, as its modules print them."""

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.builders import NOW
from tools.toolchain import find_node


@functools.cache
def said_by_the_console() -> dict[str, Any]:
    """As `console_modules.mjs` prints it; at NOW, so that times are ISO 8601 with milliseconds in UTC."""
    node = find_node()
    assert node, "the emulators' Node is gone"
    command = [str(node), str(Path(__file__).with_suffix(".mjs")), NOW.isoformat()]
    said: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return said
