"""No two suites get the same port, however close together they choose."""

import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations

import pytest

from tools import toolchain
from tools.ports import BLOCKS, VARIABLES, Ports, PortsError, named_ports, reserved
from tools.toolchain import ROOT


def a_listener(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def numbers(ports: Ports) -> set[int]:
    return set(dataclasses.astuple(ports))


def test_ports_are_named_by_the_environment_and_an_empty_name_is_none() -> None:
    assert named_ports({"FIRESTORE_PORT": "18080", "FUNCTIONS_PORT": ""}) == {"firestore": 18080}
    assert named_ports({}) == {}


@pytest.mark.parametrize("named", ["http", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused_with_its_variable(named: str) -> None:
    with pytest.raises(PortsError, match=f"^FUNCTIONS_PORT must be a port number, not '{named}'$"):
        named_ports({"FUNCTIONS_PORT": named})


@pytest.mark.parametrize(("one", "other"), list(combinations(VARIABLES.values(), 2)))
def test_one_port_for_two_emulators_is_refused(one: str, other: str) -> None:
    with pytest.raises(PortsError, match=rf"^{one} and {other} are both 18080: name two different"):
        named_ports({variable: "18080" if variable in (one, other) else "18081" for variable in VARIABLES.values()})


def test_a_named_port_is_used_instead_of_the_usual_one(free_ports: Iterator[int]) -> None:
    named, usual = next(free_ports), next(free_ports)
    with reserved({"functions": named}, {"functions": usual}, iter(BLOCKS)) as ports:
        assert ports.functions == named
        assert usual not in numbers(ports)


def test_a_named_port_that_is_taken_or_about_to_be_is_refused_with_the_variable_that_names_another(
    free_ports: Iterator[int],
) -> None:
    port = next(free_ports)
    cannot = rf"^Port {port} cannot be used .* FUNCTIONS_PORT=\.\.\., or leave FUNCTIONS_PORT"
    for taken in (a_listener(port), reserved({"firestore": port}, {}, iter(BLOCKS))):
        with taken, pytest.raises(PortsError, match=cannot), reserved({"functions": port}, {}, iter(BLOCKS)):
            pytest.fail("was given all the same")


def test_a_usual_port_is_used_while_it_is_free(free_ports: Iterator[int]) -> None:
    usual = next(free_ports)
    with reserved({}, {"firestore": usual}, iter(BLOCKS)) as ports:
        assert ports.firestore == usual
    with a_listener(usual), reserved({}, {"firestore": usual}, iter(BLOCKS)) as ports:
        assert usual not in numbers(ports)


def test_a_usual_port_that_was_named_for_the_other_emulator_is_given_once(free_ports: Iterator[int]) -> None:
    port = next(free_ports)
    with reserved({"functions": port}, {"firestore": port}, iter(BLOCKS)) as ports:
        assert ports.functions == port
        assert ports.firestore != port


def test_a_block_with_a_taken_port_is_passed_over() -> None:
    with contextlib.ExitStack() as listening:
        with reserved({}, {}, iter(BLOCKS)) as first:
            listening.enter_context(a_listener(first.tasks))
        with reserved({}, {}, iter(BLOCKS[BLOCKS.index(first.hub) :])) as second:
            assert not numbers(first) & numbers(second)


def test_when_no_block_is_free_it_says_so() -> None:
    with pytest.raises(PortsError, match=r"^No ports are free between 10000 and 32568: "), reserved({}, {}, iter([])):
        pytest.fail("was given all the same")


def test_what_a_suite_let_go_is_given_again(free_ports: Iterator[int]) -> None:
    port = next(free_ports)
    for _ in range(2):
        with reserved({"firestore": port}, {}, iter(BLOCKS)) as ports:
            assert ports.firestore == port


CHOOSES = """
import dataclasses, json, sys
from tools.ports import BLOCKS, reserved
usual = {"firestore": int(sys.argv[1]), "functions": int(sys.argv[2])}
with reserved({}, usual, iter(BLOCKS)) as ports:
    print(json.dumps(dataclasses.astuple(ports)), flush=True)
    sys.stdin.read()
"""


def test_suites_that_choose_at_the_same_time_share_no_port_before_any_of_them_listens(
    free_ports: Iterator[int],
) -> None:
    usual = [next(free_ports), next(free_ports)]
    command = [sys.executable, "-c", CHOOSES, *map(str, usual)]
    suites = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    chosen = []
    for suite in suites:
        assert suite.stdout
        chosen += json.loads(suite.stdout.readline())
    for suite in suites:
        suite.communicate(timeout=10)
    assert len(set(chosen)) == len(chosen) == 6 * len(dataclasses.fields(Ports))
    assert set(usual) <= set(chosen)


def test_workers_get_the_ports_of_their_own_suite_each_once() -> None:
    asks = "const ask = () => require('portfinder').getPortPromise({ port: 8081 });"
    prints = "Promise.all([ask(), ask(), ask()]).then((given) => console.log(JSON.stringify(given)));"
    with reserved({}, {}, iter(BLOCKS)) as ports, a_listener(ports.first_worker + 1):
        asked = subprocess.run(
            [str(toolchain.find_node()), "--require", "./emulators.cjs", "--eval", asks + prints],
            cwd=ROOT / "tools",
            env={"FIRST_WORKER_PORT": str(ports.first_worker)},
            stdout=subprocess.PIPE,
            check=True,
        )
    assert json.loads(asked.stdout) == [ports.first_worker + offset for offset in (0, 2, 3)]
