"""A performer may die or get no answer: the effect is requested again under the same key."""

from dataclasses import replace

import pytest

from effects.effect import EffectKind, a_message
from effects.outside import Failed
from effects.performing import Effects
from effects.schedule import LEASE
from orders.outcome import StoreUnavailable, Transient
from settlement.settle import PATIENCE_SECONDS
from tests.support.builders import NOW
from tests.support.effects import A_MAIL, A_REFUND, Outbox, World, state_of
from tests.support.interference import DisturbedStore, Interference, answer_lost, refused, unanswered, undisturbed


def disturbed(outbox: Outbox, *commits: Interference) -> Effects:
    """With these interferences at the next commits."""
    return replace(outbox.effects, store=DisturbedStore(outbox.store, commits))


@pytest.mark.parametrize("commit", [unanswered, answer_lost])
def test_who_does_not_know_whether_the_lease_was_taken_asks_nobody_and_is_replaced_once_it_is_over(
    commit: Interference,
) -> None:
    world = World()
    outbox = Outbox(world=world)
    with pytest.raises(Transient):
        disturbed(outbox, commit).perform(outbox.put())
    assert world.asked == []
    outbox.now = NOW + LEASE
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_done"


def test_an_end_whose_answer_is_lost_is_recorded_once() -> None:
    outbox = Outbox()
    assert disturbed(outbox, undisturbed, answer_lost, unanswered).perform(outbox.put()) == "effect_done"
    assert state_of(outbox)[0] == "SUCCESS"


def test_an_end_that_the_database_aborts_though_nobody_else_writes_is_recorded_and_nothing_is_sent_again() -> None:
    outbox = Outbox()
    assert disturbed(outbox, undisturbed, refused, refused).perform(outbox.put()) == "effect_done"
    assert state_of(outbox)[0] == "SUCCESS"


@pytest.mark.parametrize(
    ("commit", "seconds", "reported"),
    [
        (unanswered, PATIENCE_SECONDS, "unanswered"),
        (refused, PATIENCE_SECONDS, "evt_1_stripe_refund_pi_2: its end was not recorded"),
        (unanswered, 0, "evt_1_stripe_refund_pi_2: its end was not recorded"),
    ],
)
def test_if_its_end_cannot_be_recorded_the_world_is_asked_again_after_the_lease_with_the_same_key_and_words(
    commit: Interference, seconds: float, reported: str
) -> None:
    world = World()
    outbox = Outbox(world=world)
    effects = disturbed(outbox, undisturbed, *[commit] * 100)
    with pytest.raises(StoreUnavailable, match=reported):
        replace(effects, patience=replace(effects.patience, total_seconds=seconds)).perform(outbox.put(A_REFUND))
    world.prepared = {"to": "somebody else"}
    assert outbox.effects.perform(A_REFUND.effect_id) == "effect_not_due"
    outbox.now = NOW + LEASE
    assert outbox.effects.perform(A_REFUND.effect_id) == "effect_done"
    assert world.asked == [("stripe_refund_order-1_pi_2", {"to": "alice"})] * 2
    assert outbox.fields(A_REFUND)["attempts"] == 2


def test_a_late_end_of_an_attempt_is_left_to_the_current_lease_holder() -> None:
    world = World()
    outbox = Outbox(world=world)
    late = Outbox(outbox.store, World(), now=NOW + LEASE)

    def taken_over() -> None:
        world.while_asked = lambda: None
        late.effects.perform(A_MAIL.effect_id)

    world.while_asked, world.answers = taken_over, [Failed("timed out", retryable=True)]
    assert outbox.effects.perform(outbox.put()) == "effect_retried"
    assert state_of(outbox) == ("SUCCESS", 2, None)


def test_a_repeated_cause_asks_stripe_under_the_same_key_and_each_message_has_its_own() -> None:
    assert A_REFUND.key == "stripe_refund_order-1_pi_2"
    causes = [a_message(EffectKind.MAIL, "customer", "order-1", cause, None) for cause in ("evt_1", "evt_2", "e" * 400)]
    assert len({message.key for message in causes}) == 3
    assert all(len(message.key) <= 255 for message in causes)


def test_a_key_that_providers_take_is_not_shortened() -> None:
    cause = "e" * (255 - len("_mail_customer"))
    assert a_message(EffectKind.MAIL, "customer", "order-1", cause, None).key == f"{cause}_mail_customer"
