"""The access token to Firestore: kept, renewed in time, and never waited for without limit."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError

from database.access_token import AccessToken, Token
from database.google_credentials import token_of
from orders.outcome import StoreUnavailable

AN_HOUR, A_MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Renewed(Credentials):
    """Credentials whose n-th token is `token-n`, valid from when the renewal may end."""

    def __init__(self, *lifetimes: timedelta) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.lifetimes = list(lifetimes)
        self.renewals = 0
        self.may_end = threading.Event()
        self.may_end.set()
        self.has_ended = threading.Event()

    def refresh(self, request: Any) -> None:
        self.may_end.wait(10)
        self.renewals += 1
        if not self.lifetimes:
            raise RefreshError("no more")
        self.token = f"token-{self.renewals}"
        # The library compares with naive UTC times.
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + self.lifetimes.pop(0)
        self.has_ended.set()


def bearer(token: AccessToken, seconds: float = 10) -> str:
    return token.headers(seconds)["authorization"]


def test_a_token_is_kept() -> None:
    credentials = Renewed(AN_HOUR, AN_HOUR)
    token = AccessToken(partial(token_of, credentials))
    assert [bearer(token), bearer(token)] == ["Bearer token-1"] * 2
    assert credentials.renewals == 1


def test_a_call_during_a_renewal_waits_for_the_same_token() -> None:
    begun, may_end, renewals = threading.Event(), threading.Event(), list[int]()

    def renewed() -> Token:
        renewals.append(1)
        begun.set()
        may_end.wait(10)
        return Token({"authorization": f"Bearer token-{len(renewals)}"}, time.time() + 3_600)

    token = AccessToken(renewed)
    with ThreadPoolExecutor(2) as calls:
        first = calls.submit(bearer, token)
        assert begun.wait(10)
        with pytest.raises(StoreUnavailable, match="no access token: none came in time"):
            bearer(token, seconds=0.01)
        may_end.set()
        assert first.result() == bearer(token) == "Bearer token-1"
    # The renewing thread has nothing left to do.
    token._renewer.shutdown()
    assert len(renewals) == 1


def test_a_token_that_is_about_to_expire_serves_on_while_it_is_renewed() -> None:
    credentials = Renewed(A_MINUTE, AN_HOUR)
    token = AccessToken(partial(token_of, credentials))
    assert bearer(token) == "Bearer token-1"
    credentials.may_end.clear()
    credentials.has_ended.clear()
    assert [bearer(token), bearer(token)] == ["Bearer token-1"] * 2
    credentials.may_end.set()
    assert credentials.has_ended.wait(10)
    assert bearer(token) == "Bearer token-2"


def test_a_renewal_that_fails_is_no_answer_and_the_next_call_tries_again() -> None:
    credentials = Renewed()
    token = AccessToken(partial(token_of, credentials))
    with pytest.raises(StoreUnavailable, match="no more"):
        bearer(token)
    credentials.lifetimes.append(AN_HOUR)
    assert bearer(token) == "Bearer token-2"
