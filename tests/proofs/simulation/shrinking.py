"""The smallest history that still fails: whatever can be left out without mending it is left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, replace
from typing import Final, TypeVar

from tests.proofs.simulation.history import History, Turn
from tests.proofs.simulation.scenarios import Repayment, Tale

_TURNS_TAKEN_MAX: Final = 8
"""By the work for most arrivals: its start, and its RPCs."""

_Item = TypeVar("_Item")
_Thing = TypeVar("_Thing", History, Tale, Repayment)


def shrunk(history: History, fails: Callable[[History], bool], *, tries_max: int = 5_000) -> History:
    """A history that fails, and of which nothing more can be left out; or nearly so, if that takes too many tries."""
    tries = iter(range(tries_max))
    whole = None
    while whole is not history:
        whole = history
        for simpler in (
            _with_less_to_tell,
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


def _with_less_to_tell(history: History) -> Iterator[History]:
    for number, tale in enumerate(history.tales):
        before, after = history.tales[:number], history.tales[number + 1 :]
        if before or after:
            yield replace(history, tales=before + after)
        for simpler in _simpler_tales(tale):
            if simpler.is_consistent and simpler.facts.keys() <= tale.facts.keys():
                yield replace(history, tales=(*before, simpler, *after))


def _with_fewer_arrivals(history: History) -> Iterator[History]:
    return (replace(history, arrivals=arrivals) for arrivals in _shorter(history.arrivals))


def _with_less_work(history: History) -> Iterator[History]:
    """Without an arrival, and without as many turns as its work may have taken."""
    for number in range(len(history.arrivals)):
        arrivals = history.arrivals[:number] + history.arrivals[number + 1 :]
        for taken in range(1, min(_TURNS_TAKEN_MAX, len(history.turns)) + 1):
            yield replace(history, arrivals=arrivals, turns=history.turns[taken:])


def _as_usual(history: History) -> Iterator[History]:
    return _with_defaults(history, leave=("turns",))


def _with_simpler_turns(history: History) -> Iterator[History]:
    for number, turn in enumerate(history.turns):
        before, after = history.turns[:number], history.turns[number + 1 :]
        yield from (replace(history, turns=(*before, simpler, *after)) for simpler in _simpler_turns(turn))


# --- Smaller pieces --------------------------------------------------------------------------------------------------


def _simpler_turns(turn: Turn) -> Iterator[Turn]:
    if turn.fault:
        yield Turn(turn.who)
    yield from (Turn(who, turn.fault) for who in range(turn.who))


def _simpler_tales(tale: Tale) -> Iterator[Tale]:
    """Tales that are told in fewer words, and are still about one consistent payment."""
    yield from _with_defaults(tale)
    if tale.paid is not None:
        unpaid = {"paid": None, "voices": (), "pays_twice": False, "refunds": (), "disputes": ()}
        yield replace(tale, **unpaid)  # type: ignore[arg-type]
    for lines in filter(None, _shorter(tale.lines)):
        shorter = replace(tale, lines=lines)
        # Who paid what was asked still does.
        yield shorter if tale.paid is None else replace(shorter, paid=tale.paid - tale.price + shorter.price)
    for name in ("voices", "refunds", "declines", "disputes"):
        things: Sequence[object] = getattr(tale, name)
        yield from (replace(tale, **{name: fewer}) for fewer in _shorter(things) if fewer)  # type: ignore[arg-type]
    for number, refund in enumerate(tale.refunds):
        before, after = tale.refunds[:number], tale.refunds[number + 1 :]
        yield from (replace(tale, refunds=(*before, simpler, *after)) for simpler in _with_defaults(refund))


def _with_defaults(thing: _Thing, leave: Sequence[str] = ()) -> Iterator[_Thing]:
    """The thing, with one of its fields as it usually is."""
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
