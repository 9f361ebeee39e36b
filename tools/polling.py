"""Waiting for what Firestore says, by asking again and again.

Its Python client gives up a snapshot listener for good, without a word, when the listener's stream is cancelled.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

POLL_SECONDS: Final = 0.05

_Answer = TypeVar("_Answer")


def polled(ask: Callable[[], _Answer], is_so: Callable[[_Answer], bool], *, seconds: float) -> _Answer:
    """The first answer that is so.

    Raises:
        TimeoutError: none was within so many seconds; the message shows the last one.
    """
    end = time.monotonic() + seconds
    while not is_so(answer := ask()):
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds:g} seconds it is still {answer}")
        time.sleep(POLL_SECONDS)
    return answer
