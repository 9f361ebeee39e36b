"""How a door is opened: once, whoever asks, and without stopping the search for garbage for good."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import main
from service.settings import SettingsError


def test_a_door_is_opened_once_though_many_knock() -> None:
    knocking = threading.Barrier(8)
    opened = main._opened_once(object)

    def knock(_: int) -> object:
        knocking.wait(timeout=10)
        return opened()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(knock, range(8)))) == 1


def test_a_door_that_needs_another_opens_it_first() -> None:
    inner = main._opened_once(lambda: ["inner"])
    assert main._opened_once(lambda: [*inner(), "outer"])() == ["inner", "outer"]


def test_a_door_that_could_not_be_opened_is_tried_again() -> None:
    tries = iter([False, True])

    def build() -> str:
        if not next(tries):
            raise SettingsError("a setting is missing")
        return "open"

    opened = main._opened_once(build)
    with pytest.raises(SettingsError):
        opened()
    assert gc.isenabled()
    assert opened() == "open"


def test_garbage_is_searched_for_but_not_while_a_door_is_opened() -> None:
    assert gc.isenabled()
    assert not main._opened_once(gc.isenabled)()
    assert gc.isenabled()
