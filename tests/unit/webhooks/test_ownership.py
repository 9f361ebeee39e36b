"""Whose an event is: the order it names and who is believed about that, its account, and its shop."""

from itertools import product
from typing import Any

import pytest

from orders.events import FOUND_BY_PAYMENT, Ignored, NotUnderstood, PaymentSucceeded, StripeEvent
from tests.support.builders import LATER, a_delivery
from tests.support.stripe.versions import CURRENT
from tests.support.stripe_objects import OBJECT_OF, a_thin_event, the_event
from tests.support.translating import meaning_of, translated, why_ignored
from webhooks.ownership import Naming, account_in
from webhooks.translation import _HANDLED, NotAnEvent

INTENT, CHARGE, SESSION = "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"
SESSIONS = [event_type for event_type in OBJECT_OF if event_type.startswith("checkout.")]
TRUSTING = Naming(trusts_client_reference_id=True)
IMPOSSIBLE_IDS = ["", ".", "..", "a/b", "__x__", "\ud800", "x" * 1_401, 7, True, [], {}]

# --- Which order ------------------------------------------------------------------------------------------------------


def order_named_by(event_type: str, naming: Naming = Naming(), **fields: Any) -> str | None:
    event = translated(the_event(event_type, **fields), naming)
    assert isinstance(event, PaymentSucceeded), event
    return event.order_id


def why_not_named_by(event_type: str, naming: Naming, **fields: Any) -> str:
    event = translated(the_event(event_type, **fields), naming)
    assert isinstance(event, Ignored), event
    assert (event.event_id, event.event_type) == ("evt_1", event_type)
    return event.reason


@pytest.mark.parametrize("naming", [Naming(), TRUSTING])
@pytest.mark.parametrize("link", [None, "plink_1"])
@pytest.mark.parametrize("event_type", [INTENT, CHARGE, SESSION])
def test_metadata_names_the_order_whatever_else_does(event_type: str, link: str | None, naming: Naming) -> None:
    others = {"client_reference_id": "order-9", "payment_link": link}
    assert order_named_by(event_type, naming, metadata={"orderId": "order-2"}, **others) == "order-2"


@pytest.mark.parametrize("metadata", [{}, None, {"campaign": "spring"}])
def test_a_session_may_name_its_order_as_reference_where_that_is_trusted(metadata: object) -> None:
    assert order_named_by(SESSION, TRUSTING, metadata=metadata, client_reference_id="order-3") == "order-3"


@pytest.mark.parametrize("metadata", [{}, None, {"campaign": "spring"}])
@pytest.mark.parametrize("event_type", SESSIONS)
def test_the_reference_of_a_session_is_not_believed_unless_it_is_trusted(event_type: str, metadata: object) -> None:
    reason = "client_reference_id is not believed: TRUST_CLIENT_REFERENCE_ID is not true"
    assert why_ignored(event_type, metadata=metadata, client_reference_id="order-1") == reason


@pytest.mark.parametrize("link", ["plink_1", "", {"id": "plink_1"}, True, False, 0])
def test_the_reference_of_a_session_by_payment_link_is_never_believed(link: object) -> None:
    by_link = {"metadata": {}, "client_reference_id": "order-1", "payment_link": link}
    reason = "client_reference_id is not believed: the payer of a Payment Link can choose it"
    for event_type, naming in product(SESSIONS, (Naming(), TRUSTING)):
        assert why_not_named_by(event_type, naming, **by_link) == reason


@pytest.mark.parametrize("metadata", [{}, None, "orderId", ["orderId"], 7])
@pytest.mark.parametrize("event_type", [INTENT, CHARGE, SESSION])
def test_what_names_no_order_may_be_ours_for_its_payment_and_is_not_if_it_names_none_or_cannot_be_read(
    event_type: str, metadata: object
) -> None:
    assert order_named_by(event_type, metadata=metadata) is None
    assert why_ignored(SESSION, metadata=metadata, payment_intent=None) == "no order id"
    assert why_ignored(event_type, metadata=metadata, currency=None) == "no order id"


@pytest.mark.parametrize("order_id", [*IMPOSSIBLE_IDS, None], ids=lambda value: ascii(value)[:9])
def test_an_order_id_that_no_order_can_have_is_not_ours(order_id: object) -> None:
    named = {"metadata": {"orderId": order_id}, "client_reference_id": "order-1"}
    assert why_not_named_by(SESSION, TRUSTING, **named) == "metadata.orderId cannot be an order's id"
    assert why_ignored(INTENT, **named) == "metadata.orderId cannot be an order's id"


@pytest.mark.parametrize("order_id", IMPOSSIBLE_IDS, ids=lambda value: ascii(value)[:9])
def test_a_trusted_reference_that_no_order_can_have_is_not_ours(order_id: object) -> None:
    reason = why_not_named_by(SESSION, TRUSTING, metadata={}, client_reference_id=order_id)
    assert reason == "client_reference_id cannot be an order's id"


@pytest.mark.parametrize("event_type", ["charge.refunded", "refund.updated", "charge.dispute.created"])
@pytest.mark.parametrize("metadata", [{}, {"orderId": "a/b"}])
def test_a_refund_or_dispute_that_names_no_order_is_kept_for_a_person_if_it_cannot_be_read(
    event_type: str, metadata: dict[str, str]
) -> None:
    assert meaning_of(event_type, metadata=metadata, currency=None) == NotUnderstood(
        a_delivery(event_type=event_type, delivered_at=LATER, api_version=CURRENT),
        order_id=None,
        reason="currency must be three lower-case letters",
    )


def test_what_is_found_by_its_payment_needs_no_name() -> None:
    for event_type, (_, kind, _) in _HANDLED.items():
        event = meaning_of(event_type, metadata={"orderId": "a/b"})
        assert isinstance(event, Ignored) == (kind not in FOUND_BY_PAYMENT)


# --- Which shop -------------------------------------------------------------------------------------------------------

ANOTHER_SHOPS = "another shop's: metadata.shop is not SHOP_ID"


@pytest.mark.parametrize("shop", ["staging", "", "Shop-1", "shop-1 ", 7, ["shop-1"], {}, False])
def test_what_names_another_shop_is_not_ours_even_if_it_cannot_be_read(shop: object) -> None:
    named = {"metadata": {"orderId": "order-1", "shop": shop}}
    for event_type in OBJECT_OF:
        assert why_not_named_by(event_type, Naming(shop_id="shop-1"), **named) == ANOTHER_SHOPS
        assert why_not_named_by(event_type, Naming(shop_id="shop-1"), **named, currency=None) == ANOTHER_SHOPS


@pytest.mark.parametrize("metadata", [{"shop": "shop-1"}, {"shop": None}, {}])
def test_what_names_our_shop_or_none_is_ours_and_a_shop_that_has_no_id_asks_for_none(
    metadata: dict[str, object],
) -> None:
    named = {"orderId": "order-1", **metadata}
    assert order_named_by(INTENT, Naming(shop_id="shop-1"), metadata=named) == "order-1"
    assert order_named_by(INTENT, metadata={**named, "shop": "shop-2"}) == "order-1"


# --- Whose account ----------------------------------------------------------------------------------------------------

LONG = "a" * 101
ACCOUNTS = [
    ({}, None),
    ({"account": None, "context": None}, None),
    ({"account": "acct_1"}, "acct_1"),
    ({"context": "acct_1"}, "acct_1"),
    ({"account": "acct_1", "context": "acct_1"}, "acct_1"),
    ({"account": "acct_1", "context": "acct_2"}, "acct_1,acct_2"),
    ({"account": "acct_1", "context": "org_1/acct_1"}, "acct_1,org_1/acct_1"),
    ({"account": "acct_1", "context": ["acct_1"]}, "acct_1,(malformed)"),
    *(({"account": value}, "(malformed)") for value in ["", " ", "a b", "acct_1,acct_2", "/", LONG, "é", "\ud800"]),
    *(({"context": value}, "(malformed)") for value in [0, False, True, 7.5, {}, {"id": "acct_1"}, [], "a/" * 9]),
]


@pytest.mark.parametrize(("fields", "account"), ACCOUNTS, ids=lambda value: ascii(value)[:40])
def test_an_event_is_of_each_account_that_it_names_whatever_that_is(
    fields: dict[str, object], account: str | None
) -> None:
    assert account_in(fields) == account
    for event in (translated(the_event(INTENT) | fields), translated(a_thin_event() | fields)):
        assert isinstance(event, StripeEvent | NotUnderstood)
        assert event.delivery.account == account


# --- Thin events ------------------------------------------------------------------------------------------------------


def test_a_thin_event_that_concerns_us_is_kept_for_a_person() -> None:
    reason = "a thin event: pi_1 and evt_snapshot must be looked up in Stripe"
    for event_type in _HANDLED:
        delivery = a_delivery(event_type=f"v1.{event_type}", delivered_at=LATER, api_version=None)
        assert translated(a_thin_event(f"v1.{event_type}")) == NotUnderstood(delivery, None, reason)


@pytest.mark.parametrize("created", ["2026-03-14T16:09:26.123456789+01:00", "2026-03-14T15:09:26", 1_773_500_966])
@pytest.mark.parametrize("broken", [None, 7, "", "a/b", [], {"id": 7}, {"id": None}])
def test_a_thin_event_is_kept_as_long_as_it_has_an_id_a_type_and_a_time(created: object, broken: object) -> None:
    event = translated(a_thin_event(created=created, related_object=broken, snapshot_event=broken, livemode=broken))
    assert isinstance(event, NotUnderstood)
    assert event.delivery.created_at.isoformat()[:19] == "2026-03-14T15:09:26"
    assert event.reason == "a thin event: its object must be looked up in Stripe"


@pytest.mark.parametrize(
    "broken",
    [
        *({"id": None}, {"id": 7}, {"id": ""}, {"id": "a/b"}, {"id": "x" * 256}),
        *({"created": None}, {"created": ""}, {"created": "now"}, {"created": "0001-01-01T00:00:00+14:00"}),
        *({"created": 10**30}, {"created": []}, {"created": "\ud800"}),
    ],
    ids=ascii,
)
def test_a_thin_event_without_a_usable_id_or_time_is_kept_under_the_one_that_it_stands_for(
    broken: dict[str, Any],
) -> None:
    event = translated(a_thin_event(**broken))
    assert isinstance(event, NotUnderstood)
    if "created" in broken:
        assert (event.event_id, event.delivery.created_at) == ("evt_1", event.delivery.delivered_at)
    else:
        assert event.event_id == "evt_snapshot"
        with pytest.raises(NotAnEvent, match=r"^the body is not an event$"):
            translated(a_thin_event(**broken, snapshot_event=None))


@pytest.mark.parametrize(
    "event_type", ["v1.billing.meter.error_report_triggered", "v2.core.account.updated", INTENT, f"v1.v1.{INTENT}", ""]
)
def test_a_thin_event_of_another_type_is_not_ours(event_type: str) -> None:
    assert translated(a_thin_event(event_type)) == Ignored("evt_1", event_type, "not a snapshot event")
    assert translated({"object": "v2.core.event", "id": 7}) == Ignored(None, None, "not a snapshot event")
    assert translated(a_thin_event() | {"type": [event_type]}) == Ignored("evt_1", None, "not a snapshot event")
