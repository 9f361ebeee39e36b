"""The shop in the emulator, under the rules that are deployed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from tests.emulator.rules.emulated_project import EmulatedProject
from tests.emulator.rules.shop import SHOP

RULES: Final = Path(__file__).parents[3] / "firestore.rules"


@pytest.fixture(scope="session")
def new_project() -> Callable[[], EmulatedProject]:
    """Makes projects under the rules. No trigger listens to them: their names are new each time."""
    host = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if not host:
        pytest.fail("FIRESTORE_EMULATOR_HOST names no emulator; `make test` starts one.", pytrace=False)

    def project() -> EmulatedProject:
        project = EmulatedProject(host, f"demo-rules-{uuid4().hex[:8]}")
        project.load_rules(RULES.read_text())
        return project

    return project


@pytest.fixture(scope="session")
def shared_project(new_project: Callable[[], EmulatedProject]) -> EmulatedProject:
    return new_project()


@pytest.fixture
def shop(shared_project: EmulatedProject) -> EmulatedProject:
    """The shop as every test finds it."""
    shared_project.reset_to(SHOP)
    return shared_project
