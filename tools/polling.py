"""Waits for a state in Firestore by polling.

The Python client's snapshot listener silently stops for good when its stream is cancelled.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

POLL_SECONDS: Final = 0.05

_Answer = TypeVar("_Answer")


def polled(ask: Callable[[], _Answer], is_so: Callable[[_Answer], bool], *, seconds: float) -> _Answer:
    """The first answer that satisfies the condition.

    Raises:
        TimeoutError: none did in time; the message shows the last one.
    """
    end = time.monotonic() + seconds
    while not is_so(answer := ask()):
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds:g} seconds it is still {answer}")
        time.sleep(POLL_SECONDS)
    return answer
