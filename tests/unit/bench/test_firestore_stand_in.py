"""The bench's stand-in for Firestore is as durable as the database that it is compared with."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.postgres.firestore_stand_in import Documents, Log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with (tmp_path / "log").open("wb", buffering=0) as file:
        yield Log(file)


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes of the log each flush found."""
    found: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: found.append(os.fstat(descriptor).st_size))
    return found


def test_a_commit_is_on_the_disk_when_it_is_answered(log: Log, flushed: list[int]) -> None:
    commit = json.dumps({"writes": [{"update": {"name": "orders/o", "fields": {}}}]}).encode()
    Documents(log).answer("commit", commit)
    assert flushed == [len(commit)]


def test_commits_that_come_together_share_a_flush(log: Log, flushed: list[int]) -> None:
    first, second = log.append(b"first"), log.append(b"second")
    log.flush(second)
    log.flush(first)
    assert flushed == [len(b"firstsecond")]
