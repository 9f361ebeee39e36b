"""GitHub releases and deploys only main, or a signed tag of it."""

import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tools.toolchain import ROOT

WORKFLOWS: Final = ROOT / ".github/workflows"
SOURCE: Final = "./.github/workflows/source.yml"
# GitHub's API: the tag's object, then whether GitHub verified its signature.
GH: Final = """#!/bin/sh
case $2 in
  repos/shop/once/git/ref/tags/v1) echo "$TAG" ;;
  repos/shop/once/git/tags/a-tag) echo "$VERIFIED" ;;
  *) echo "Not Found"; exit 1 ;;
esac
"""


def jobs(workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / workflow).read_text())["jobs"]
    return found


def needed(all_jobs: dict[str, Any], name: str) -> set[str]:
    """Including what these need in turn."""
    needs = all_jobs[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(needed(all_jobs, one) for one in direct))


@pytest.mark.parametrize(
    ("workflow", "name"), [("release.yml", "publish"), ("deploy.yml", "staging"), ("deploy.yml", "production")]
)
def test_nothing_is_released_or_deployed_before_its_source_is_checked(workflow: str, name: str) -> None:
    all_jobs = jobs(workflow)
    assert SOURCE in {all_jobs[one].get("uses") for one in needed(all_jobs, name)}
    assert not any("if" in job for job in all_jobs.values())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HEAD is in origin/main and `aside` is not; `gh` is in the folder."""
    folder = tmp_path_factory.mktemp("repository")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    commit = (*identity, "commit", "-q", "--allow-empty", "-m", "one")
    for words in (
        ("init", "-q", "-b", "main"),
        commit,
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
        ("checkout", "-q", "-b", "aside"),
        commit,
        ("checkout", "-q", "main"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("ref", "sha", "tag", "verified", "passes"),
    [
        ("refs/tags/v1", "main", "a-tag", "true", True),
        ("refs/tags/v1", "main", "a-tag", "false", False),
        ("refs/tags/v1", "main", "", "true", False),
        ("refs/tags/v1", "aside", "a-tag", "true", False),
        ("refs/tags/v2", "main", "a-tag", "true", False),
        ("refs/heads/main", "main", "", "", True),
        ("refs/heads/aside", "main", "a-tag", "true", False),
        ("refs/heads/v1", "main", "a-tag", "true", False),
        ("refs/pull/1/merge", "main", "a-tag", "true", False),
    ],
)
def test_main_passes_and_a_signed_tag_of_it_and_nothing_else(
    repository: Path, ref: str, sha: str, tag: str, verified: str, *, passes: bool
) -> None:
    (script,) = (step["run"] for step in jobs("source.yml")["source"]["steps"] if "run" in step)
    ended = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=repository,
        env={
            "PATH": f"{repository}:{os.environ['PATH']}",
            "GITHUB_REPOSITORY": "shop/once",
            "GITHUB_REF": ref,
            "GITHUB_REF_NAME": ref.split("/", 2)[2],
            "GITHUB_SHA": sha,
            "TAG": tag,
            "VERIFIED": verified,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert (ended.returncode == 0) is passes
