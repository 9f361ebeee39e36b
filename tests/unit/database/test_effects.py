"""`effects/{effectId}`: what is written for an effect, and what is read back."""

from dataclasses import replace

import pytest

from database.documents.effects import effect_from, effect_write
from database.store import Document
from effects.effect import Effect, EffectKind, EffectState, RefundTerms, StoredEffect
from tests.support.builders import NOW

A_REFUND = Effect(EffectKind.STRIPE_REFUND, "pi_1", "order-1", "evt_1", "alice", "evt_1_pi_1", RefundTerms(500, "none"))


def test_a_new_effect_is_due_at_once_and_nobody_has_tried_it() -> None:
    created = effect_write(A_REFUND, NOW)
    assert created.path == "effects/evt_1_stripe_refund_pi_1"
    assert created.fields == {
        "kind": "stripe_refund",
        "recipient": "pi_1",
        "orderId": "order-1",
        "causeId": "evt_1",
        "userId": "alice",
        "idempotencyKey": "evt_1_pi_1",
        "state": "PENDING",
        "attempts": 0,
        "leaseExpireTime": None,
        "nextAttemptAt": NOW,
        "error": None,
        "payload": None,
        "createdAt": NOW,
        "refund": {"amount": 500, "restock": "none"},
    }


@pytest.mark.parametrize("effect", [A_REFUND, replace(A_REFUND, user_id=None, refund=None)])
def test_an_effect_is_read_back_as_it_was_written(effect: Effect) -> None:
    written = Document(effect_write(effect, NOW).fields, version="v1")
    as_written = StoredEffect(effect, EffectState.PENDING, 0, NOW, None, "v1", None)
    assert effect_from(effect.effect_id, written) == as_written


@pytest.mark.parametrize("field", ["kind", "state", "recipient", "orderId", "causeId", "idempotencyKey"])
def test_a_document_without_a_field_it_needs_is_no_effect(field: str) -> None:
    fields = {**effect_write(A_REFUND, NOW).fields, field: None}
    assert effect_from(A_REFUND.effect_id, Document(fields, None)) is None
