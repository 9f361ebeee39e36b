"""The certificates with which Google signs ID tokens, cached for as long as Google says.

https://firebase.google.com/docs/auth/admin/verify-id-tokens: "Use the value of max-age in the Cache-Control header".
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from google.auth.exceptions import TransportError
from google.auth.transport.requests import Request

from orders.frozen import frozen
from orders.outcome import Transient

CERTIFICATES_URL: Final = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
FETCH_SECONDS_MAX: Final = 3.0
STALE_SECONDS_MAX: Final = 3_600.0
"""How long they are used past their expiry if newer ones cannot be fetched: Google announces a key hours before it
signs with it, and a token lives for one hour."""
RETRY_SECONDS: Final = 5.0
"""The pause after a failed fetch: sixteen threads must not wait for Google one after the other."""
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])")


class KeysUnavailable(Transient):
    """The keys with which Google signs ID tokens could not be fetched."""


@frozen
class Published:
    """Google's published certificates."""

    by_key_id: Mapping[str, str]
    """Certificates in PEM, by the id that a token's header names."""
    max_age_seconds: float


class Certificates:
    """Google's certificates, fetched on first use and again when they have expired."""

    def __init__(self, fetch: Callable[[], Published], monotonic: Callable[[], float]) -> None:
        """`fetch` raises KeysUnavailable."""
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._by_key_id: Mapping[str, str] = {}
        self._fresh_until = self._usable_until = self._asks_again_at = -1.0

    def named(self, key_id: object) -> str | None:
        """The certificate with this id; None if Google has none.

        Raises:
            KeysUnavailable: the certificates are unknown or out of date, and cannot be fetched.
        """
        with self._lock:
            if self._monotonic() >= self._fresh_until:
                self._renew()
            now = self._monotonic()
            certificate = self._by_key_id.get(key_id) if isinstance(key_id, str) and now < self._usable_until else None
            if certificate is None and now >= self._fresh_until:
                # It may be a newer certificate.
                raise KeysUnavailable("Google's certificates are not known, or out of date")
            return certificate

    def _renew(self) -> None:
        if self._monotonic() < self._asks_again_at:
            return
        try:
            published = self._fetch()
        except KeysUnavailable:
            self._asks_again_at = self._monotonic() + RETRY_SECONDS
            return
        self._by_key_id = published.by_key_id
        self._fresh_until = self._monotonic() + published.max_age_seconds
        self._usable_until = self._fresh_until + STALE_SECONDS_MAX


def published() -> Published:
    """Fetch Google's certificates. Raises KeysUnavailable."""
    try:
        answer = Request()(CERTIFICATES_URL, timeout=FETCH_SECONDS_MAX)
        if answer.status != HTTPStatus.OK:
            raise KeysUnavailable(f"Google answered {answer.status}")
        return published_in(answer.data, answer.headers.get("Cache-Control", ""))
    except TransportError as error:
        raise KeysUnavailable(f"{type(error).__name__}") from error


def published_in(body: bytes, cache_control: str) -> Published:
    """The certificates in Google's answer. Raises KeysUnavailable."""
    try:
        by_key_id = json.loads(body)
    except ValueError:
        by_key_id = None
    if not isinstance(by_key_id, dict) or not by_key_id:
        raise KeysUnavailable("Google's answer holds no certificates")
    named = {key_id: text for key_id, text in by_key_id.items() if isinstance(text, str)}
    max_age = _MAX_AGE.search(cache_control.lower())
    return Published(named, float(max_age[1]) if max_age else 0.0)
