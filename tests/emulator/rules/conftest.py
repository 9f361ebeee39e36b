"""The shop in the emulator, under the deployed rules."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.emulator.rules.emulated_project import EmulatedProject
from tests.emulator.rules.shop import SHOP
from tests.support.emulated_shop import a_project
from tools.toolchain import ROOT

RULES: Final = ROOT / "firestore.rules"


@pytest.fixture(scope="session")
def new_project(firestore_host: str) -> Callable[[], EmulatedProject]:
    """Makes projects under the rules. Each has a new name, so no trigger fires."""

    def project() -> EmulatedProject:
        project = EmulatedProject(firestore_host, a_project())
        project.load_rules(RULES.read_text())
        return project

    return project


@pytest.fixture(scope="session")
def shared_project(new_project: Callable[[], EmulatedProject]) -> EmulatedProject:
    return new_project()


@pytest.fixture
def shop(shared_project: EmulatedProject) -> EmulatedProject:
    """Reset for every test."""
    shared_project.reset_to(SHOP)
    return shared_project
