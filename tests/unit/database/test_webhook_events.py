"""What a claim says about its event. Reading is total: any document is a claim."""

from datetime import datetime

import pytest
from hypothesis import given

from database.documents.webhook_events import claim_from, event_on_record_from
from database.store import Document
from settlement.snapshot import Record
from tests.support.anything import documents
from tests.support.builders import LATER, NOW, Fields
from tests.support.snapshots import a_claim


def test_a_claim_is_read_as_it_is() -> None:
    times = {"receivedAt": NOW, "lastDeliveryAt": LATER, "processedAt": NOW}
    document = Document({"processed": True, "result": "refund_due", "deliveries": 3, **times}, "claim as read")
    assert claim_from(document) == a_claim("refund_due", deliveries=3, last_delivery_at=LATER)


@pytest.mark.parametrize("processed", [False, None, "true", 1])
def test_only_what_is_plainly_processed_is_done(processed: object) -> None:
    assert not claim_from(Document({"processed": processed}, "v")).processed


@pytest.mark.parametrize("count", [{}, {"deliveries": -1}, {"deliveries": 1.5}, {"deliveries": "2"}], ids=str)
def test_a_claim_without_a_count_has_counted_the_delivery_that_made_it(count: dict[str, object]) -> None:
    assert claim_from(Document({"processed": True, **count}, "v")).deliveries == 1
    assert claim_from(Document({"processed": True, "deliveries": 2.0}, "v")).deliveries == 2


OF_BOTH: Fields = {"eventType": "charge.refunded", "orderId": "order-1", "account": "acct_1"}
WAITS = {**OF_BOTH, "processed": False, "result": "order_not_found", "parkedAt": NOW}
DONE = {**OF_BOTH, "processed": True, "result": "refund_due", "processedAt": NOW}
SETTLED = {**OF_BOTH, "result": "refunded", "createdAt": LATER}
SET_ASIDE = {**OF_BOTH, "result": "other_account", "createdAt": LATER}


@pytest.mark.parametrize(
    ("claim", "entry", "record", "result", "since"),
    [
        (WAITS, None, Record.PARKED, "order_not_found", NOW),
        (WAITS, SET_ASIDE, Record.PARKED, "order_not_found", NOW),
        (WAITS, SETTLED, Record.SETTLED, "refunded", LATER),
        (DONE, None, Record.SETTLED, "refund_due", NOW),
        (DONE, SETTLED, Record.SETTLED, "refunded", LATER),
        (DONE, SET_ASIDE, Record.SET_ASIDE, "other_account", LATER),
        (None, SETTLED, Record.SETTLED, "refunded", LATER),
    ],
    ids=["parked", "parked after all", "settled long ago", "no entry", "settled", "set aside", "its claim has expired"],
)
def test_how_an_event_ended_is_what_its_entry_says_unless_it_is_parked(
    claim: Fields | None, entry: Fields | None, record: Record, result: str, since: datetime
) -> None:
    read = (Document(fields, "v") if fields else None for fields in (claim, entry))
    known = event_on_record_from("evt_1", *read)
    assert (known.record, known.result, known.since) == (record, result, since)
    assert (known.event_type, known.order_id, known.account) == ("charge.refunded", "order-1", "acct_1")


@given(documents("processed", "result", "deliveries", "receivedAt", "lastDeliveryAt", "processedAt"))
def test_any_document_is_a_claim(fields: dict[str, object]) -> None:
    claim = claim_from(Document(fields, "v"))
    assert type(claim.deliveries) is int
    assert claim.processed is (fields.get("processed") is True)
