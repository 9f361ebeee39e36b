"""Everything wrong with events, their effects, and how long each is kept."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from tests.support.shelves import Documents, Fields, Shelves

OVER = {"SUCCESS", "ERROR"}


def wrong_claims(shelves: Shelves, kept_since: datetime | None) -> Iterator[str]:
    entries, claims = shelves["auditLog"], shelves["webhookEvents"]
    for event_id, claim in claims.items():
        entry = entries.get(event_id)
        if claim["processed"] and entry is None:
            yield f"{event_id}: claimed as done, and nobody wrote down what was done"
        # An event that was only set aside is not done: it may have been delivered again, and be parked.
        if not claim["processed"] and entry and entry["webhookProcessed"]:
            yield f"{event_id}: parked, and yet written down as done"
        if not claim["processed"] and not claim["reason"]:
            yield f"{event_id}: parked, and nobody says why"
        restored = {"duplicate_detected"} if entry and entry["webhookProcessed"] else set()
        if claim["processed"] and entry and claim["result"] not in {entry["result"], *restored}:
            yield f"{event_id}: the claim says {claim['result']}, the entry {entry['result']}"
    for event_id, entry in entries.items():
        may_have_expired = kept_since and entry["createdAt"] < kept_since
        if entry["webhookProcessed"] and event_id not in claims and not may_have_expired:
            yield f"{event_id}: written down as Stripe's, and never claimed"


def wrong_deliveries(shelves: Shelves) -> Iterator[str]:
    """A claim counts deliveries; each but the first has a numbered record, without gaps."""
    recorded: defaultdict[str, set[str]] = defaultdict(set)
    for path in shelves["deliveries"]:
        _, event_id, _, number = path.split("/")
        recorded[event_id].add(number)
    for event_id, claim in shelves["webhookEvents"].items():
        if recorded[event_id] != set(map(str, range(2, claim["deliveries"] + 1))):
            yield f"{event_id}: {claim['deliveries']} deliveries, and records of {sorted(recorded[event_id])}"


def wrong_notices(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    notified: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path, notice in shelves["notifications"].items():
        _, recipient, _, event_id = path.split("/")
        if event_id not in shelves["auditLog"] and effect_given_up(event_id) not in shelves["effects"]:
            yield f"{path}: a notice of something that never happened"
        if recipient != "system":
            notified[notice["orderId"]][notice["type"]] += 1
    for order_id, counted in notified.items():
        yield from (
            f"{order_id}: its customer was notified {counted[once]} times that it is {once}"
            for once in ("reserved", "failed", "paid", "expired", "cancelled")
            if counted[once] > 1 + (order_id in deleted)
        )


def effect_given_up(cause: str) -> str:
    """The effect that may have caused a notice. When given up once more, the cause is its id and the time."""
    return re.sub(r"_[0-9]{8}T[0-9]{12}$", "", cause)


def wrong_effects(shelves: Shelves) -> Iterator[str]:
    """Each effect has a cause and its next due time, and is never given up without a notice."""
    effects, notices = shelves["effects"], shelves["notifications"]
    for effect_id, effect in effects.items():
        state, cause = effect["state"], effect["causeId"]
        if effect_id != f"{cause}_{effect['kind']}_{effect['recipient']}":
            yield f"{effect_id}: not the id of {effect}"
        if cause not in shelves["auditLog"] and effect_given_up(cause) not in effects:
            yield f"{effect_id}: caused by nothing"
        is_to_be_deleted = effect.get("expireAt") is not None
        if (effect["nextAttemptAt"] is None) != (state in OVER) or is_to_be_deleted != (state in OVER):
            yield f"{effect_id}: {state}, and due again at {effect['nextAttemptAt']}"
        if (effect["leaseExpireTime"] is None) != (state != "PROCESSING"):
            yield f"{effect_id}: {state}, and somebody is at it until {effect['leaseExpireTime']}"
        if state == "SUCCESS" and effect["payload"] is not None:
            yield f"{effect_id}: done, and what was sent is kept"
        told = notices.get(f"notifications/system/messages/{effect_id}", {}).get("type")
        # Retried or handled by an operator: that it had been given up was announced before.
        if (told == "effect_failed") != (state == "ERROR" or "operator" in effect):
            yield f"{effect_id}: {state} with {effect['error']}, and the shop got {told}"


def _is_on_record(request_id: str, request: Fields, shelves: Shelves) -> bool:
    """A replay may be on record in the entry of the event that it settled."""
    if f"operator_{request_id}" in shelves["auditLog"]:
        return True
    entry = shelves["auditLog"].get(request["target"], {}) if request.get("kind") == "replay" else {}
    said = {"operator": request.get("operator"), "reason": request.get("reason"), "result": request.get("result")}
    return said == {name: entry.get(name) for name in said}


def wrong_expiry(shelves: Shelves) -> Iterator[str]:
    """Documents that name a customer are kept for a time, and never expire before their work is done."""
    for order_id, request in shelves["cancelRequests"].items():
        if ("expireAt" in request) != (f"cancel_{order_id}" in shelves["auditLog"]):
            yield f"{order_id}: its cancel request is {request}, settled or not"
    for request_id, request in shelves["operatorRequests"].items():
        is_invalid = request.get("result") == "invalid_request"
        if (request.get("settledAt") is not None) != (is_invalid or _is_on_record(request_id, request, shelves)):
            yield f"{request_id}: an operator's request, and whether it is settled is not what it says: {request}"
    for path, notice in shelves["notifications"].items():
        if notice["expireAt"] <= notice["createdAt"]:
            yield f"{path}: kept until {notice['expireAt']}"


def waiting_for_nothing(shelves: Shelves) -> Iterator[str]:
    claims, payments = shelves["webhookEvents"], shelves["payments"]
    listed = {event_id for payment in payments.values() for event_id in payment.get("waiting", ())}
    for event_id, claim in claims.items():
        if claim["processed"]:
            continue
        if claim["result"] == "order_not_found" and claim["orderId"] in shelves["orders"]:
            yield f"{event_id}: parked for want of {claim['orderId']}, which is there"
        if claim["result"] == "payment_not_found" and event_id not in listed:
            yield f"{event_id}: parked for want of a payment that will not find it"
    for payment_id, payment in payments.items():
        for event_id in payment.get("waiting", ()):
            if shelves["auditLog"].get(event_id, {}).get("result") == "handled":
                # It no longer waits: its payment's own events skip it.
                continue
            known = shelves["orders"].get(payment.get("orderId") or "", {}).get("payments", {}).get(payment_id, {})
            if known.get("state") == "succeeded":
                yield f"{event_id}: waits for {payment_id}, which has paid {payment['orderId']}"
            if event_id not in claims or claims[event_id]["processed"]:
                yield f"{event_id}: listed as waiting for {payment_id}, and not parked"
