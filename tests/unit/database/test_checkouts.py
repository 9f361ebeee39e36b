"""`checkouts/{orderId}` ↔ the latest attempt, as the service writes it and as anybody may have written it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.checkouts import (
    checkout_fields,
    checkout_path,
    checkout_write,
    known_checkout_from,
    recorded_session,
    totals_fields,
    totals_from,
)
from database.documents.wanted import Wanted
from database.store import Create, Document, Update
from orders.checkout import Checkout, SessionTotals
from orders.money import Money
from orders.order import PAID, OrderStatus
from settlement.decisions import Look
from settlement.snapshot import KnownCheckout
from tests.support.anything import amounts, currencies, tampered
from tests.support.builders import NOW, Fields, a_lapse
from tests.support.checkouts import a_checkout, a_session_end, an_open_checkout, an_opening
from tests.support.decisions import a_change
from tests.support.orders import a_held_order
from tests.support.payments import a_cancellation, a_payment, a_processing
from tests.support.snapshots import a_known_checkout, a_snapshot
from tests.support.written import written

PATH = "checkouts/order-1"
checkouts = st.builds(
    Checkout,
    attempt=st.integers(1, 9),
    asked=st.builds(Money, amounts, currencies),
    expires_at=st.datetimes(),
    request=st.none() | st.just({"mode": "payment", "line_items": [{"quantity": 1}]}),
    ends_as=st.none() | st.sampled_from([OrderStatus.EXPIRED, OrderStatus.CANCELLED, *PAID]),
)


@given(checkouts)
def test_an_attempt_is_read_as_it_was_written(checkout: Checkout) -> None:
    assert known_checkout_from(Document(checkout_fields(checkout), 7)) == KnownCheckout(checkout, 7)


@given(tampered(checkout_fields(an_open_checkout())))
def test_whatever_somebody_else_writes_there_makes_nothing_fail(fields: Fields) -> None:
    known_checkout_from(Document(fields, 7))


@pytest.mark.parametrize("name", ["attempt", "state", "asked", "currency", "expiresAt"])
def test_what_cannot_be_read_is_no_attempt(name: str) -> None:
    assert known_checkout_from(Document({**checkout_fields(a_checkout()), name: "?"}, 7)) is None


def test_an_attempt_is_written_with_its_order_if_nobody_has_changed_it_since() -> None:
    change = replace(a_change("checkout_opened", a_held_order()), checkout=a_checkout())
    fields = {**checkout_fields(a_checkout()), "userId": "alice", "updatedAt": NOW}
    assert written(change, a_snapshot(a_held_order()), an_opening())[PATH] == Create(PATH, fields)
    known = a_snapshot(a_held_order(), checkout=a_known_checkout(an_open_checkout()))
    assert written(change, known, an_opening())[PATH] == Update(PATH, fields, "checkout as read")
    assert checkout_write(a_checkout(), a_held_order(), known, NOW).path == checkout_path("order-1")


def test_what_stripe_answers_is_recorded_on_the_attempt_that_asked() -> None:
    update = recorded_session("order-1", an_open_checkout(), 7, NOW)
    assert (update.path, update.version) == (PATH, 7)
    assert (update.fields["sessionId"], update.fields["request"]) == ("cs_1", None)
    assert (update.fields["endsAs"], update.fields["updatedAt"]) == (None, NOW)


@given(st.builds(SessionTotals, *[amounts] * 5, currency=currencies))
def test_what_a_parked_session_cost_is_read_as_it_was_written(totals: SessionTotals) -> None:
    assert totals_from(totals_fields(totals)) == totals


@given(tampered(totals_fields(SessionTotals(1, 2, 3, 4, 5, "eur"))))
def test_what_it_cost_may_be_unreadable(fields: Fields) -> None:
    totals_from(fields)


# --- When it is read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        an_opening(),
        a_session_end(),
        replace(a_payment(), session_id="cs_1"),
        replace(a_processing(), session_id="cs_1"),
        replace(a_cancellation(), session_id="cs_1"),
    ],
    ids=lambda event: event.kind + event.event_type,
)
def test_what_names_a_session_reads_it_with_all_else(event: object) -> None:
    wanted = Wanted(event)  # type: ignore[arg-type]
    assert PATH in wanted.paths
    documents = {**dict.fromkeys(wanted.paths), PATH: Document(checkout_fields(an_open_checkout()), 7)}
    snapshot = wanted.snapshot(documents)
    assert (snapshot.checkout, snapshot.is_checkout_read) == (KnownCheckout(an_open_checkout(), 7), True)


@pytest.mark.parametrize("event", [a_payment(), a_processing(), a_cancellation(), a_lapse()])
def test_nothing_else_reads_it_unless_it_is_asked_for(event: object) -> None:
    wanted = Wanted(event)  # type: ignore[arg-type]
    assert PATH not in wanted.paths
    assert not wanted.snapshot(dict.fromkeys(wanted.paths)).is_checkout_read
    more = wanted.and_also(Look(checkout=True)).and_also(Look(product_ids=("shirt",)))
    assert PATH in more.paths
    assert more.snapshot(dict.fromkeys(more.paths)).is_checkout_read
