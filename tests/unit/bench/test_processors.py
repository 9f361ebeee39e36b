"""Whose processor time is counted, and where processes may run."""

import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.processors import cores, family_of, listener_on, pinned, processor_seconds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process takes of a processor")
WAITING = [sys.executable, "-c", "input()"]


def test_what_a_process_takes_of_a_processor_is_counted() -> None:
    before, own = processor_seconds([os.getpid()]), os.times()
    while sum(os.times()[:2]) - sum(own[:2]) < 0.05:
        pass
    assert processor_seconds([os.getpid()]) - before >= 0.03


def test_a_process_that_has_ended_counts_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert processor_seconds([ended.pid]) == 0


def test_a_family_is_a_process_and_all_below_it() -> None:
    with subprocess.Popen(WAITING, stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= family_of(os.getpid())
        assert family_of(child.pid) == {child.pid}
        child.kill()


def test_who_listens_on_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert listener_on(port) == os.getpid()
    with pytest.raises(LookupError, match=f"port {port}"):
        listener_on(port)


def test_every_thread_of_a_process_is_pinned_until_the_block_ends() -> None:
    everywhere, is_pinned = cores(), threading.Event()

    def cores_of_a_thread() -> frozenset[int]:
        is_pinned.wait(10)
        return cores()

    with ThreadPoolExecutor(1) as pool:
        thread = pool.submit(cores_of_a_thread)
        with pinned([os.getpid()], {min(everywhere)}):
            is_pinned.set()
            assert thread.result() == cores() == {min(everywhere)}
        assert pool.submit(cores_of_a_thread).result() == cores() == everywhere
