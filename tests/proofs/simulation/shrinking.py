"""The smallest history that still fails: everything that the failure does not need is left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, replace
from typing import Final, TypeVar

from tests.proofs.simulation.history import History, Outside, Turn
from tests.proofs.simulation.payments import Payment, Repayment
from tests.proofs.simulation.scenarios import Scenario

_TURNS_TAKEN_MAX: Final = 8
"""By the work for most arrivals: one turn to start it, and one for each RPC."""

_Item = TypeVar("_Item")
_Thing = TypeVar("_Thing", History, Outside, Scenario, Payment, Repayment)


def shrunk(history: History, fails: Callable[[History], bool], *, tries_max: int = 5_000) -> History:
    """A history that fails, and fails no more if anything else is left out; nearly so, if that takes too many tries."""
    tries = iter(range(tries_max))
    whole = None
    while whole is not history:
        whole = history
        for simpler in (
            _with_simpler_scenarios,
            _with_fewer_turns,
            _with_fewer_arrivals,
            _with_less_work,
            _as_usual,
            _with_simpler_turns,
        ):
            history = _shrunk_so(history, simpler, fails, tries)
    return history


def _shrunk_so(
    history: History,
    simpler: Callable[[History], Iterator[History]],
    fails: Callable[[History], bool],
    tries: Iterator[int],
) -> History:
    candidates = simpler(history)
    while (tried := next(candidates, None)) and next(tries, None) is not None:
        if fails(tried):
            history, candidates = tried, simpler(tried)
    return history


# --- Histories that lack something, those first that lack much -------------------------------------------------------


def _with_fewer_turns(history: History) -> Iterator[History]:
    return (replace(history, turns=turns) for turns in _shorter(history.turns))


def _with_simpler_scenarios(history: History) -> Iterator[History]:
    for number, scenario in enumerate(history.scenarios):
        before, after = history.scenarios[:number], history.scenarios[number + 1 :]
        if before or after:
            yield replace(history, scenarios=before + after)
        for simpler in _simpler_scenarios(scenario):
            if simpler != scenario and simpler.is_consistent and simpler.events.keys() <= scenario.events.keys():
                yield replace(history, scenarios=(*before, simpler, *after))


def _with_fewer_arrivals(history: History) -> Iterator[History]:
    return (replace(history, arrivals=arrivals) for arrivals in _shorter(history.arrivals))


def _with_less_work(history: History) -> Iterator[History]:
    """Without an arrival, and without as many turns as its work may have taken."""
    for number in range(len(history.arrivals)):
        arrivals = history.arrivals[:number] + history.arrivals[number + 1 :]
        for taken in range(1, min(_TURNS_TAKEN_MAX, len(history.turns)) + 1):
            yield replace(history, arrivals=arrivals, turns=history.turns[taken:])


def _as_usual(history: History) -> Iterator[History]:
    yield from _with_defaults(history, leave=("turns",))
    yield from (replace(history, outside=outside) for outside in _with_defaults(history.outside))


def _with_simpler_turns(history: History) -> Iterator[History]:
    for number, turn in enumerate(history.turns):
        before, after = history.turns[:number], history.turns[number + 1 :]
        yield from (replace(history, turns=(*before, simpler, *after)) for simpler in _simpler_turns(turn))


# --- Smaller pieces --------------------------------------------------------------------------------------------------


def _simpler_turns(turn: Turn) -> Iterator[Turn]:
    if turn.fault:
        yield Turn(turn.who)
    yield from (Turn(who, turn.fault) for who in range(turn.who))


def _simpler_scenarios(scenario: Scenario) -> Iterator[Scenario]:
    """Consistent scenarios in which less happens."""
    yield from _with_defaults(scenario)
    for lines in filter(None, _shorter(scenario.lines)):
        shorter = replace(scenario, lines=lines)
        if shorter.price:
            yield _paid_as_before(shorter, shorter.price - scenario.price)
    if scenario.adjustments:
        yield _paid_as_before(replace(scenario, adjustments=()), -sum(scenario.adjustments))
    yield from (replace(scenario, payments=fewer) for fewer in _shorter(scenario.payments))
    for number, payment in enumerate(scenario.payments):
        before, after = scenario.payments[:number], scenario.payments[number + 1 :]
        yield from (replace(scenario, payments=(*before, simpler, *after)) for simpler in _simpler_payments(payment))


def _paid_as_before(scenario: Scenario, more: int) -> Scenario:
    """The same, and whoever paid the price still pays the price."""
    return replace(
        scenario, payments=tuple(replace(payment, amount=payment.amount + more) for payment in scenario.payments)
    )


def _simpler_payments(payment: Payment) -> Iterator[Payment]:
    yield from _with_defaults(payment)
    yield replace(payment, is_processing=False, voucher_days=0)
    if payment.refunds and payment.success_types:
        yield replace(payment, refunds=(), charge_reports=True, refunds_report=True)
    for name in ("success_types", "refunds", "declines", "disputes"):
        things: Sequence[object] = getattr(payment, name)
        yield from (replace(payment, **{name: fewer}) for fewer in _shorter(things) if fewer)  # type: ignore[arg-type]
    for number, refund in enumerate(payment.refunds):
        before, after = payment.refunds[:number], payment.refunds[number + 1 :]
        yield from (replace(payment, refunds=(*before, simpler, *after)) for simpler in _with_defaults(refund))


def _with_defaults(thing: _Thing, leave: Sequence[str] = ()) -> Iterator[_Thing]:
    """The same, with one field reset to its default."""
    for field in fields(thing):
        if field.default is not MISSING and field.name not in leave and getattr(thing, field.name) != field.default:
            yield replace(thing, **{field.name: field.default})


def _shorter(things: Sequence[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Without the second half, without the first, without quarters, and so on down to one."""
    size = len(things)
    while size:
        for start in reversed(range(0, len(things), size)):
            yield (*things[:start], *things[start + size :])
        size //= 2
