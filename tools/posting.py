"""Posts to a server on this machine: a function in its emulator, or the emulators' hub.

Uses only the standard library, since the emulators' start depends on it.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

ANSWER_SECONDS_MAX: Final = 60
"""The Functions emulator starts a process for the first request; nothing else takes as long."""

_SHOWN_MAX: Final = 80
# A proxy from the environment does not lead back to this machine.
_without_proxy: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotAnswered(Exception):
    """Nothing was done, as far as is known. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def is_done(self) -> bool:
        return self.status == HTTPStatus.OK

    @property
    def said(self) -> str:
        """The service's result or error; if something else answered, its text."""
        fields = self.fields()
        return str(
            fields.get("result") or fields.get("error") or self.body.decode(errors="replace")[:_SHOWN_MAX].strip()
        )

    @property
    def reason(self) -> str | None:
        """The reason, if the service gives one."""
        reason = self.fields().get("reason")
        return reason if isinstance(reason, str) else None

    def fields(self) -> Mapping[str, object]:
        """The answer, if it is a JSON object; otherwise empty."""
        try:
            fields = json.loads(self.body)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}

    def __str__(self) -> str:
        return f"{self.status} {self.said}{f': {self.reason}' if self.reason else ''}"


def post(url: str, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> Answer:
    """The answer, whatever its status. Raises NotAnswered if there is none."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})})
    try:
        with _without_proxy.open(request, timeout=ANSWER_SECONDS_MAX) as answer:
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())
    except OSError as error:
        raise NotAnswered(f"There was no answer from {url}: {error}.") from None
