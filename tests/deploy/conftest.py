"""A deployer, with a project at Google and a folder for each module."""

from collections.abc import Iterator

import pytest

from tests.support.google_cloud.deploying import Deployer, deployer_in


@pytest.fixture(scope="module")
def deployer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    with deployer_in(tmp_path_factory.mktemp("deployment")) as deployer:
        yield deployer
