"""Money that an operator has sent back outside Stripe, as it is put on record."""

from dataclasses import replace
from datetime import datetime

from database.documents.operator_requests import operator_request_path
from orders.outcome import Outcome
from orders.refunds import Refund, RefundStatus
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request, asked_of_order
from tests.support.settling import settled


def sent_back(store: MemoryStore, request_id: str = "refund-1", now: datetime = NOW, **asked: object) -> Outcome:
    """What becomes of it once an operator says so."""
    store.put(operator_request_path(request_id), an_operators_request("refund", elsewhere=True, **asked))
    return settled(replace(asked_of_order("refund-1", elsewhere=True, **asked), request_id=request_id), store, now=now)


def refunded_elsewhere(amount: int) -> Refund:
    """As an order knows it."""
    return Refund(f"elsewhere_pi_1_{amount}", amount, RefundStatus.SUCCEEDED, None, "pi_1", is_elsewhere=True)
