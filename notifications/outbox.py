"""Where the emulators keep what would have been sent: one file a message, to be looked at."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from orders.frozen import frozen

FOLDER: Final = Path(__file__).resolve().parents[1] / "build" / "outbox"

_NAME_CHARACTERS_MAX: Final = 200
"""File systems take 255 bytes."""


@frozen
class Outbox:
    """Like a provider that knows keys: what is sent again under the same key is there once."""

    folder: Path = FOLDER

    def put(self, key: str, message: Mapping[str, object]) -> None:
        """Keep the message as JSON, in `{key}.json`."""
        text = json.dumps(message, indent=2, ensure_ascii=False)
        self.put_file(key, ".json", f"{text}\n".encode())

    def put_file(self, key: str, ending: str, content: bytes) -> None:
        """Keep the content in `{key}{ending}`. Whoever reads it sees all of it or nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # The Firebase tools look at no file whose name begins with a dot, and load nothing again because of it.
        handle, unfinished = tempfile.mkstemp(prefix=".", dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).replace(self.folder / f"{_file_name(key)}{ending}")


def _file_name(key: str) -> str:
    name = quote(key, safe="")
    return name if len(name) <= _NAME_CHARACTERS_MAX else hashlib.sha256(key.encode()).hexdigest()
