"""Whatever is delivered to the endpoint, every promise is kept; and an endpoint that breaks one is caught."""

import functools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from hypothesis import given, settings

from database.documents import recorder
from database.documents.webhook_events import parked_claim
from database.store import Create
from orders.events import Ignored, NotUnderstood, StripeDelivery
from orders.outcome import OrderNotThereYet
from tests.proofs.fuzz.deliveries import Visit, signed, visit_from, written
from tests.proofs.fuzz.endpoint import complaints_about
from tests.proofs.fuzz.judge import DOCUMENTED, Tally
from tests.proofs.fuzz.shapes import LAST_SECOND_OF_9999, visits
from tests.support.builders import SECRET, body_of
from tests.support.stripe_objects import a_thin_event, the_event
from webhooks import endpoint, ownership, signature, stripe_fields, translation
from webhooks.body import BODY_BYTES_MAX
from webhooks.ownership import Naming
from webhooks.watchdog import Watchdog

VISITS = 300
CHOICE_BYTES = 4_096


@functools.cache
def the_slice() -> Sequence[Visit]:
    """The same visits on every machine: hypothesis's own choices also depend on which modules are loaded."""
    made: list[Visit] = []

    @settings(database=None)
    @given(visits)
    def make(visit: Visit) -> None:
        made.append(visit)

    choose: Callable[[bytes], object] = make.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    chance = random.Random(7)  # noqa: S311
    while len(made) < VISITS:
        choose(chance.randbytes(CHOICE_BYTES))
    return made


def test_every_promise_is_kept_and_much_happens() -> None:
    tally = Tally()
    wrong = [(visit, found) for visit in the_slice() if (found := complaints_about(visit, tally))]
    assert wrong == []
    assert tally.statuses.keys() == set(map(str, DOCUMENTED))
    assert tally.signed > tally.not_signed > VISITS / 4
    assert tally.results.keys() >= {"first_time_finalized", "refunded", "payment_not_found", "error", "ignored"}


def test_a_visit_read_from_a_file_is_the_one_that_was_written() -> None:
    assert [visit_from(written(visit)) for visit in the_slice()[:20]] == list(the_slice()[:20])


# --- Broken endpoints ------------------------------------------------------------------------------------------------


def text_of_complaints_about(visit: Visit) -> str:
    return "\n".join(complaints_about(visit))


def assert_caught(complaint: str) -> None:
    """Within the slice, and for the right reason."""
    assert any(complaint in text_of_complaints_about(visit) for visit in the_slice())


def test_it_catches_an_endpoint_that_verifies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def verified(body: bytes, *args: object, **kwargs: object) -> Any:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            raise signature.Rejected("the body is not JSON") from None
        if not isinstance(message, dict):
            raise signature.Rejected("the body is not a JSON object")
        return signature.Verified(message, is_of_its_secrets_mode=True)

    monkeypatch.setattr(endpoint, "verified_message", verified)
    assert_caught("to a delivery that is not signed")


def test_it_catches_an_endpoint_that_accepts_stale_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "TOLERANCE_SECONDS", 10**9)
    assert_caught("to a delivery that is not signed")


def test_it_catches_an_endpoint_that_logs_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    message_of = endpoint._message_of

    def with_arguments(ending: endpoint.Ending) -> str:
        where = ending.__traceback__.tb_next if isinstance(ending, Exception) and ending.__traceback__ else None
        return message_of(ending) + (repr(where.tb_frame.f_locals["request"].headers) if where else "")

    monkeypatch.setattr(endpoint, "_message_of", with_arguments)
    monkeypatch.setattr(endpoint, "LOGGED_CHARACTERS_MAX", 10_000)
    assert_caught("in its log")


def test_it_catches_an_endpoint_that_answers_with_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_answer_to", lambda ending: {"result": SECRET})
    assert_caught(f"leaked {SECRET!r} in its answer")


def test_it_catches_a_claim_that_keeps_the_clients_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_understood(delivery: StripeDelivery, order_id: str | None, reason: str) -> Any:
        return NotUnderstood(delivery, order_id, f"{reason}: pi_1_secret_of_nobody")

    monkeypatch.setattr("webhooks.translation.NotUnderstood", not_understood)
    assert_caught("leaked 'pi_1_secret_of_nobody' in its documents")


def test_it_catches_a_translation_that_stumbles_over_null(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbling(stripe_object: Any, _naming: Naming) -> tuple[Any, str]:
        return stripe_object["metadata"]["orderId"], ""

    monkeypatch.setattr(translation, "order_named_in", stumbling)
    assert_caught("answered 500")


def test_it_catches_an_endpoint_that_believes_whoever_wrote_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    def believing(stripe_object: Any, naming: Naming) -> tuple[str | None, str]:
        unlinked = {**stripe_object, "payment_link": None}
        return ownership.order_named_in(unlinked, replace(naming, trusts_client_reference_id=True))

    monkeypatch.setattr(translation, "order_named_in", believing)
    by_link: dict[str, Any] = {"metadata": {}, "client_reference_id": "order-1", "payment_link": "plink_1"}
    session = signed(body_of(the_event("checkout.session.completed", **by_link)))
    assert "of which nobody has named the order" in text_of_complaints_about(Visit("reserved", (session,)))


def test_it_catches_an_endpoint_that_believes_another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "account_in", lambda event: None)
    foreign = signed(body_of({**the_event("charge.succeeded"), "account": "acct_2"}))
    assert "for another account or another shop" in text_of_complaints_about(Visit("reserved", (foreign,)))


def test_it_catches_an_endpoint_that_takes_another_shops_order_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "is_of_another_shop", lambda stripe_object, naming: False)
    other = signed(body_of(the_event("charge.succeeded", metadata={"orderId": "order-1", "shop": "shop-2"})))
    assert "for another account or another shop" in text_of_complaints_about(Visit("reserved", (other,)))


def test_it_catches_an_endpoint_that_ignores_thin_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_HANDLED_THIN", frozenset())
    thin = signed(body_of(a_thin_event()))
    assert "ignored an event that is ours" in text_of_complaints_about(Visit("reserved", (thin,)))


def test_it_catches_an_endpoint_that_drops_an_event_it_could_not_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "STATUS", {**endpoint.STATUS, OrderNotThereYet: 200})
    assert_caught("nothing is recorded")


def test_it_catches_an_endpoint_that_drops_an_event_it_does_not_understand(monkeypatch: pytest.MonkeyPatch) -> None:
    def dropped(delivery: StripeDelivery, order_id: str | None, reason: str) -> Any:
        return Ignored(delivery.event_id, delivery.event_type, reason)

    monkeypatch.setattr("webhooks.translation.NotUnderstood", dropped)
    assert_caught("ignored an event that is ours")


def test_it_catches_an_endpoint_that_refuses_an_event_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "STATUS", {**endpoint.STATUS, Ignored: 400})
    assert_caught("answered an event of Stripe's with 400")


def test_it_catches_an_endpoint_that_reads_a_body_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_all(request: Request, _watchdog: Watchdog) -> bytes:
        return request.stream.read(10 * BODY_BYTES_MAX)

    monkeypatch.setattr(endpoint, "body_of", read_all)
    assert_caught(": read ")


def test_it_catches_a_claim_that_firestore_cannot_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_half_a_character(*args: Any, **kwargs: Any) -> tuple[Create]:
        (claim,) = parked_claim(*args, **kwargs)
        assert isinstance(claim, Create)
        return (Create(claim.path, {**claim.fields, "note": "\ud800"}),)

    monkeypatch.setattr(recorder, "parked_claim", with_half_a_character)
    assert_caught("NotStorable")


# Rarer faults, which the slice is too short to meet.


def test_it_catches_a_hold_until_after_the_end_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_fields, "_SECONDS_MAX", LAST_SECOND_OF_9999)
    at_the_end = {**the_event("payment_intent.processing"), "created": LAST_SECOND_OF_9999}
    assert "OverflowError" in text_of_complaints_about(Visit("reserved", (signed(body_of(at_the_end)),)))


def test_it_catches_a_translation_that_accepts_fractions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_fields, "is_amount", lambda value: isinstance(value, int | float))
    fraction = the_event("payment_intent.succeeded", amount_received=3_600.5)
    assert "which is no amount of the event" in text_of_complaints_about(
        Visit("reserved", (signed(body_of(fraction)),))
    )
