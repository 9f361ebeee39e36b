"""A second suite of emulators starts beside the one that these tests run in, and leaves no process behind."""

import os
from pathlib import Path

import pytest

from tests.support.http_client import request
from tools import reaper, suite
from tools.addresses import PROJECT
from tools.emulators import running


def test_a_second_suite_answers_within_and_leaves_no_process_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "BUILD", tmp_path / "build")
    # Other tests may have left helpers of their own, which end with pytest.
    before = set(reaper.descendants(os.getpid()))
    with running({}) as up:
        # Starts a worker, the kind of process that outlives its emulator.
        assert request(f"http://{up.addresses.functions}/{PROJECT}/us-central1/stripeWebhook").status == 405
        assert request(f"http://{up.addresses.firestore}/").status == 200
        started = set(reaper.descendants(os.getpid())) - before
        assert len(started) >= 5, "the reaper, Node, Java, and a worker's two"
    assert not started & set(reaper.living_processes())
