"""A release is published with its part of the changelog, and never without one."""

import pytest

from tools.release_notes import notes_of
from tools.toolchain import ROOT

CHANGELOG = """# Changelog

## Unreleased

- Not yet.

## 1.10.0 - 2026-11-25

### Fixed

- This.

## 1.1.0 - 2026-11-24

## 1.0.0 - 2026-11-23

- The first one.
"""


def test_the_notes_are_the_section_of_the_version() -> None:
    assert notes_of("v1.10.0", CHANGELOG) == "### Fixed\n\n- This."
    assert notes_of("v1.0.0", CHANGELOG) == "- The first one."
    assert notes_of("v0.1.0", (ROOT / "CHANGELOG.md").read_text()).startswith("The first version.")


@pytest.mark.parametrize("tag", ["v1.1.0", "v1x10.0", "v1.10", "v2.0.0", "Unreleased"])
def test_a_release_of_which_nothing_is_said_is_not_published(tag: str) -> None:
    with pytest.raises(LookupError, match="has no section"):
        notes_of(tag, CHANGELOG)
