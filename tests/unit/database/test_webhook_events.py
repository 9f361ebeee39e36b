"""The claim: what it says of an event, and which of its deliveries it has counted."""

from datetime import timedelta

import pytest

from database.documents.webhook_events import claim_from
from database.store import Document
from orders.outcome import Result
from tests.support.builders import LATER, NOW, a_delivery


def test_a_claim_is_read_as_it_stands() -> None:
    fields = {"processed": True, "result": "refund_due", "deliveries": 3, "lastDeliveryAt": NOW}
    claim = claim_from(Document(fields, "v7"))
    assert (claim.processed, claim.result, claim.deliveries) == (True, Result.REFUND_DUE, 3)
    assert (claim.last_delivery_at, claim.version) == (NOW, "v7")


@pytest.mark.parametrize("processed", [False, None, "true", 1])
def test_only_what_is_plainly_processed_is_done(processed: object) -> None:
    assert not claim_from(Document({"processed": processed}, "v")).processed


def test_a_claim_knows_the_deliveries_that_it_has_counted() -> None:
    claim = claim_from(Document({"receivedAt": NOW, "lastDeliveryAt": LATER}, "v"))
    assert claim.has_counted(a_delivery(delivered_at=NOW))
    assert claim.has_counted(a_delivery(delivered_at=LATER))
    assert not claim.has_counted(a_delivery(delivered_at=LATER + timedelta(microseconds=1)))


def test_a_parked_event_taken_up_again_is_no_delivery_to_count() -> None:
    claim = claim_from(Document({"receivedAt": NOW, "lastDeliveryAt": LATER}, "v"))
    assert claim.has_counted(a_delivery(delivered_at=LATER + timedelta(days=1), is_replay=True))


def test_a_claim_knows_the_delivery_that_settled_it() -> None:
    claim = claim_from(Document({"processed": True, "processedAt": NOW}, "v"))
    assert claim.was_settled_by(a_delivery(delivered_at=NOW), LATER)
    assert not claim.was_settled_by(a_delivery(delivered_at=LATER), NOW)


def test_a_claim_knows_the_moment_at_which_a_parked_event_was_settled() -> None:
    claim = claim_from(Document({"processed": True, "processedAt": LATER}, "v"))
    assert claim.was_settled_by(a_delivery(delivered_at=NOW, is_replay=True), LATER)
    assert not claim.was_settled_by(a_delivery(delivered_at=LATER, is_replay=True), NOW)


def test_a_claim_without_a_time_is_nobodys() -> None:
    claim = claim_from(Document({"processed": True}, "v"))
    assert not claim.has_counted(a_delivery())
    assert not claim.was_settled_by(a_delivery(), NOW)


def test_a_claim_without_a_count_has_counted_the_delivery_that_made_it() -> None:
    assert claim_from(Document({"processed": True}, "v")).deliveries == 1
