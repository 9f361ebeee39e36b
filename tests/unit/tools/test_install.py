"""What is needed is installed once; what would fail or destroy something is refused at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import chromium, install, npm_package, steps, toolchain, web_sdk
from tools.install import NEEDS, main
from tools.steps import Step

Install = Callable[[str], list[list[str]]]
"""Installs for a need; returns the steps that ran, with simultaneous ones in one list."""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own checkout, on a machine with Node, Java and the Firestore emulator."""
    for name, folder in {"ROOT": ".", "VENV": "venv", "NODE_MODULES": "tools/node_modules", "BUILD": "build"}.items():
        for module in (install, steps, toolchain):
            monkeypatch.setattr(module, name, tmp_path / folder, raising=False)
    (tmp_path / "tools").mkdir()
    for name in ("requirements", *(f"requirements-{need}" for need in NEEDS)):
        (tmp_path / f"{name}.txt").write_text(name)
    (tmp_path / "tools" / "package-lock.json").write_text("{}")
    monkeypatch.setattr(npm_package, "FOLDER", tmp_path / "venv" / "npm")
    monkeypatch.setattr(web_sdk, "SDK", tmp_path / "sdk")
    monkeypatch.setattr(chromium, "FOLDER", tmp_path / "venv" / "chromium")
    monkeypatch.setattr(chromium, "find_machines_own", lambda: None)
    monkeypatch.setattr(chromium, "is_packaged_for_this_machine", lambda: True)
    for find in ("find_node", "find_java", "find_firestore_emulator"):
        monkeypatch.setattr(toolchain, find, lambda: tmp_path / "tool")
    for variable in ("FIRESTORE_PORT", "FUNCTIONS_PORT"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def installed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Into this checkout, where each step only leaves its stamp."""

    def install_for(need: str) -> list[list[str]]:
        groups = []

        def run(*group: Step) -> None:
            for step in group:
                if step.stamp:
                    step.stamp.file.parent.mkdir(parents=True, exist_ok=True)
                    step.stamp.leave()
            groups.append([f"{step.name} {step.command[-1]}" for step in group])

        monkeypatch.setattr(install, "run_together", run)
        main(need)
        return [group for group in groups if group]

    return install_for


def test_the_emulators_need_few_packages_and_the_rest_comes_when_it_is_needed(installed: Install) -> None:
    environment, together = installed("emulators")
    assert [step.partition(" /")[0] for step in environment] == ["Python environment"]
    assert together == ["Python packages requirements-emulators.txt", "Firebase tools --no-update-notifier"]
    assert installed("emulators") == []
    assert installed("dev") == [["Python packages requirements-dev.txt", "Stripe for Node stripe"]]


def test_the_operators_command_line_needs_its_packages_alone(installed: Install) -> None:
    _, together = installed("ops")
    assert together == ["Python packages requirements-ops.txt"]
    assert installed("ops") == []


def test_who_has_everything_needs_nothing_more(installed: Install) -> None:
    installed(NEEDS[-1])
    assert [installed(need) for need in NEEDS] == [[] for _ in NEEDS]


def test_a_browser_comes_only_for_the_tests_that_open_the_page(
    installed: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("test")
    assert installed("page") == [["Web SDK tools.web_sdk"]]
    monkeypatch.setattr(chromium, "find_machines_own", lambda: Path("its-own"))
    assert installed("browser") == [["axe axe-core"]]
    monkeypatch.setattr(chromium, "find_machines_own", lambda: None)
    assert installed("browser") == [["Chromium tools.chromium"]]
    assert installed("browser") == []


def test_a_change_of_what_is_deployed_is_installed_for_every_need(installed: Install, checkout: Path) -> None:
    installed("dev")
    (checkout / "requirements.txt").write_text("stripe==17")
    assert installed("test") == [["Python packages requirements-test.txt"]]


@pytest.mark.parametrize("folder", ["venv", "tools/node_modules"])
def test_nothing_is_installed_through_a_link(checkout: Path, folder: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "keep").touch()
    (checkout / folder).symlink_to(elsewhere)
    with pytest.raises(SystemExit, match=f"{folder} is a link to {elsewhere}, .*: remove the link"):
        main("emulators")
    assert (elsewhere / "keep").exists()


@pytest.mark.parametrize("folder", ["a:b", 'a"b', "a$b", "a`b", "a\\b", "a\nb"])
def test_a_folder_in_which_python_does_not_work_is_refused_at_once(
    checkout: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "ROOT", checkout / folder)
    with pytest.raises(SystemExit, match=r"No Python environment works in .*: move the checkout"):
        main("emulators")


@pytest.mark.usefixtures("checkout")
def test_a_port_that_is_given_twice_is_refused_before_a_minute_of_installing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_PORT", "18080")
    monkeypatch.setenv("FUNCTIONS_PORT", "18080")
    with pytest.raises(SystemExit, match="are both 18080"):
        main("emulators")


def test_a_checkout_that_cannot_be_written_is_refused(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with pytest.raises(SystemExit, match=f"^{checkout} cannot be written"):
        main("emulators")
