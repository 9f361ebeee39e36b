"""Calls the Firebase tools, which do the deploying."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tools import toolchain
from tools.deploying.wanted import NotDeployable

Firebase = Callable[[Sequence[str]], int]
"""Deploys these targets, and returns the exit code."""


def firebase_in(folder: Path, project: str) -> Firebase:
    """The tools for this folder and project. Raises NotDeployable: they are not installed."""
    node = toolchain.find_node()
    if not (node and toolchain.FIREBASE.exists()):
        raise NotDeployable("Node or the Firebase tools are missing: run `make clean` and try again.")

    def deploy(targets: Sequence[str]) -> int:
        return subprocess.run(
            [
                *(str(node), str(toolchain.FIREBASE), "deploy", "--only", ",".join(targets), "--project", project),
                # Without --force they deploy neither triggers with retries nor instances that stay warm. It also lets
                # them delete, so the user was asked before.
                *("--force", "--non-interactive"),
            ],
            cwd=folder,
            env={
                "GOOGLE_CLOUD_QUOTA_PROJECT": project,
                **toolchain.environment_of_tools(node.parent, environment=os.environ),
            },
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode

    return deploy
