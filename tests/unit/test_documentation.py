"""The documentation names only what exists, and everything that a shop has to know."""

import re
from pathlib import Path
from typing import Final

from tools.deploying.rights import DEPLOYER, ROLES
from tools.deploying.wanted import wanted_in
from tools.toolchain import ROOT
from webhooks.translation import _HANDLED

README_WORDS_MAX: Final = 900
ROOMS: Final = (
    "database",
    "notifications",
    "orders",
    "reconciliation",
    "service",
    "settlement",
    "triggers",
    "webhooks",
)
_ACTS: Final = ("service-accounts create", "--role=roles/datastore.user", "--role=roles/iam.serviceAccountUser")
# Made on a developer's machine, not in the repository.
INSTALLED: Final = ("build/", "venv/", "tools/node_modules")

PAGES: Final = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def code_in(page: Path) -> list[str]:
    """Code in the text, and the commands in shell blocks, without comments."""
    prose, *blocks = re.split(r"^```", page.read_text(), flags=re.MULTILINE)
    shell = [line.partition("#")[0] for block in blocks if block.startswith("sh\n") for line in block.splitlines()]
    return [*re.findall(r"`([^`\n]+)`", "\n".join([prose, *blocks[1::2]])), *shell]


ALL_CODE: Final = {code for page in PAGES for code in code_in(page)}


def anchors_in(page: Path) -> set[str]:
    """The valid link targets after `#`: explicit ids, and headings as GitHub makes ids of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)
    return {*re.findall(r'<a id="([^"]+)">', page.read_text()), *slugs}


def is_a_path(code: str) -> bool:
    # Other paths without a suffix or a final slash may be Firestore's.
    is_certain = code.endswith("/") or Path(code).suffix or re.match(r"(bench|docs|tests|tools)/|\.", code)
    return bool(is_certain and re.fullmatch(r"[\w.-]+/[\w./-]*", code)) and not code.startswith(INSTALLED)


def is_a_type_of_event(code: str) -> bool:
    """Whether it looks like a type of event about a handled object, such as `charge.succeeded`."""
    of_handled_objects = {event_type.partition(".")[0] for event_type in _HANDLED}
    return bool(re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code)) and code.partition(".")[0] in of_handled_objects


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
        # Two levels above the repository's root are its pages on GitHub.
        here = [
            each.partition("#") for each in links if not each.startswith(("http", "../../actions", "../../security"))
        ]
        targets = [(page.parent / path if path else page, anchor) for path, _, anchor in here]
        assert [target for target, _ in targets if not target.exists()] == []
        assert [(target, anchor) for target, anchor in targets if anchor and anchor not in anchors_in(target)] == []


def test_every_path_exists() -> None:
    assert {code for code in ALL_CODE if is_a_path(code) and not (ROOT / code).exists()} == set()


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {target for code in ALL_CODE for target in re.findall(r"\bmake ([a-z]+)", code)}
    assert {target for target in named if f"\n{target}:" not in makefile} == set()


def test_every_test_exists() -> None:
    tests = "".join(file.read_text() for file in ROOT.glob("tests/**/test_*.py"))
    named = {code for code in ALL_CODE if re.fullmatch(r"test_\w+", code)}
    assert {name for name in named if f"def {name}(" not in tests} == set()


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= README_WORDS_MAX


def test_the_readme_says_what_each_room_is_for() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [room.parent.name for room in ROOT.glob("*/__init__.py") if f"`{room.parent.name}/`" not in readme] == []


def test_every_decision_is_listed_dated_weighed_and_checked() -> None:
    parts = ("- **Date:** 20", "- **Status:** ", "\n## Alternatives weighed\n", "\n**Checked by** ")
    for page in ROOT.glob("docs/decisions/[0-9]*.md"):
        assert f"({page.name})" in page.with_name("README.md").read_text()
        assert [part for part in parts if part not in page.read_text()] == [], page.name


def settings_of_the_code() -> set[str]:
    modules = [ROOT / "service/secrets.py", *ROOT.glob("*/settings.py"), *ROOT.glob("notifications/*/settings.py")]
    settings = "".join(module.read_text() for module in modules)
    not_ours = {"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "STRIPE_API_URL"}
    return {*re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', settings)} - not_ours


def test_the_runbook_names_every_setting() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    assert [name for name in settings_of_the_code() if f"`{name}`" not in runbook] == []


def test_the_settings_file_has_every_setting_that_is_no_secret() -> None:
    wanted = wanted_in(ROOT, "shop")
    assert settings_of_the_code() - wanted.secrets - wanted.settings.keys() == set()


def test_the_runbook_has_stripe_send_the_types_that_are_handled_once_each_and_no_others() -> None:
    _, _, rows = (ROOT / "docs/runbook.md").read_text().partition("| what they report | event types |\n|---|---|\n")
    table, _, _ = rows.partition("\n\n")
    assert sorted(re.findall(r"`([^`]+)`", table)) == sorted(_HANDLED)


def test_no_page_names_a_type_of_event_that_is_not_handled() -> None:
    assert {code for code in ALL_CODE if is_a_type_of_event(code)} - _HANDLED.keys() == set()


def test_the_runbook_names_every_role_that_a_deployment_takes() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    roles = {role.removeprefix("roles/") for role in (*DEPLOYER, *frozenset.union(*ROLES.values()))}
    assert [role for role in roles if role not in runbook] == []


def test_the_runbook_makes_every_account_that_a_function_runs_as_with_the_roles_it_takes() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    loops = re.findall(r"^for name in (.+?); do(.+?)done$", runbook, re.MULTILINE | re.DOTALL)
    given = {act: {f"settle-{name}" for names, body in loops if act in body for name in names.split()} for act in _ACTS}
    assert given == {
        "service-accounts create": {*ROLES},
        "--role=roles/datastore.user": {name for name, roles in ROLES.items() if "roles/datastore.user" in roles},
        "--role=roles/iam.serviceAccountUser": {*ROLES},
    }


def test_each_word_that_the_runbook_finds_in_a_log_message_is_in_the_code() -> None:
    rows = re.findall(r"^\| (.*) in the message \|", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"`([^`=]+)`", row)}
    assert len(words) > len(rows) / 2
    deployed = "".join(module.read_text() for room in ROOMS for module in ROOT.glob(f"{room}/**/*.py"))
    assert {word for word in words if word not in deployed} == set()
