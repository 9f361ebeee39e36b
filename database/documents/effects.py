"""`effects/{effectId}` ↔ an effect: the outbox, with the progress of each effect."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from database.documents.notifications import notice_write
from database.documents.values import text_or_none, time_or_none
from database.store import Create, Document, Listing, Update, Write
from effects.effect import Effect, EffectKind, EffectState, RefundTerms, StoredEffect, a_message
from effects.schedule import LEASE
from notifications.notices import Audience, Notice, NoticeType
from orders.numbers import whole_number

ERROR_CHARACTERS_MAX: Final = 500
ALL_BUT_PAYLOAD: Final = (
    *("kind", "recipient", "orderId", "causeId", "userId", "idempotencyKey", "state", "attempts"),
    *("nextAttemptAt", "error", "createdAt", "refund", "refundId"),
)
UNFINISHED: Final = tuple(map(str, (EffectState.PENDING, EffectState.PROCESSING, EffectState.RETRY)))


def effect_path(effect_id: str) -> str:
    return f"effects/{effect_id}"


def effects_of(order_id: str) -> Listing:
    """Lists the order's effects without payloads, which may be large and personal. Index: (orderId, createdAt)."""
    return Listing("effects", {"orderId": [order_id]}, order=["createdAt"], only=ALL_BUT_PAYLOAD)


def effect_write(effect: Effect, now: datetime) -> Create:
    return Create(
        effect_path(effect.effect_id),
        {
            "kind": str(effect.kind),
            "recipient": effect.recipient,
            "orderId": effect.order_id,
            "causeId": effect.cause_id,
            "userId": effect.user_id,
            "idempotencyKey": effect.key,
            "state": str(EffectState.PENDING),
            "attempts": 0,
            "leaseExpireTime": None,
            "nextAttemptAt": now,
            "error": None,
            "payload": None,
            "createdAt": now,
            **_refund_fields(effect.refund),
        },
    )


def _refund_fields(terms: RefundTerms | None) -> dict[str, object]:
    return {"refund": {"amount": terms.amount, "restock": terms.restock}} if terms else {}


def _refund_from(fields: object) -> RefundTerms | None:
    if not isinstance(fields, Mapping):
        return None
    return RefundTerms(whole_number(fields.get("amount")), text_or_none(fields.get("restock")))


def effect_from(effect_id: str, document: Document) -> StoredEffect | None:
    """The effect; None if this release cannot perform what the document says."""
    fields = document.fields
    kind, state = text_or_none(fields.get("kind")), text_or_none(fields.get("state"))
    recipient, order_id, cause_id, key = (
        text_or_none(fields.get(name)) for name in ("recipient", "orderId", "causeId", "idempotencyKey")
    )
    if kind not in _KINDS or state not in _STATES:
        return None
    if recipient is None or order_id is None or cause_id is None or key is None:
        return None
    user_id, refund = text_or_none(fields.get("userId")), _refund_from(fields.get("refund"))
    effect = Effect(EffectKind(kind), recipient, order_id, cause_id, user_id, key, refund)
    if effect.effect_id != effect_id:
        return None
    payload = fields.get("payload")
    return StoredEffect(
        effect,
        EffectState(state),
        attempts=whole_number(fields.get("attempts")) or 0,
        next_attempt_at=time_or_none(fields.get("nextAttemptAt")),
        payload=payload if isinstance(payload, Mapping) else None,
        version=document.version,
        refund_id=text_or_none(fields.get("refundId")),
    )


_KINDS: Final = frozenset(EffectKind)
_STATES: Final = frozenset(EffectState)


def leased(stored: StoredEffect, now: datetime) -> Update:
    """A worker begins this attempt. Its payload is kept for the next one."""
    return _update(
        stored,
        EffectState.PROCESSING,
        next_attempt_at=now + LEASE,
        leaseExpireTime=now + LEASE,
        payload=stored.payload,
    )


def to_be_retried(stored: StoredEffect, next_attempt_at: datetime, error: str | None) -> Update:
    return _update(stored, EffectState.RETRY, error, next_attempt_at)


def over(stored: StoredEffect, expires_at: datetime, error: str | None = None) -> Update:
    """Done, or nothing was to be done, for the reason in `error`. The payload is deleted."""
    return _update(stored, EffectState.SUCCESS, error, payload=None, expireAt=expires_at)


def refunded(stored: StoredEffect, refund_id: str, expires_at: datetime) -> Update:
    """Done. Until Stripe's event reports the refund, only its id here shows that the money is under way."""
    return _update(stored, EffectState.SUCCESS, payload=None, expireAt=expires_at, refundId=refund_id)


def given_up(
    stored: StoredEffect,
    cause_id: str,
    error: str,
    operator_channels: Iterable[EffectKind],
    now: datetime,
    lifetime: timedelta,
) -> tuple[Write, ...]:
    """Give the effect up. Operators are notified in their inbox and, unless it was a message to them, by channel.

    Args:
        cause_id: of the notice and its messages.
    """
    effect = stored.effect
    notice = Notice(
        NoticeType.EFFECT_FAILED,
        Audience.OPERATOR,
        effect.user_id,
        None,
        f"{effect.kind}: {error[:ERROR_CHARACTERS_MAX]}",
    )
    failed_operators = effect.recipient == Audience.OPERATOR
    channels = () if failed_operators else operator_channels
    messages = (
        a_message(kind, Audience.OPERATOR, effect.order_id, cause_id, effect.user_id) for kind in sorted(channels)
    )
    return (
        _update(stored, EffectState.ERROR, error, expireAt=now + lifetime),
        notice_write(notice, cause_id, effect.order_id, now, lifetime),
        *(effect_write(message, now) for message in messages),
    )


def tried_again(stored: StoredEffect, operator: str, reason: str, now: datetime) -> Update:
    """Make the effect pending again, under the same key, with the operator's name and reason. Kept until it is over."""
    again = {"state": str(EffectState.PENDING), "attempts": 0, "nextAttemptAt": now, "expireAt": None}
    said = {"operator": operator, "reason": reason}
    return Update(effect_path(stored.effect.effect_id), {**again, **said}, stored.version)


def handled(stored: StoredEffect, operator: str, reason: str, now: datetime, expires_at: datetime) -> Update:
    """Record that a person has handled it, and who. Its error is kept, its payload is deleted."""
    over = {"state": str(EffectState.SUCCESS), "handledAt": now, "payload": None, "expireAt": expires_at}
    return Update(
        effect_path(stored.effect.effect_id), {**over, "operator": operator, "reason": reason}, stored.version
    )


def _update(
    stored: StoredEffect,
    state: EffectState,
    error: str | None = None,
    next_attempt_at: datetime | None = None,
    **more: object,
) -> Update:
    fields = {
        "state": str(state),
        "attempts": stored.attempts,
        "nextAttemptAt": next_attempt_at,
        "leaseExpireTime": None,
        "error": error and error[:ERROR_CHARACTERS_MAX],
        **more,
    }
    return Update(effect_path(stored.effect.effect_id), fields, stored.version)
