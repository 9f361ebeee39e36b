"""A changed anchor is one more finding, whatever it contains."""

import pytest

from audit.chain import chained
from ops.audit_reading import AnchorRead
from tests.support.builders import NOW

ANCHOR = chained(
    {"until": NOW, "heads": 0, "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}, None
)


@pytest.mark.parametrize("changed", [{"heads": 1}, {"heads": 1.5}, {"heads": b"1"}, {"hash": None}])
def test_an_anchor_that_was_changed_is_found_to_be_so(changed: dict[str, object]) -> None:
    assert AnchorRead("a", ANCHOR, ()).defect is None
    assert AnchorRead("a", {**ANCHOR, **changed}, ()).defect == "it does not match its hash"
