"""The access token with which the service calls Firestore."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

from orders.outcome import StoreUnavailable

RENEWED_BEFORE_SECONDS: Final = 225.0
"""As in Google's library: the metadata server caches a token until less than five minutes of it are left."""


class Token(NamedTuple):
    headers: Mapping[str, str]
    """The headers that authorize a request."""
    expires_at: float
    """In seconds of Unix time."""


class AccessToken:
    """Caches a token until shortly before it expires, when one thread renews it.

    Meanwhile calls use the old one, which is valid for some minutes more. They wait only if there is no valid token.
    """

    def __init__(self, renewed: Callable[[], Token]) -> None:
        """`renewed` returns a new token, or raises StoreUnavailable."""
        self._renewed = renewed
        self._token = Token({}, -math.inf)
        self._renewer = ThreadPoolExecutor(1)
        self._renewal: Future[None] | None = None
        self._lock = threading.Lock()

    def headers(self, seconds: float) -> Mapping[str, str]:
        """The headers that authorize a request.

        Raises:
            StoreUnavailable: there is no valid token, and none came within this many seconds.
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
        """The renewal in progress, or one that starts now."""
        with self._lock:
            if self._renewal is None or self._renewal.done():
                self._renewal = self._renewer.submit(self._renew)
            return self._renewal

    def _renew(self) -> None:
        self._token = self._renewed()
