"""Whatever an order's documents contain, an operator gets an answer and never a traceback."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ops.exit_codes import ExitCode
from tests.support.builders import NOW, Fields, a_placement
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute
from tests.support.shop import a_shop_after

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(NOW)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=2)
A_SHOP = a_shop_after(a_placement(), a_payment(), a_dispute("evt_2")).dump()
KEPT = {"createdAt", "orderId", "status", "parkedAt", "state", "processed", "dueBy", "since", "nextAttemptAt"}
"""Queries find the documents by these fields, which depends on their types."""
MORE: dict[str, Fields] = {
    "findings/f": {"state": "open", "since": NOW, "orderId": "order-1", "rule": "r", "found": "f", "remedy": "x"},
    "effects/e": {"state": "ERROR", "nextAttemptAt": None, "orderId": "order-1", "kind": "mail", "error": "x"},
    "webhookEvents/evt_9": {"processed": False, "parkedAt": NOW, "orderId": "order-1", "event": {}, "reason": "r"},
}


@st.composite
def broken_shops(draw: st.DrawFn) -> MemoryStore:
    documents = {**A_SHOP, **MORE}
    for path in draw(st.lists(st.sampled_from(sorted(documents)), min_size=1, max_size=4, unique=True)):
        names = sorted(documents[path].keys() - KEPT)
        broken: Any = draw(st.dictionaries(st.sampled_from(names or ["note"]), VALUES, max_size=4))
        documents[path] = {**documents[path], **broken}
    return MemoryStore(documents)


@given(broken_shops())
def test_every_question_is_answered_whatever_the_documents_say(store: MemoryStore) -> None:
    for words in (("why", "order-1"), ("status",)):
        result = operated(store, *words)
        assert result.exit_code in (ExitCode.FINE, ExitCode.FOUND), result.exception
