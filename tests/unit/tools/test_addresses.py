"""A command beside the emulators finds those that run, and says what to do if none do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import logs
from tools.addresses import Addresses, NoEmulators, found


@pytest.fixture
def listening() -> Iterator[Addresses]:
    """Ports that listen, but answer nothing."""
    with (
        socket.create_server(("127.0.0.1", 0)) as firestore,
        socket.create_server(("127.0.0.1", 0)) as functions,
        socket.create_server(("127.0.0.1", 0)) as auth,
        socket.create_server(("127.0.0.1", 0)) as stripe,
    ):
        yield Addresses(*(f"127.0.0.1:{server.getsockname()[1]}" for server in (firestore, functions, auth, stripe)))


def test_those_that_the_environment_names_come_first(listening: Addresses, tmp_path: Path) -> None:
    with logs.folder_of_a_run(tmp_path) as (folder, _):
        Addresses("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4").leave_in(folder)
        assert found(listening.variables(), tmp_path) == listening


@pytest.mark.parametrize(
    "left_out",
    ["FIRESTORE_EMULATOR_HOST", "FUNCTIONS_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "STRIPE_STAND_IN_HOST"],
)
def test_an_environment_that_names_some_of_them_names_none(left_out: str, listening: Addresses, tmp_path: Path) -> None:
    with pytest.raises(NoEmulators, match=r"^No emulators are up: .* `make emulators`\.$"):
        found({**listening.variables(), left_out: ""}, tmp_path)


def test_those_that_are_up_are_found_until_they_end(listening: Addresses, tmp_path: Path) -> None:
    with logs.folder_of_a_run(tmp_path) as (folder, _):
        listening.leave_in(folder)
        with logs.folder_of_a_run(tmp_path):
            assert found({}, tmp_path) == listening, "a suite that leaves no addresses is for nobody else"
    with pytest.raises(NoEmulators, match=r"^No emulators are up: "):
        found({}, tmp_path)


def test_the_latest_of_several_is_found(listening: Addresses, tmp_path: Path) -> None:
    with logs.folder_of_a_run(tmp_path) as (earlier, _), logs.folder_of_a_run(tmp_path) as (later, _):
        Addresses("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4").leave_in(earlier)
        listening.leave_in(later)
        assert found({}, tmp_path) == listening


def test_one_on_which_nothing_listens_is_named(listening: Addresses, tmp_path: Path) -> None:
    lost = {**listening.variables(), "FUNCTIONS_EMULATOR_HOST": "127.0.0.1:1"}
    named = "Nothing listens on 127.0.0.1:1, which FUNCTIONS_EMULATOR_HOST names: is `make emulators` still up?"
    with pytest.raises(NoEmulators) as missing:
        found(lost, tmp_path)
    assert str(missing.value) == named
    assert Addresses(listening.firestore, "no address", listening.auth, listening.stripe).silent == ["functions"]


def test_firebases_libraries_are_led_to_these_and_nowhere_else() -> None:
    addresses = Addresses("here:1", "here:2", "here:3", "here:4")
    assert addresses.variables() == {
        "FIRESTORE_EMULATOR_HOST": "here:1",
        "FUNCTIONS_EMULATOR_HOST": "here:2",
        "FIREBASE_AUTH_EMULATOR_HOST": "here:3",
        "STRIPE_STAND_IN_HOST": "here:4",
        "GCLOUD_PROJECT": "demo-shop",
        "GOOGLE_CLOUD_PROJECT": "demo-shop",
    }
