"""The access token that lets the service into Firestore."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

from orders.outcome import StoreUnavailable

RENEWED_BEFORE_SECONDS: Final = 225.0
"""As Google's library does: the metadata server gives out a token of its own until it has less than five minutes."""


class Token(NamedTuple):
    headers: Mapping[str, str]
    """What a request brings to be let in."""
    expires_at: float
    """In seconds of Unix time."""


class AccessToken:
    """A token that is kept until it is about to expire, and then renewed by one thread.

    Meanwhile calls bring the old one, which is valid for minutes more. Only where there is none do they wait.
    """

    def __init__(self, renewed: Callable[[], Token]) -> None:
        """`renewed` brings another one, or raises StoreUnavailable."""
        self._renewed = renewed
        self._token = Token({}, -math.inf)
        self._renewer = ThreadPoolExecutor(1)
        self._renewal: Future[None] | None = None
        self._lock = threading.Lock()

    def headers(self, seconds: float) -> Mapping[str, str]:
        """What a request has to bring.

        Raises:
            StoreUnavailable: there is no valid token, and none came within so many seconds.
        """
        seconds_valid = self._token.expires_at - time.time()
        if seconds_valid > RENEWED_BEFORE_SECONDS:
            return self._token.headers
        renewal = self._renewal_under_way()
        if seconds_valid <= 0:
            try:
                renewal.result(seconds)
            except (StoreUnavailable, TimeoutError) as error:
                said = str(error) or "none came in time"
                raise StoreUnavailable(f"no access token: {said}") from error
        return self._token.headers

    def _renewal_under_way(self) -> Future[None]:
        """The renewal that has not ended yet, or begins now."""
        with self._lock:
            if self._renewal is None or self._renewal.done():
                self._renewal = self._renewer.submit(self._renew)
            return self._renewal

    def _renew(self) -> None:
        self._token = self._renewed()
