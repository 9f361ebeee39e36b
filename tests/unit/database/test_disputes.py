"""`disputes/{disputeId}` ↔ a dispute. Reading is total: no document makes it raise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.disputes import dispute_write, known_dispute_from
from database.store import Document
from orders.disputes import Dispute
from settlement.snapshot import KnownDispute, Snapshot
from tests.support.anything import amounts, currencies, tampered
from tests.support.builders import Fields
from tests.support.refunds import a_dispute

WRITTEN: Fields = dict(dispute_write(a_dispute().dispute, "order-1", Snapshot()).fields)


def read(fields: Fields) -> KnownDispute:
    return known_dispute_from("dp_1", Document(fields, "as read"))


@given(st.builds(Dispute, dispute_id=st.just("dp_1"), amount=amounts, currency=currencies))
def test_a_dispute_is_read_as_it_was_written(dispute: Dispute) -> None:
    written = dispute_write(dispute, "order-1", Snapshot())
    assert read(dict(written.fields)) == KnownDispute("order-1", dispute, "as read")


@pytest.mark.parametrize("field", ["status", "amount", "currency", "openedAt", "toldAt"])
def test_a_dispute_that_lacks_a_field_cannot_be_read(field: str) -> None:
    assert read(WRITTEN).state == a_dispute().dispute
    assert read({**WRITTEN, field: None}).state is None


@given(tampered(WRITTEN))
def test_whatever_is_in_its_document_it_is_known_to_be_there(fields: dict[str, object]) -> None:
    known = read(fields)
    assert known.version == "as read"
    assert known.order_id is None or known.order_id == fields["orderId"]
