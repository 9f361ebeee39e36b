"""Shows that long work is alive: on a terminal by a line that counts, in a log by a line now and then.

Uses only the standard library, since the install uses it.
"""

import shutil
import time
from typing import Final, TextIO

_TERMINAL_SECONDS: Final = 1
_LOG_SECONDS: Final = 15
_FROM_THE_START_OF_THE_LINE: Final = "\r\033[K"


class Progress:
    """Starts counting when created."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._begun = self._next = time.monotonic()

    def waiting(self, what: str, said: str = "") -> None:
        """Show what is waited for: at once, then every second, or in a log every fifteen.

        A terminal also shows the last line of its output, `said`.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (_TERMINAL_SECONDS if self._is_terminal else _LOG_SECONDS)
        line = f"{what}: {self.seconds} s ..." if self.seconds else f"{what} ..."
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            print(_FROM_THE_START_OF_THE_LINE + f"{line} {said}"[:width], end="", file=self._out, flush=True)
        else:
            print(line, file=self._out, flush=True)

    def done(self, what: str) -> None:
        self._end_line(f"{what}: {self.seconds} s")

    def failed(self, what: str) -> None:
        self._end_line(f"{what}: failed")

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self._begun)

    def _end_line(self, line: str) -> None:
        print((_FROM_THE_START_OF_THE_LINE if self._is_terminal else "") + line, file=self._out, flush=True)
