"""One effect: its beginning, the call outside, and its end."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from database.errors import RequestRefused
from database.store import Committed, Update, Write
from effects.effect import EffectKind, a_message
from effects.outside import Failed, Postponed, Skipped
from effects.schedule import ATTEMPTS_MAX, LEASE
from orders.outcome import StoreUnavailable
from tests.support.builders import NOW
from tests.support.effects import A_MAIL, Outbox, World, state_of
from tests.support.memory_store import MemoryStore

LATER = NOW + timedelta(minutes=1)


def test_an_effect_is_performed_once_under_its_key_and_what_was_sent_is_kept_no_longer() -> None:
    world = World()
    outbox = Outbox(world=world)
    assert outbox.effects.perform(outbox.put()) == "effect_done"
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_not_due"
    assert world.asked == [("evt_1_mail_customer", {"to": "alice"})]
    after = {"state": "SUCCESS", "attempts": 1, "nextAttemptAt": None, "leaseExpireTime": None, "error": None}
    assert outbox.fields().items() >= {**after, "payload": None, "expireAt": NOW + timedelta(days=90)}.items()


def test_a_performer_holds_a_lease_during_the_call_outside() -> None:
    world = World()
    outbox = Outbox(world=world)
    seen: list[Mapping[str, Any]] = []
    world.while_asked = lambda: seen.append(outbox.fields())
    outbox.effects.perform(outbox.put())
    held = {"state": "PROCESSING", "attempts": 1, "payload": {"to": "alice"}}
    assert seen[0].items() >= {**held, "leaseExpireTime": NOW + LEASE, "nextAttemptAt": NOW + LEASE}.items()


def test_nobody_else_asks_meanwhile() -> None:
    world = World()
    outbox = Outbox(world=world)
    others: list[str] = []
    world.while_asked = lambda: others.append(outbox.effects.perform(A_MAIL.effect_id))
    outbox.effects.perform(outbox.put())
    assert others == ["effect_not_due"]
    assert len(world.asked) == 1


@pytest.mark.parametrize("what", ["nothing", "nonsense", "under another id"])
def test_what_is_no_effect_is_left_alone(what: str) -> None:
    outbox = Outbox()
    if what == "nonsense":
        outbox.store.put("effects/evt_1_mail_customer", {"state": "PENDING"})
    elif what == "under another id":
        outbox.put(recipient="operator")
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_not_due"
    assert outbox.attempts == []


# --- Failures ---------------------------------------------------------------------------------------------------------


def test_what_another_try_can_help_is_tried_again_when_its_pause_is_over_with_the_same_words_and_key() -> None:
    world = World(answers=[Failed("503", retryable=True)])
    outbox = Outbox(world=world)
    assert outbox.effects.perform(outbox.put()) == "effect_retried"
    assert state_of(outbox) == ("RETRY", 1, "503")
    assert outbox.fields()["nextAttemptAt"] == NOW + timedelta(seconds=45)
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_not_due"
    outbox.now, world.prepared = LATER, {"to": "somebody else"}
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_done"
    assert world.asked == [("evt_1_mail_customer", {"to": "alice"})] * 2
    assert state_of(outbox) == ("SUCCESS", 2, None)


def test_a_provider_says_how_long_it_wants_to_be_left_alone() -> None:
    outbox = Outbox(world=World(answers=[Failed("429", retryable=True, retry_after=timedelta(minutes=7))]))
    outbox.effects.perform(outbox.put())
    assert outbox.fields()["nextAttemptAt"] == NOW + timedelta(minutes=7)


def test_it_is_given_up_when_its_attempts_are_used_up_and_when_no_other_try_can_help() -> None:
    for attempts, failed in ((ATTEMPTS_MAX - 1, Failed("503", retryable=True)), (0, Failed("503", retryable=False))):
        outbox = Outbox(world=World(answers=[failed]))
        assert outbox.effects.perform(outbox.put(attempts=attempts)) == "effect_failed"
        assert state_of(outbox) == ("ERROR", attempts + 1, "503")
        assert (outbox.fields()["nextAttemptAt"], outbox.fields()["expireAt"]) == (None, NOW + timedelta(days=90))
        # A retry sends the same.
        assert outbox.fields()["payload"] == {"to": "alice"}


def test_what_concerns_no_operator_ends_without_a_word_to_them() -> None:
    for attempts, retryable in ((ATTEMPTS_MAX - 1, True), (0, False)):
        outbox = Outbox(world=World(answers=[Failed("mailbox full", retryable=retryable, alerts=False)]))
        assert outbox.effects.perform(outbox.put(attempts=attempts)) == "effect_skipped"
        assert state_of(outbox) == ("SUCCESS", attempts + 1, "mailbox full")
        assert sorted(outbox.store.dump()) == ["effects/evt_1_mail_customer"]


def test_operators_are_notified_of_what_was_given_up_once_and_by_their_channels() -> None:
    world = World(answers=[Failed("no such address", retryable=False)])
    outbox = Outbox(world=world, operator_channels=[EffectKind.CHAT])
    outbox.effects.perform(outbox.put())
    notice = outbox.store.get("notifications/system/messages/evt_1_mail_customer")
    assert notice
    assert notice["type"] == "effect_failed"
    assert (notice["orderId"], notice["reason"]) == ("order-1", "mail: no such address")
    told = outbox.store.get("effects/evt_1_mail_customer_chat_operator")
    assert told
    assert (told["state"], told["causeId"]) == ("PENDING", "evt_1_mail_customer")
    assert (notice["userId"], told["userId"]) == ("alice", "alice")


def test_that_operators_could_not_be_reached_is_in_their_inbox_and_told_by_no_channel_that_may_fail_again() -> None:
    to_operators = a_message(EffectKind.MAIL, "operator", "order-1", "evt_1", "alice")
    outbox = Outbox(world=World(answers=[Failed("no", retryable=False)]), operator_channels=[EffectKind.CHAT])
    outbox.effects.perform(outbox.put(to_operators))
    assert sorted(outbox.store.dump()) == [
        "effects/evt_1_mail_operator",
        "notifications/system/messages/evt_1_mail_operator",
    ]


def test_what_a_person_had_tried_again_can_be_given_up_again_and_operators_are_notified_of_that_too() -> None:
    world = World(answers=[Failed("no such address", retryable=False)] * 2)
    outbox = Outbox(world=world, operator_channels=[EffectKind.CHAT])
    outbox.effects.perform(outbox.put())
    # As the runbook says.
    by_hand = {"state": "RETRY", "nextAttemptAt": LATER, "attempts": 0}
    outbox.store.put("effects/evt_1_mail_customer", {**outbox.fields(), **by_hand})
    outbox.now = LATER
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_failed"
    assert state_of(outbox) == ("ERROR", 1, "no such address")
    again = f"evt_1_mail_customer_{LATER:%Y%m%dT%H%M%S%f}"
    assert outbox.store.get(f"notifications/system/messages/{again}")
    assert outbox.fields(a_message(EffectKind.CHAT, "operator", "order-1", again, "alice"))["state"] == "PENDING"
    outbox.now = LATER + LEASE
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_not_due"
    assert len(world.asked) == 2


def test_it_is_given_up_although_a_customer_has_chosen_an_orders_id_so_that_its_cause_has_the_effects_id() -> None:
    outbox = Outbox(world=World(answers=[Failed("no such address", retryable=False)]))
    outbox.store.put("notifications/system/messages/evt_1_mail_customer", {"type": "cancel_requested"})
    outbox.effects.perform(outbox.put())
    assert state_of(outbox)[0] == "ERROR"
    assert len([path for path in outbox.store.dump() if path.startswith("notifications/system/")]) == 2


def test_a_bug_counts_as_an_attempt_and_its_message_is_only_logged() -> None:
    for world in (World(answers=[ZeroDivisionError("secret")]), World(prepared=ZeroDivisionError("secret"))):
        outbox = Outbox(world=world)
        assert outbox.effects.perform(outbox.put()) == "effect_retried"
        assert state_of(outbox) == ("RETRY", 1, "ZeroDivisionError")
        assert isinstance(outbox.attempts[0].fault, ZeroDivisionError)


def test_each_attempt_is_reported_with_the_reason_for_its_end_and_with_a_fault_only_if_that_is_ours() -> None:
    for attempts, ending in ((0, "effect_retried"), (ATTEMPTS_MAX - 1, "effect_failed")):
        for error, reason, is_ours in (
            (Failed("503", retryable=True), "503", False),
            (StoreUnavailable("down"), "StoreUnavailable: down", False),
            (ZeroDivisionError("secret"), "ZeroDivisionError", True),
        ):
            outbox = Outbox(world=World(answers=[error]))
            outbox.effects.perform(outbox.put(attempts=attempts))
            (attempt,) = outbox.attempts
            assert (attempt.ending, attempt.reason, outbox.fields()["error"]) == (ending, reason, reason)
            assert attempt.fault is (error if is_ours else None)


class Small(MemoryStore):
    """Refuses effects with a payload as too large."""

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        if any(isinstance(write, Update) and write.fields.get("payload") for write in writes):
            raise RequestRefused("INVALID_ARGUMENT: the document is too large")
        return super().commit(writes, timeout_seconds=timeout_seconds)


def test_what_no_database_keeps_is_not_tried_for_ever_without_a_word() -> None:
    world = World()
    outbox = Outbox(Small(), world)
    assert outbox.effects.perform(outbox.put()) == "effect_retried"
    assert state_of(outbox) == ("RETRY", 1, "RequestRefused")
    outbox.put(attempts=ATTEMPTS_MAX - 1)
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_failed"
    assert outbox.store.get("notifications/system/messages/evt_1_mail_customer")
    assert world.asked == []


def test_what_nobody_performs_is_given_up_at_once() -> None:
    outbox = Outbox()
    chat = a_message(EffectKind.CHAT, "operator", "order-1", "evt_1", None)
    assert outbox.effects.perform(outbox.put(chat)) == "effect_failed"
    assert outbox.fields(chat)["error"] == "chat is not switched on"


def test_an_error_is_cut_to_a_bounded_length() -> None:
    outbox = Outbox(world=World(answers=[Failed("e" * 9_999, retryable=True)]))
    outbox.effects.perform(outbox.put())
    assert outbox.fields()["error"] == "e" * 500


# --- Nothing to do, or not now ----------------------------------------------------------------------------------------


def test_where_there_is_nothing_to_do_nobody_is_asked() -> None:
    world = World(prepared=Skipped("no address"))
    outbox = Outbox(world=world)
    assert outbox.effects.perform(outbox.put()) == "effect_skipped"
    assert (state_of(outbox), world.asked) == (("SUCCESS", 0, "no address"), [])
    assert outbox.attempts[0].reason == "no address"


def test_what_turns_out_to_be_done_is_over_and_says_so() -> None:
    outbox = Outbox(world=World(answers=[Skipped("refunded by somebody else")]))
    assert outbox.effects.perform(outbox.put()) == "effect_skipped"
    assert state_of(outbox) == ("SUCCESS", 1, "refunded by somebody else")


def test_what_is_postponed_has_not_been_tried() -> None:
    world = World(prepared=Postponed(LATER))
    outbox = Outbox(world=world)
    assert outbox.effects.perform(outbox.put()) == "effect_postponed"
    assert (state_of(outbox), world.asked) == (("RETRY", 0, None), [])
    assert outbox.fields()["nextAttemptAt"] == LATER


def test_before_another_try_it_is_asked_again_whether_and_when_and_what_is_sent_stays_the_same() -> None:
    world = World(prepared=Postponed(LATER))
    outbox = Outbox(world=world)
    outbox.put(state="RETRY", payload={"to": "alice"}, attempts=1)
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_postponed"
    assert (outbox.fields()["payload"], state_of(outbox)) == ({"to": "alice"}, ("RETRY", 1, None))
    outbox.now, world.prepared = LATER, Skipped("unwanted by now")
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_skipped"
    assert (outbox.fields()["payload"], world.asked) == (None, [])
