"""The access token that lets the service into Firestore."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from google.auth.credentials import Credentials, TokenState
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from orders.outcome import StoreUnavailable


class AccessToken:
    """Some credentials' token, kept until it is about to expire, and then renewed by one thread.

    Meanwhile calls bring the old one, which is valid for minutes more. Only where there is none do they wait.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._renewer = ThreadPoolExecutor(1)
        self._renewal: Future[None] | None = None
        self._lock = threading.Lock()

    def headers(self, seconds: float) -> dict[str, str]:
        """What a request has to bring.

        Raises:
            StoreUnavailable: there is no valid token, and none came within so many seconds.
        """
        renewal = self._renewal_if_due()
        if renewal and self._credentials.token_state is TokenState.INVALID:
            try:
                renewal.result(seconds)
            except (GoogleAuthError, TimeoutError) as error:
                raise StoreUnavailable(f"no access token: {type(error).__name__}: {error}") from error
        headers: dict[str, str] = {}
        self._credentials.apply(headers)
        return headers

    def _renewal_if_due(self) -> Future[None] | None:
        """The renewal that is under way, or begins now because the token is about to expire."""
        with self._lock:
            if self._credentials.token_state is TokenState.FRESH:
                return None
            if self._renewal is None or self._renewal.done():
                self._renewal = self._renewer.submit(self._credentials.refresh, Request())
            return self._renewal
