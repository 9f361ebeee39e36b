"""What must be true of all effects at the end, counted from what arrived outside and from documents."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from effects.effect import EffectKind
from notifications.channels import CHANNELS
from settlement.terms import AutoRefund
from tests.proofs.simulation.history import Outside
from tests.proofs.simulation.oracle import Oracle
from tests.proofs.simulation.payments import Payment
from tests.proofs.simulation.world import KEYS_LAST, KNOWS_KEYS, Request, World
from tests.support.event_auditor import effect_given_up

Fields = Mapping[str, Any]
Documents = Mapping[str, Fields]

_NEVER_SENT: Final = "reserved"
_FOR_A_PERSON: Final = {"ERROR", "HANDLED"}
_HAS_ITS_MONEY: Final = {"finalized", "partially_refunded"}


def wrongs_outside(documents: Documents, world: World, outside: Outside) -> Iterator[str]:
    """What is wrong with the effects and with what was asked because of them, whatever they are about."""
    effects = effects_in(documents)
    yield from _of_messages(documents, effects, outside)
    if outside.auto_refund is AutoRefund.OFF:
        refunds = (key for key, effect in effects.items() if effect["kind"] == "stripe_refund")
        yield from (f"{key}: refunded" for key in refunds if not key.startswith("operator_"))
    asked, done = _by_effect(world.requests), _by_effect(world.done)
    for effect_id in asked.keys() - effects.keys():
        yield f"{effect_id}: asked, and nobody wrote that it should be"
    for effect_id, effect in effects.items():
        yield from _of_effect(effect_id, effect, asked[effect_id], done[effect_id])
    yield from _of_ordered_refunds(documents, world)


def effects_in(documents: Documents) -> Documents:
    return {path.removeprefix("effects/"): fields for path, fields in documents.items() if path.startswith("effects/")}


def _by_effect(requests: Sequence[Request]) -> defaultdict[str, list[Request]]:
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        found[request.effect_id].append(request)
    return found


def _of_messages(documents: Documents, effects: Documents, outside: Outside) -> Iterator[str]:
    """Each notice goes by each channel of its audience once, and nothing else is sent."""
    wanted: set[str] = set()
    for path, notice in documents.items():
        cause = path.rpartition("/")[2]
        is_of_operators = effects.get(effect_given_up(cause), {}).get("recipient") == "operator"
        if path.startswith("notifications/") and notice["type"] != _NEVER_SENT and not is_of_operators:
            is_customers = notice["audience"] == "customer"
            channels = outside.customer_channels if is_customers else outside.operator_channels
            wanted |= {f"{cause}_{channel}_{notice['audience']}" for channel in channels}
    messages = {effect_id for effect_id, effect in effects.items() if effect["kind"] in CHANNELS}
    yield from (f"{effect_id}: never to be sent" for effect_id in wanted - messages)
    yield from (f"{effect_id}: to be sent, and there is no such notice" for effect_id in messages - wanted)


def _of_ordered_refunds(documents: Documents, world: World) -> Iterator[str]:
    """Stripe is asked for no more than an operator ordered, however many payments that takes."""
    for path, ordered in documents.items():
        if path.startswith("operatorRequests/") and ordered.get("amount"):
            cause = f"operator_{path.removeprefix('operatorRequests/')}_stripe_refund_"
            refunds = (each for each in world.requests if each.kind is EffectKind.STRIPE_REFUND)
            parts: dict[str, Any] = {
                each.effect_id: each.words.get("amount") for each in refunds if each.effect_id.startswith(cause)
            }
            if None in parts.values() or sum(parts.values()) > ordered["amount"]:
                yield f"{path}: {ordered['amount']} ordered, and Stripe was asked for {parts}"


def _of_effect(effect_id: str, effect: Fields, asked: Sequence[Request], done: Sequence[Request]) -> Iterator[str]:
    if effect["state"] not in ("SUCCESS", "ERROR"):
        yield f"{effect_id}: still {effect['state']}"
    if effect["state"] == "SUCCESS" and not effect["error"] and not asked:
        yield f"{effect_id}: said to be done, and nobody was asked"
    # A retry by an operator resets the count of attempts.
    if len(asked) > effect["attempts"] and "operator" not in effect:
        yield f"{effect_id}: asked {len(asked)} times in {effect['attempts']} attempts"
    if len({request.key for request in asked}) > 1:
        yield f"{effect_id}: asked under more than one key"
    if any(one.words != other.words for one, other in pairwise(asked)):
        yield f"{effect_id}: asked in other words"
    # Of a part, Stripe does as much once more for whoever asks so late; of all that is left, there is nothing left.
    is_part = (effect.get("refund") or {}).get("amount") is not None
    if effect["kind"] in KNOWS_KEYS and any(is_part or other.at - one.at < KEYS_LAST for one, other in pairwise(done)):
        yield f"{effect_id}: done more than once"


# --- Refunds ----------------------------------------------------------------------------------------------------------


def wrongs_of_refunds(oracle: Oracle, outside: Outside) -> Iterator[str]:
    """Everything wrong with the refunds that the service makes for one order."""
    scenario, order, effects = oracle.scenario, oracle.order, effects_in(oracle.ending.documents)
    asked = {
        str(effect["recipient"]): "HANDLED" if "handledAt" in effect else effect["state"]
        for effect in effects.values()
        if effect["kind"] == EffectKind.STRIPE_REFUND
    }
    for payment in scenario.payments:
        if payment.left < 0:
            yield f"{scenario.order_id}: more is refunded of payment {payment.number} than it brought"
        elsewhere = oracle.gone_elsewhere(payment)
        if elsewhere and elsewhere + _asked_back(payment) > payment.amount:
            yield f"{scenario.order_id}: {elsewhere} of payment {payment.number} went back elsewhere, too"
    if oracle.is_decided_by_hand:
        # What else is due back, or not any more, an operator has decided.
        return
    kept = sum(payment.amount - _asked_back(payment) for payment in oracle.succeeded)
    if order.get("finalizedAt") and oracle.paying and kept < sum(payment.amount for payment in oracle.paying):
        yield f"{scenario.order_id}: sold, and only {kept} of its money is not sent back"
    gone = [each for each in oracle.paying if scenario.intent_of(each) in asked or _was_ever_refunded(each)]
    if order.get("finalizedAt") and gone:
        # Whichever was refunded, it turned out late that it was the first payment: a person looks into the others.
        return
    for payment in _due_back(oracle, outside.auto_refund):
        is_for_a_person = any(not refund.is_done for refund in payment.refunds)
        if payment.left and not is_for_a_person and asked.get(scenario.intent_of(payment)) not in _FOR_A_PERSON:
            yield f"{scenario.order_id}: payment {payment.number} is due back, and nobody sends it"


def _was_ever_refunded(payment: Payment) -> bool:
    """As a whole, whether or not that came about; or in part, and that did not."""
    asked_back = sum(refund.amount for refund in payment.refunds)
    return asked_back >= payment.amount or not all(refund.is_done for refund in payment.refunds)


def _asked_back(payment: Payment) -> int:
    return sum(refund.amount for refund in payment.refunds if refund.asked_at and not refund.fails)


def _due_back(oracle: Oracle, auto_refund: AutoRefund) -> Iterator[Payment]:
    if oracle.order.get("openDisputes") is not None:
        # A person's, since the bank may take back what the order is paid with.
        return
    extra = [payment for payment in oracle.believed if oracle.paying and payment not in oracle.paying]
    is_sold = bool(oracle.order.get("finalizedAt"))
    if auto_refund is not AutoRefund.OFF and is_sold and oracle.order["status"] in _HAS_ITS_MONEY:
        yield from extra
    status = oracle.order.get("unfulfilledAs") if oracle.order["status"] == "refunded" else oracle.order["status"]
    if auto_refund is AutoRefund.ALL and not is_sold and status == "refund_due":
        yield from (*(payment for payment in oracle.counted if payment in oracle.believed), *extra)


# --- Sessions ---------------------------------------------------------------------------------------------------------


def wrongs_of_sessions(oracle: Oracle, world: World) -> Iterator[str]:
    """Everything wrong with an order whose customer was asked to pay in our sessions."""
    scenario, order, documents = oracle.scenario, oracle.order, oracle.ending.documents
    own = [payment for payment in scenario.payments if payment.paid_at]
    said = documents.get(f"checkouts/{scenario.order_id}", {})
    session = world.sessions.by_id.get(str(said.get("sessionId")))
    if session and (said["state"], said["url"]) != (session.status, None):
        yield f"{scenario.order_id}: its session is {session.status}, and {said['state']} is said, at {said['url']}"
    if len(own) > 1:
        yield f"{scenario.order_id}: paid in {len(own)} sessions"
    if oracle.is_decided_by_hand:
        return
    is_sold = order.get("finalizedAt") and not scenario.is_adjusted_late
    if is_sold and any(payment in oracle.paying for payment in own):
        added = sum(each["amount"] for each in order.get("adjustments") or ())
        if {scenario.price + added, order["amountTotal"]} != {own[0].amount}:
            yield f"{scenario.order_id}: {own[0].amount} was paid, and the order adds up to {scenario.price} + {added}"
    cancelled = documents.get(f"auditLog/cancel_{scenario.order_id}")
    was_held = cancelled is not None and cancelled["statusBefore"] == "reserved" and not scenario.is_written_again
    if was_held and oracle.received is None and order["status"] != "cancelled":
        yield f"{scenario.order_id}: its customer has asked to cancel it in time, and it is {order['status']}"
