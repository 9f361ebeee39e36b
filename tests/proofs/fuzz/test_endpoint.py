"""Every promise is kept for any delivery to the endpoint; an endpoint that breaks one is caught."""

import functools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from database.documents import recorder
from database.documents.webhook_events import parked_claim
from database.store import Create
from orders import numbers
from orders.events import Ignored, NotUnderstood, StripeDelivery
from orders.money import Money
from orders.outcome import OrderNotThereYet
from receiving.body import BODY_BYTES_MAX
from tests.proofs.fuzz.deliveries import Visit, signed, visit_from, written
from tests.proofs.fuzz.endpoint import complaints_about
from tests.proofs.fuzz.judge import DOCUMENTED, Tally
from tests.proofs.fuzz.shapes import visits
from tests.proofs.fuzz.values import LAST_SECOND_OF_9999
from tests.support.builders import Fields
from tests.support.signing import SECRET, body_of
from tests.support.stripe_objects import a_thin_event, the_event
from webhooks import endpoint, ownership, signature, stripe_fields, translation
from webhooks.ownership import Naming

VISITS = 100
CHOICE_BYTES = 4_096


@functools.cache
def the_slice() -> Sequence[Visit]:
    """The same visits on every machine; hypothesis's own choices also depend on the loaded modules."""
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


def verifies_nothing(body: bytes, *_: object, **__: object) -> Any:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise signature.Rejected("the body is not JSON") from None
    if not isinstance(message, dict):
        raise signature.Rejected("the body is not a JSON object")
    return signature.Verified(message, is_of_its_secrets_mode=True)


def logs_the_signature(ending: endpoint.Ending, message_of: Callable[..., str] = endpoint._message_of) -> str:
    where = ending.__traceback__.tb_next if isinstance(ending, Exception) and ending.__traceback__ else None
    return message_of(ending) + (repr(where.tb_frame.f_locals["request"].headers) if where else "")


def keeps_the_clients_secret(delivery: StripeDelivery, order_id: str | None, reason: str) -> Any:
    return NotUnderstood(delivery, order_id, f"{reason}: pi_1_secret_of_nobody")


def drops_what_it_does_not_understand(delivery: StripeDelivery, order_id: str | None, reason: str) -> Any:
    return Ignored(delivery.event_id, delivery.event_type, reason)


def stumbles_over_null(stripe_object: Any, _naming: Naming) -> tuple[Any, str]:
    return stripe_object["metadata"]["orderId"], ""


def claims_half_a_character(*args: Any, **kwargs: Any) -> tuple[Create]:
    (claim,) = parked_claim(*args, **kwargs)
    assert isinstance(claim, Create)
    return (Create(claim.path, {**claim.fields, "note": "\ud800"}),)


def believes_whoever_wrote_a_reference(stripe_object: Any, naming: Naming) -> tuple[str | None, str]:
    unlinked = {**stripe_object, "payment_link": None}
    return ownership.order_named_in(unlinked, naming._replace(trusts_client_reference_id=True))


IGNORES, UNSIGNED = "ignored an event that is ours", "to a delivery that is not signed"
BROKEN: dict[str, tuple[object, str, object, str]] = {
    # what is wrong: in which module, under which name, what is there instead, and what is complained about
    "verifies nothing": (endpoint, "verified_message", verifies_nothing, UNSIGNED),
    "accepts stale deliveries": (signature, "TOLERANCE_SECONDS", 10**9, UNSIGNED),
    "logs the signature": (endpoint, "_message_of", logs_the_signature, "in its log"),
    "answers with its secret": (
        endpoint,
        "_answer_to",
        lambda _: {"result": SECRET},
        f"leaked {SECRET!r} in its answer",
    ),
    "keeps the client's secret": (
        *(translation, "NotUnderstood", keeps_the_clients_secret),
        "leaked 'pi_1_secret_of_nobody' in its documents",
    ),
    "stumbles over null": (translation, "order_named_in", stumbles_over_null, "answered 500"),
    "drops an event it could not settle": (
        *(endpoint, "STATUS", {**endpoint.STATUS, OrderNotThereYet: 200}),
        "nothing is recorded",
    ),
    "drops an event it does not understand": (translation, "NotUnderstood", drops_what_it_does_not_understand, IGNORES),
    "refuses an event that is not ours": (
        *(endpoint, "STATUS", {**endpoint.STATUS, Ignored: 400}),
        "answered an event of Stripe's with 400",
    ),
    "reads a body of any size": (
        *(endpoint, "body_of", lambda request, _: request.stream.read(10 * BODY_BYTES_MAX)),
        ": read ",
    ),
    "claims what Firestore cannot store": (recorder, "parked_claim", claims_half_a_character, "NotStorable"),
}


@pytest.mark.parametrize(("module", "name", "instead", "complaint"), BROKEN.values(), ids=BROKEN)
def test_it_catches_an_endpoint_that(
    module: object, name: str, instead: object, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the slice, and for the right reason."""
    monkeypatch.setattr(module, name, instead)
    # A truncated log may end before what it must not contain.
    monkeypatch.setattr(endpoint, "LOGGED_CHARACTERS_MAX", 10_000)
    assert any(complaint in "\n".join(complaints_about(visit)) for visit in the_slice())


FOR_ANOTHER, AT_THE_END = "for another account or another shop", {"created": LAST_SECOND_OF_9999}
BY_REFERENCE: dict[str, Any] = {"metadata": {}, "client_reference_id": "order-1"}
OF_SHOP_2: dict[str, Any] = {"metadata": {"orderId": "order-1", "shop": "shop-2"}}
RARELY: dict[str, tuple[object, str, object, Fields, str]] = {
    # the same, but the slice is too short to meet it: the event that shows it comes before the complaint
    "believes whoever wrote a reference": (
        *(translation, "order_named_in", believes_whoever_wrote_a_reference),
        the_event("checkout.session.completed", payment_link="plink_1", **BY_REFERENCE),
        "of which nobody has named the order",
    ),
    "believes another account": (
        *(translation, "account_in", lambda _event: None),
        {**the_event("charge.succeeded"), "account": "acct_2"},
        FOR_ANOTHER,
    ),
    "takes another shop's order for its own": (
        *(translation, "is_of_another_shop", lambda _object, naming: False),
        the_event("charge.succeeded", **OF_SHOP_2),
        FOR_ANOTHER,
    ),
    "ignores thin events": (translation, "HANDLED_THIN", frozenset(), a_thin_event(), IGNORES),
    "holds until after the end of time": (
        *(numbers, "_SECONDS_MAX", LAST_SECOND_OF_9999),
        {**the_event("payment_intent.processing"), **AT_THE_END},
        "OverflowError",
    ),
    "accepts fractions": (
        *(stripe_fields, "is_amount", lambda value: isinstance(value, int | float)),
        the_event("payment_intent.succeeded", amount_received=3_600.5),
        "a float is nothing that an entry holds",
    ),
    "adds a cent": (
        *(stripe_fields, "Money", lambda amount, currency: Money(amount + 1, currency)),
        the_event("payment_intent.succeeded"),
        "which is no amount of the event",
    ),
}


@pytest.mark.parametrize(("module", "name", "instead", "event", "complaint"), RARELY.values(), ids=RARELY)
def test_it_catches_by_its_event_an_endpoint_that(
    module: object, name: str, instead: object, event: Fields, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, instead)
    assert complaint in "\n".join(complaints_about(Visit("reserved", (signed(body_of(event)),))))
