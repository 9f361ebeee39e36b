"""What is uploaded is what runs, and all of it: packaged by the Firebase tools themselves."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.deployed import PACKAGES
from tools import toolchain
from tools.toolchain import FIREBASE, ROOT

PACKAGES_IT = Path(__file__).with_name("package.cjs")
SINGLE_FILES = {".env", "functions.yaml", "main.py", "requirements.txt"}


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service, laid out beside what lies around in a developer's folder, as the archive that would be uploaded."""
    source = tmp_path_factory.mktemp("source")
    for name in SINGLE_FILES:
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name)
    for name in (
        *(".secret.local", ".env.local", ".git/config", "README.md", "firebase.json", "emulators.log"),
        *("venv/lib/stripe.py", "tools/demo.py", "tests/unit/test_main.py", "bench/load.py", "docs/runbook.md"),
        *("build/main.py", "orders/__pycache__/order.pyc", "orders/notes.txt"),
    ):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("litter")
    printed = subprocess.run(
        [str(toolchain.find_node()), PACKAGES_IT, FIREBASE.parents[2], source, ROOT / "firebase.json"],
        env={**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("packaged"))},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Path(printed.stdout.strip())


def test_the_upload_holds_only_what_runs(upload: Path) -> None:
    modules = {str(module.relative_to(ROOT)) for package in PACKAGES for module in (ROOT / package).rglob("*.py")}
    with zipfile.ZipFile(upload) as archive:
        assert set(archive.namelist()) == SINGLE_FILES | modules


def test_the_service_starts_from_the_upload_alone(upload: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    with zipfile.ZipFile(upload) as archive:
        archive.extractall(alone)
    started = subprocess.run([sys.executable, "-c", "import main"], cwd=alone, check=False)
    assert started.returncode == 0
