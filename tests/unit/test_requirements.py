"""Dependencies are locked: one version of each package with the hashes of its files, here, in CI and on deploy."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from itertools import pairwise
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.install import NEEDS
from tools.toolchain import ROOT

LOCKS: Final = ("requirements", *(f"requirements-{need}" for need in NEEDS))
LOCKED: Final = re.compile(r"[a-z0-9.-]+(\[.*])?==\S+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+")

each_lock = pytest.mark.parametrize("lock", LOCKS)


def entries(lock: str) -> Sequence[str]:
    lines = re.split(r"(?<!\\)\n", (ROOT / f"{lock}.txt").read_text())
    return [line for line in lines if line and line[0] != "#"]


def locked(lock: str) -> Mapping[str, Requirement]:
    """Every package in a requirements*.txt."""
    return by_name(entry.partition("\\")[0] for entry in entries(lock))


def asked_for(lock: str) -> Mapping[str, Requirement]:
    """The packages that a requirements*.in names."""
    lines = (ROOT / f"{lock}.in").read_text().splitlines()
    return by_name(line.partition(" #")[0] for line in lines if line[0] not in "#-")


def by_name(lines: Iterator[str]) -> Mapping[str, Requirement]:
    return {canonicalize_name(wanted.name): wanted for wanted in map(Requirement, lines)}


@each_lock
def test_every_package_is_locked_to_one_version_and_the_hashes_of_its_files(lock: str) -> None:
    assert [entry for entry in entries(lock) if not LOCKED.fullmatch(entry)] == []


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [*((asked_for(lock), lock) for lock in LOCKS), *((locked(lower), upper) for lower, upper in pairwise(LOCKS))],
    ids=[*LOCKS, *(f"{upper} and the one before it" for upper in LOCKS[1:])],
)
def test_what_is_locked_is_what_is_asked_for(wanted: Mapping[str, Requirement], lock: str) -> None:
    packages = locked(lock)
    assert {name: one.specifier for name, one in wanted.items()} == {name: packages[name].specifier for name in wanted}


def test_what_runs_here_is_what_is_deployed_and_no_package_is_deployed_for_nothing() -> None:
    deployed = {name: one.specifier for name, one in locked("requirements").items() if is_for_here(one)}
    names = {name for wanted in asked_for("requirements").values() for name in closure(wanted)}
    assert {name: f"=={metadata.version(name)}" for name in names} == {name: str(s) for name, s in deployed.items()}


def is_for_here(wanted: Requirement, extra: str = "") -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": extra})


def closure(wanted: Requirement) -> Iterator[str]:
    """The package and all its installed dependencies."""
    yield canonicalize_name(wanted.name)
    for needed in map(Requirement, metadata.requires(wanted.name) or ()):
        if any(is_for_here(needed, extra) for extra in {"", *wanted.extras}):
            yield from closure(needed)
