"""Google's certificates: kept as long as Google says, fetched by one thread at a time, and stale rather than none."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from google.auth.exceptions import TransportError

from checkout import certificates as module
from checkout.certificates import (
    CERTIFICATES_URL,
    RETRY_SECONDS,
    STALE_SECONDS_MAX,
    Certificates,
    KeysUnavailable,
    Published,
    published,
    published_in,
)


@dataclass
class Google:
    """Publishes one certificate, a new one for each fetch, valid for a hundred seconds."""

    now: float = 1_000.0
    is_there: bool = True
    fetches: int = 0
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def publish(self) -> Published:
        self.fetches += 1
        self.may_answer.wait(10)
        if not self.is_there:
            raise KeysUnavailable("no answer")
        return Published({"key": f"certificate {self.fetches}"}, 100)

    def certificates(self) -> Certificates:
        return Certificates(self.publish, lambda: self.now)


def test_certificates_are_kept_until_their_time_is_over() -> None:
    google = Google()
    certificates = google.certificates()
    assert certificates.named("key") == "certificate 1"
    google.now += 99.9
    assert certificates.named("key") == "certificate 1"
    google.now += 0.1
    assert certificates.named("key") == "certificate 2"


@pytest.mark.parametrize("key_id", ["other", None, 7, ["key"]])
def test_an_unknown_key_is_not_googles_and_makes_nobody_ask_again(key_id: object) -> None:
    google = Google()
    certificates = google.certificates()
    assert [certificates.named(key_id) for _ in range(3)] == [None] * 3
    assert google.fetches == 1


def test_many_callers_wait_for_one_answer() -> None:
    google = Google()
    google.may_answer.clear()
    certificates = google.certificates()
    with ThreadPoolExecutor(8) as callers:
        named = [callers.submit(certificates.named, "key") for _ in range(8)]
        google.may_answer.set()
        assert {each.result() for each in named} == {"certificate 1"}


def test_while_google_does_not_answer_the_old_ones_count_for_an_hour() -> None:
    google = Google()
    certificates = google.certificates()
    certificates.named("key")
    google.is_there = False
    google.now += 100 + STALE_SECONDS_MAX - 1
    assert certificates.named("key") == "certificate 1"
    google.now += 1
    with pytest.raises(KeysUnavailable):
        certificates.named("key")


def test_an_unknown_key_may_be_a_new_one_while_only_old_ones_are_known() -> None:
    google = Google()
    certificates = google.certificates()
    certificates.named("key")
    google.is_there = False
    google.now += 100
    with pytest.raises(KeysUnavailable):
        certificates.named("newer")


def test_google_is_not_asked_again_at_once_after_it_has_not_answered() -> None:
    google = Google(is_there=False)
    certificates = google.certificates()
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            certificates.named("key")
    assert google.fetches == 1
    google.is_there = True
    google.now += RETRY_SECONDS
    assert certificates.named("key") == "certificate 2"


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("public, max-age=19302, must-revalidate, no-transform", 19_302),
        ("MAX-AGE=5", 5),
        ("s-maxage=9", 0),
        ("x-max-age=9", 0),
        ("no-store", 0),
        ("", 0),
    ],
)
def test_google_says_how_long_they_count(cache_control: str, seconds: int) -> None:
    assert published_in(b'{"key": "pem", "odd": 1}', cache_control) == Published({"key": "pem"}, seconds)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'"key"'])
def test_an_answer_without_certificates_is_none(body: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        published_in(body, "max-age=100")


# --- Asked ------------------------------------------------------------------------------------------------------------


def answering(status: int, headers: Mapping[str, str]) -> Callable[[], Callable[..., SimpleNamespace]]:
    """Replaces Google's transport."""

    def answer(url: str, *, timeout: float) -> SimpleNamespace:
        if not status:
            raise TransportError("no answer")
        assert (url, timeout) == (CERTIFICATES_URL, 3.0)
        return SimpleNamespace(status=status, data=b'{"key": "pem"}', headers=headers)

    return lambda: answer


@pytest.mark.parametrize(("headers", "seconds"), [({"Cache-Control": "max-age=60"}, 60), ({}, 0)])
def test_google_is_asked_for_them(monkeypatch: pytest.MonkeyPatch, headers: Mapping[str, str], seconds: int) -> None:
    monkeypatch.setattr(module, "Request", answering(200, headers))
    assert published() == Published({"key": "pem"}, seconds)


@pytest.mark.parametrize("status", [0, 503], ids=["no answer", "another answer"])
def test_without_its_answer_they_are_not_known(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(module, "Request", answering(status, {}))
    with pytest.raises(KeysUnavailable):
        published()
