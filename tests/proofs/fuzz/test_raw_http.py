"""The real server refuses requests that no HTTP client would send; they leak, keep and break nothing."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.proofs.fuzz.raw_http import (
    AS_IN_PRODUCTION,
    NOWHERE,
    a_get_of,
    answer_to,
    broken_requests,
    changed,
    complaints_about_answer,
    complaints_about_server,
    statuses_in,
)
from tests.support.production_server import Server, production_server
from tests.support.signing import SECRET
from tests.support.stripe_objects import a_stripe_event

CHANGED = 100


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with production_server("demo-fuzz", NOWHERE, tmp_path_factory.mktemp("wire"), **AS_IN_PRODUCTION) as serving:
        yield serving


def test_no_broken_request_breaks_anything(server: Server) -> None:
    chance, usual, worker = random.Random(7), broken_requests(), server.worker()  # noqa: S311
    statuses: Counter[str] = Counter()
    for request in (*usual, *(changed(chance.choice(usual), chance) for _ in range(CHANGED))):
        answer = answer_to(request, server)
        assert list(complaints_about_answer(request, answer)) == [], request
        statuses.update(statuses_in(answer))
    assert list(complaints_about_server(server, worker)) == []
    assert statuses.keys() >= {"400", "405", "413", "431"}


def test_a_body_that_need_not_be_read_is_not_kept(server: Server) -> None:
    before = server.resident_megabytes()
    assert statuses_in(answer_to(a_get_of(megabytes=100), server)) == ["405"]
    assert server.resident_megabytes() < before + 20


def test_the_judge_complains_about_what_is_wrong(server: Server) -> None:
    assert list(complaints_about_answer(b"", b"HTTP/1.1 500 Oh\r\n\r\n")) == ["answered 500"]
    assert list(complaints_about_answer(b"", b"HTTP/1.1 200 OK\r\n\r\n")) == ["answered 200"]
    assert list(complaints_about_answer(b"", b"HTTP/1.1 400 No\r\n\r\n" + SECRET.encode())) == ["leaked the secret"]
    assert list(complaints_about_answer(b"", b"HTTP/1.1 400 No\r\nX-Injected: 1\r\n\r\n")) == ["let a header in"]
    assert list(complaints_about_answer(b"", b"HTTP/1.1 400 No\r\n\r\n" + b"x" * 20_000)) == ["answered 20,019 bytes"]
    assert server.deliver(a_stripe_event(event_type="customer.created")).status == 200
    assert list(complaints_about_server(server, worker=1)) == ["its worker has died"]
