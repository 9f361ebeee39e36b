"""What a channel is asked to send, to whom, and when nothing is sent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from database.store import DocumentStore
from effects.effect import KEY_CHARACTERS_MAX, EffectKind
from effects.outside import PERFORM_SECONDS_MAX, Failed, Postponed, Skipped
from notifications.channel import Person
from notifications.channels import SEND_SECONDS_MAX
from notifications.delivery import MARK_SECONDS_MAX
from notifications.notices import FREE_OF_CHARGE, Audience, NoticeType
from tests.support.builders import NOW
from tests.support.channels import CUSTOMERS_NOTICE, DELIVERED, Delivered, Remembering
from tests.support.interference import DisturbedStore, refused
from tests.support.memory_store import MemoryStore
from tests.support.notices import TO_CUSTOMERS, a_document

ALICE = {"email": "alice@shop.example", "phone": "+4915112345678", "locale": "de-AT"}
ALWAYS = {"from": "00:00", "until": "23:59", "timeZone": "UTC"}
A_GUEST = {"userId": "alice", "email": "guest@shop.example"}


# --- To whom ---------------------------------------------------------------------------------------------------------


def test_a_customer_is_reached_where_they_said_and_in_their_language() -> None:
    alice = Delivered()
    alice.store.put("users/alice", ALICE)
    assert alice.prepare() == {"subject": "Ihre Bestellung order-1 ist bezahlt"}
    assert alice.person == Person("alice", "de-AT", ("alice@shop.example",), "+4915112345678")


def test_a_guest_is_reached_at_the_address_in_their_orders_details() -> None:
    guest = Delivered()
    guest.store.put("orderDetails/order-1", A_GUEST)
    guest.prepare()
    assert guest.person == Person("alice", None, ("guest@shop.example",), None)


@pytest.mark.parametrize("kind", ["reserved", "failed", "payment_failed", "expired", "cancelled"])
def test_no_stranger_is_sent_what_costs_nobody_anything_because_somebody_gave_their_address_as_a_guest(
    kind: str,
) -> None:
    nobody = a_document(
        NoticeType(kind), reason="unknown_product: the inventory does not count 'YOU WON! evil.example'"
    )
    guest, alice = (Delivered(store=MemoryStore({CUSTOMERS_NOTICE: nobody})) for _ in range(2))
    guest.store.put("orderDetails/order-1", {**A_GUEST, "email": "stranger@shop.example"})
    guest.prepare()
    assert guest.person.emails == ()
    # An account's verified address is its own.
    alice.store.put("users/alice", ALICE)
    alice.prepare()
    assert alice.person.emails == ("alice@shop.example",)


def test_a_customers_own_address_counts_more_than_the_one_in_the_details() -> None:
    alice = Delivered()
    alice.store.put("users/alice", ALICE)
    alice.store.put("orderDetails/order-1", A_GUEST)
    alice.prepare()
    assert alice.person.emails == ("alice@shop.example",)


def test_somebody_elses_details_give_no_address() -> None:
    alice = Delivered()
    alice.store.put("orderDetails/order-1", {**A_GUEST, "userId": "bob"})
    alice.prepare()
    assert alice.person == Person("alice", None, (), None)


def test_operators_are_reached_by_the_channels_own_settings_and_no_customers_preferences_bind_them() -> None:
    operators = Delivered(EffectKind.CHAT, Audience.OPERATOR)
    operators.store.put("notifications/system/messages/evt_1", a_document(NoticeType.REFUND_DUE, Audience.OPERATOR))
    operators.store.put("users/alice", {**ALICE, "channels": {"chat": False}, "quietHours": ALWAYS})
    assert operators.prepare() == {"subject": "Refund order order-1"}
    assert operators.person == Person(None, None, (), None)


def test_the_channel_knows_the_notice_and_its_text_and_may_skip_it() -> None:
    nowhere = Delivered(channel=Remembering(says=Skipped("no address is known")))
    assert nowhere.prepare() == Skipped("no address is known")
    text, notice, _ = nowhere.channel.asked[0]
    assert notice == nowhere.store.get(CUSTOMERS_NOTICE)
    assert "Corner Shop" in text.html


def test_all_is_read_at_once() -> None:
    alice = Delivered()
    store = DisturbedStore(alice.store)
    replace(alice.delivery, store=store).prepare(alice.effect, NOW)
    assert store.paths == [(CUSTOMERS_NOTICE, "users/alice", "orderDetails/order-1", "orders/order-1")]


# --- To nobody --------------------------------------------------------------------------------------------------------


def test_nobody_gets_a_notice_that_is_gone_as_an_erased_customers_are() -> None:
    for gone in (Delivered(), Delivered(audience=Audience.OPERATOR)):
        gone.store.delete(CUSTOMERS_NOTICE)
        assert gone.prepare() == Skipped("the notice is gone")


def test_no_quiet_hours_put_off_for_ever_what_is_gone() -> None:
    gone = Delivered(EffectKind.SMS)
    gone.store.delete(CUSTOMERS_NOTICE)
    gone.store.put("users/alice", {**ALICE, "quietHours": ALWAYS})
    assert gone.prepare() == Skipped("the notice is gone")


def test_an_order_without_a_customer_has_nobody_to_be_reached() -> None:
    assert Delivered(user_id=None).prepare() == Skipped("the order names no customer")


@pytest.mark.parametrize("kind", [EffectKind.MAIL, EffectKind.PUSH, EffectKind.SMS])
def test_a_customer_who_declines_a_channel_gets_nothing_by_it(kind: EffectKind) -> None:
    for channels, is_wanted in (({}, True), ({kind: True}, True), ({kind: False}, False), ({"other": False}, True)):
        alice = Delivered(kind)
        alice.store.put("users/alice", {**ALICE, "channels": channels})
        if is_wanted:
            assert "subject" in dict(alice.prepare())  # type: ignore[arg-type]
        else:
            assert alice.prepare() == Skipped(f"the customer wants no {kind}")


def test_no_phone_rings_in_quiet_hours_but_mail_is_sent() -> None:
    night = {"from": "22:00", "until": "07:00", "timeZone": "Europe/Berlin"}
    late, morning = datetime(2026, 3, 14, 23, tzinfo=UTC), datetime(2026, 3, 15, 6, tzinfo=UTC)
    for kind in (EffectKind.PUSH, EffectKind.SMS, EffectKind.MAIL):
        alice = Delivered(kind)
        alice.store.put("users/alice", {**ALICE, "quietHours": night})
        assert isinstance(alice.prepare(NOW), dict)
        if kind is EffectKind.MAIL:
            assert isinstance(alice.prepare(late), dict)
        else:
            assert alice.prepare(late) == Postponed(morning)
            assert isinstance(alice.prepare(morning), dict)


LATE = {
    NoticeType.RESERVED: {"finalized", "partially_refunded", "refunded", "refund_due", "review", "expired", "gone"},
    NoticeType.PAYMENT_FAILED: {"finalized", "partially_refunded", "refunded", "refund_due", "review"},
}


@pytest.mark.parametrize("kind", TO_CUSTOMERS)
@pytest.mark.parametrize("status", ["reserved", *sorted(LATE[NoticeType.RESERVED])])
def test_no_late_message_asks_for_a_payment_that_the_order_no_longer_waits_for(kind: NoticeType, status: str) -> None:
    alice = Delivered(store=MemoryStore({CUSTOMERS_NOTICE: a_document(kind)}), status=status)
    if status == "gone":
        alice.store.delete("orders/order-1")
    if status in LATE.get(kind, ()):
        assert alice.prepare() == Skipped("the order no longer waits for a payment")
    else:
        assert "subject" in dict(alice.prepare())  # type: ignore[arg-type]


def test_a_notice_that_nobody_can_read_is_given_up() -> None:
    with pytest.raises(Failed, match="type: no notice of type 'later' is known") as failed:
        Delivered(store=MemoryStore({CUSTOMERS_NOTICE: a_document(type="later")})).prepare()
    assert not failed.value.retryable


# --- And when it is sent ----------------------------------------------------------------------------------------------


def test_the_message_is_sent_under_the_effects_key_and_the_inbox_says_when() -> None:
    alice = Delivered()
    alice.delivery.perform(alice.effect, {"to": "alice"})
    assert alice.channel.sent == [({"to": "alice"}, "evt_1_mail_customer")]
    assert (alice.store.get(CUSTOMERS_NOTICE) or {})["deliveredAt"] == DELIVERED


def test_two_shops_of_one_account_send_the_same_orders_messages_under_keys_of_their_own() -> None:
    alice = Delivered()
    for shop_id in ("berlin", "paris", "p" * 300):
        replace(alice.delivery, shop_id=shop_id).perform(alice.effect, {})
    berlin, paris, long = (key for _, key in alice.channel.sent)
    assert (berlin, paris) == ("evt_1_mail_customer:berlin", "evt_1_mail_customer:paris")
    assert len(long) <= KEY_CHARACTERS_MAX


def test_the_inbox_says_when_it_was_delivered_first_by_whatever_channel() -> None:
    alice = Delivered(store=MemoryStore({CUSTOMERS_NOTICE: a_document(deliveredAt=NOW)}))
    alice.delivery.perform(alice.effect, {})
    assert (alice.store.get(CUSTOMERS_NOTICE) or {})["deliveredAt"] == NOW


def test_a_failure_is_not_a_delivery() -> None:
    alice = Delivered()
    alice.channel.while_sending = _fail
    with pytest.raises(Failed):
        alice.delivery.perform(alice.effect, {})
    assert (alice.store.get(CUSTOMERS_NOTICE) or {})["deliveredAt"] is None


def test_that_a_customer_turns_out_to_be_out_of_reach_is_neither_a_failure_nor_a_delivery() -> None:
    alice = Delivered()
    alice.channel.ends = Skipped("unsubscribed")
    assert alice.delivery.perform(alice.effect, {}) == Skipped("unsubscribed")
    assert (alice.store.get(CUSTOMERS_NOTICE) or {})["deliveredAt"] is None


@pytest.mark.parametrize("kind", sorted(FREE_OF_CHARGE))
@pytest.mark.parametrize("retryable", [True, False])
def test_no_failure_of_what_costs_nobody_anything_alerts_operators(kind: NoticeType, *, retryable: bool) -> None:
    alice = Delivered(store=MemoryStore({CUSTOMERS_NOTICE: a_document(kind)}))
    failed = _failure_of(alice, retryable=retryable)
    assert (failed.alerts, failed.retryable) == (False, retryable)


def test_failures_alert_operators_where_there_is_money_or_the_database_does_not_say() -> None:
    free = MemoryStore({CUSTOMERS_NOTICE: a_document(NoticeType.RESERVED)})
    silent = DisturbedStore(free, reads_without_answer=1)
    for store in (MemoryStore({CUSTOMERS_NOTICE: a_document()}), MemoryStore(), silent):
        assert _failure_of(Delivered(), store, retryable=False).alerts


def _failure_of(alice: Delivered, store: DocumentStore | None = None, *, retryable: bool) -> Failed:
    alice.channel.while_sending = lambda: _fail(retryable=retryable)
    delivery = replace(alice.delivery, store=store) if store else alice.delivery
    with pytest.raises(Failed) as failure:
        delivery.perform(alice.effect, {})
    return failure.value


def _fail(*, retryable: bool = True) -> None:
    raise Failed("the provider does not take it", retryable=retryable)


INBOXES: dict[str, DocumentStore] = {
    "it does not answer": DisturbedStore(MemoryStore(), reads_without_answer=1),
    "others write into it": DisturbedStore(MemoryStore({CUSTOMERS_NOTICE: a_document()}), [refused]),
    "the notice is gone": MemoryStore(),
}


@pytest.mark.parametrize("store", INBOXES.values(), ids=INBOXES)
def test_what_has_left_is_not_sent_again_because_the_inbox_could_not_say_so(store: DocumentStore) -> None:
    alice = Delivered()
    replace(alice.delivery, store=store).perform(alice.effect, {})
    assert len(alice.channel.sent) == 1


def test_sending_and_what_is_noted_of_it_fit_into_the_time_that_a_performer_has() -> None:
    assert SEND_SECONDS_MAX + 2 * MARK_SECONDS_MAX <= PERFORM_SECONDS_MAX
