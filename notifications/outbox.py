"""Stores what the emulators would have sent: one file per message, to be looked at."""

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
"""File systems allow 255 bytes."""


@frozen
class Outbox:
    """Behaves like a provider with idempotency keys: sending again under the same key stores one message."""

    folder: Path = FOLDER

    def put(self, key: str, message: Mapping[str, object]) -> None:
        """Store the message as JSON in `{key}.json`."""
        text = json.dumps(message, indent=2, ensure_ascii=False)
        self.put_file(key, ".json", f"{text}\n".encode())

    def put_file(self, key: str, ending: str, content: bytes) -> None:
        """Store the content in `{key}{ending}`, atomically."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # The Firebase tools ignore files whose names begin with a dot, and so do not reload.
        handle, unfinished = tempfile.mkstemp(prefix=".", dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).replace(self.folder / f"{_file_name(key)}{ending}")


def _file_name(key: str) -> str:
    name = quote(key, safe="")
    return name if len(name) <= _NAME_CHARACTERS_MAX else hashlib.sha256(key.encode()).hexdigest()
