"""Random acts of operators, drawn independently: everything else stays the same without them."""

import random
from collections.abc import Iterator
from dataclasses import replace

from effects.effect import EffectKind
from tests.proofs.simulation.history import (
    ACTS,
    ELSEWHERE,
    LONG_MINUTES,
    LONG_TIMES_MAX,
    MARKS,
    MISTAKES,
    TRIES,
    Arrival,
    History,
    Kind,
    Outside,
)
from tests.proofs.simulation.scenarios import Scenario


def with_operators(history: History, seed: int) -> History:
    """A fifth of the histories have an operator."""
    source = random.Random(f"{seed}, operators")  # noqa: S311 - no secret
    if source.random() >= 0.2:
        return history
    arrivals = list(history.arrivals)
    for asked in _asked(source, history):
        # Its trigger fires at least once, and whoever asked may have been faster.
        for _ in range(source.randint(1, 2)):
            arrivals.insert(source.randrange(len(arrivals) + 1), asked)
    return replace(history, arrivals=tuple(arrivals))


def with_operators_acts(history: History, seed: int) -> History:
    """In a sixth of the histories, operators finish orders by hand: amid payments, refunds and sessions, or late."""
    source = random.Random(f"{seed}, operators' acts")  # noqa: S311 - no secret
    if source.random() >= 1 / 6:
        return history
    acts = [
        Arrival(Kind.OPERATOR, source.choice(history.scenarios).order_id, request_id=f"{act}-act{number}")
        for number, act in enumerate(source.choices(tuple(ACTS), k=source.randint(1, 3)))
    ]
    operated = {act.order_id for act in acts}
    scenarios = tuple(_reported(each) if each.order_id in operated else each for each in history.scenarios)
    arrivals = list(history.arrivals)
    for before, after in zip(history.scenarios, scenarios, strict=True):
        for event_id in (each for each in after.events if each not in before.events):
            _insert(source, arrivals, Arrival(Kind.EVENT, after.order_id, event_id))
    for act in acts:
        for _ in range(source.randint(1, 2)):
            _insert(source, arrivals, act)
    return replace(history, scenarios=scenarios, arrivals=tuple(arrivals))


def with_elsewhere(history: History, seed: int) -> History:
    """In half of these, they also record refunds made outside Stripe, whatever Stripe does."""
    source = random.Random(f"{seed}, elsewhere")  # noqa: S311 - no secret
    operated = sorted(history.operated)
    if not operated or source.random() >= 0.5:
        return history
    arrivals = list(history.arrivals)
    for number, act in enumerate(source.choices(tuple(ELSEWHERE), k=source.randint(1, 2))):
        said = Arrival(Kind.OPERATOR, source.choice(operated), request_id=f"{act}-{number}")
        for _ in range(source.randint(1, 2)):
            _insert(source, arrivals, said)
    return replace(history, arrivals=tuple(arrivals))


def with_mistakes(history: History, seed: int) -> History:
    """In half of those, some of these refunds turn out to be mistakes."""
    source = random.Random(f"{seed}, mistakes")  # noqa: S311 - no secret
    recorded = [each for each in history.arrivals if each.act in ELSEWHERE]
    if not recorded or source.random() >= 0.5:
        return history
    arrivals = list(history.arrivals)
    for number, said in enumerate(source.choices(recorded, k=source.randint(1, 3))):
        mistake = Arrival(Kind.OPERATOR, said.order_id, request_id=f"{source.choice(tuple(MISTAKES))}-{number}")
        # Later than that is recorded, mostly.
        arrivals.insert(max(source.randrange(len(arrivals) + 1) for _ in range(3)), mistake)
    return replace(history, arrivals=tuple(arrivals))


def with_marks(history: History, seed: int) -> History:
    """In a sixth of the histories, they replay parked events, and mark as handled what waits for a person."""
    source = random.Random(f"{seed}, marks")  # noqa: S311 - no secret
    if source.random() >= 1 / 6:
        return history
    arrivals = list(history.arrivals)
    if source.random() < 0.7:
        for scenario in history.scenarios:
            _let_wait_for(scenario, arrivals, source)
    # Two of them may name the same, also at once.
    for number in source.sample(range(10), k=source.randint(2, 4)):
        act = Arrival(Kind.OPERATOR, request_id=f"{source.choice(tuple(MARKS))}-{number}")
        for _ in range(source.randint(1, 2)):
            _insert(source, arrivals, act)
    opens_late = history.opens_late or source.random() < 0.7
    return replace(history, arrivals=tuple(arrivals), opens_late=opens_late, outside=_refusing(history, source))


def with_tries(history: History, seed: int) -> History:
    """In half of these, they also retry what was given up, perhaps at the same moment."""
    source = random.Random(f"{seed}, tries")  # noqa: S311 - no secret
    if not any(each.act in MARKS for each in history.arrivals) or source.random() >= 0.5:
        return history
    arrivals = list(history.arrivals)
    for number in source.sample(range(10), k=source.randint(2, 4)):
        act = Arrival(Kind.OPERATOR, request_id=f"{source.choice(tuple(TRIES))}-{number}")
        for _ in range(source.randint(1, 2)):
            # Later than marks are: only what is left can be tried again.
            arrivals.insert(max(source.randrange(len(arrivals) + 1) for _ in range(5)), act)
    return replace(history, arrivals=tuple(arrivals))


def with_standstill(history: History, seed: int) -> History:
    """In half of those in which a part of a payment is to go back, nobody tries again while Stripe knows a key."""
    source = random.Random(f"{seed}, standstill")  # noqa: S311 - no secret
    is_long_enough = sum(each.minutes == LONG_MINUTES for each in history.arrivals) >= LONG_TIMES_MAX
    has_part = any(ACTS.get(each.act, {}).get("amount") for each in history.arrivals)
    if is_long_enough or not has_part or source.random() >= 0.5:
        return history
    stands_still = (Arrival(Kind.MINUTES, minutes=LONG_MINUTES), Arrival(Kind.SWEEP))
    return replace(history, arrivals=(*history.arrivals, *stands_still))


def _let_wait_for(scenario: Scenario, arrivals: list[Arrival], source: random.Random) -> None:
    """Most of what is about the order comes before it, unless its backend has to come before what pays it."""
    order = Arrival(Kind.ORDER, scenario.order_id)
    if order in arrivals and not scenario.is_adjusted:
        arrivals.remove(order)
        _insert(source, arrivals, order)


def _refusing(history: History, source: random.Random) -> Outside:
    """Something is given up, if anything is to be done outside at all."""
    outside = history.outside
    if outside == Outside():
        outside = Outside(customer_channels=(EffectKind.MAIL,), operator_channels=(EffectKind.CHAT,))
    return replace(outside, refusing=outside.refusing or (source.choice(tuple(EffectKind)),))


def _reported(scenario: Scenario) -> Scenario:
    """Every refund has events of its own: the sums of a charge do not tell which are done if one has failed."""
    payments = (replace(each, refunds_report=True) if each.refunds else each for each in scenario.payments)
    return replace(scenario, payments=tuple(payments))


def _insert(source: random.Random, arrivals: list[Arrival], arrival: Arrival) -> None:
    """Often late, when there is something to finish."""
    arrivals.insert(max(source.randrange(len(arrivals) + 1) for _ in range(2)), arrival)


def _asked(source: random.Random, history: History) -> Iterator[Arrival]:
    product_ids = [product_id for product_id, _ in history.stock]
    # What is taken away from a shop that has enough for all would be missed by somebody.
    # Whoever counts what orders hold while they are held, sold and given back finds what is reserved already.
    kinds = ("add", "extend", "recount") if history.is_ample else ("add", "take", "set", "extend", "recount")
    for number in range(source.randint(1, 3)):
        kind = source.choice(kinds)
        request_id = f"{kind}-{number}"
        if kind == "extend":
            yield Arrival(Kind.OPERATOR, source.choice(history.scenarios).order_id, request_id=request_id)
        else:
            yield Arrival(Kind.OPERATOR, product_id=source.choice(product_ids), request_id=request_id)
