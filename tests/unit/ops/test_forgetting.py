"""An operator's reason may name a customer: it is found, and erased where possible."""

import pytest

from ops.forgetting import Act, Erasure, reason_erasure
from tests.support.builders import NOW, Fields
from tests.support.operators import an_operators_request

NAMES = {"alice", "alice@example.com", "al"}
REQUEST, ENTRY, CLAIM = "operatorRequests/r", "auditLog/operator_r", "webhookEvents/evt_1"


@pytest.mark.parametrize(
    ("path", "changes", "act"),
    [
        (REQUEST, {"reason": "Alice@Example.com has called", "settledAt": NOW}, Act.TAKE_REASON_OUT),
        (REQUEST, {"reason": "for ALICE"}, Act.STAYS),
        ("findings/f_1", {"reason": "for ALICE"}, Act.TAKE_REASON_OUT),
        ("effects/e", {"reason": "for ALICE"}, Act.TAKE_REASON_OUT),
        (CLAIM, {"askedBy": {"operator": "olga", "reason": "for ALICE"}}, Act.TAKE_REASON_OUT),
        (CLAIM, {"reason": "no order alice exists"}, None),
        (ENTRY, {"reason": "alice has called", "settledAt": NOW}, Act.STAYS),
        (REQUEST, {"reason": "as agreed", "settledAt": NOW}, None),
        (REQUEST, {"reason": None}, None),
        (REQUEST, {"reason": "malice, as agreed", "settledAt": NOW}, None),
        (REQUEST, {"reason": "al has called", "settledAt": NOW}, None),
    ],
)
def test_a_reason_that_names_a_customer_is_taken_out_and_of_the_trail_and_what_is_not_answered_only_reported(
    path: str, changes: Fields, act: Act | None
) -> None:
    found = reason_erasure(path, {**an_operators_request("accept"), **changes}, NAMES)
    assert found == (Erasure(path, act) if act else None)
