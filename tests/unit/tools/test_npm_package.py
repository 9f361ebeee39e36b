"""A package is used only if it is the pinned one."""

import sys
import tarfile
from pathlib import Path

import pytest

from tools import npm_package, toolchain
from tools.npm_package import PINS, Pin, integrity_of, main


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `npm pack` downloads, and a pin for it."""
    npm, archive = tmp_path / "npm", tmp_path / "example.tgz"
    npm.write_text(f"#!{sys.executable}\nimport shutil, sys\nshutil.copy({str(archive)!r}, sys.argv[4])\n")
    npm.chmod(0o755)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "index.js").write_text("code")
    with tarfile.open(archive, "w:gz") as members:
        members.add(tmp_path / "package", "package")
    monkeypatch.setattr(toolchain, "find_node", lambda: tmp_path / "node")
    monkeypatch.setattr(npm_package, "FOLDER", tmp_path / "installed")
    monkeypatch.setitem(PINS, "example", Pin("1.0.0", integrity_of(archive)))
    return archive


def test_it_replaces_an_earlier_one(registry: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "installed" / "example" / "earlier.js"
    earlier.parent.mkdir(parents=True)
    earlier.touch()
    main("example")
    assert [file.name for file in earlier.parent.iterdir()] == ["index.js"]


def test_nothing_of_another_is_installed(registry: Path, tmp_path: Path) -> None:
    registry.write_bytes(registry.read_bytes() + b"\0")
    with pytest.raises(SystemExit, match=r"^example@1\.0\.0 has the integrity sha512-.*, and not sha512-.*: do not us"):
        main("example")
    assert not (tmp_path / "installed").exists()
