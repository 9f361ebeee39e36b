"""How an RPC is answered or fails."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from effects.outside import Failed
from orders.outcome import StoreContended, StoreUnavailable
from tests.proofs.simulation.history import Fault
from tests.proofs.simulation.rpcs import OUTSIDE, Rpc
from tests.proofs.simulation.workers import Thread, Worker

_ASKED_PAUSE: Final = timedelta(minutes=5)
_IN_DOUBT: Final = frozenset({Fault.ANSWER_LOST, Fault.LATE})
_CHANGES: Final = frozenset({"commit", OUTSIDE})
_OF_CHANGES: Final = frozenset({Fault.LATE, Fault.REFUSED})


def possible(fault: Fault | None, rpc: Rpc) -> Fault | None:
    """The same fault, if it can happen to such an RPC."""
    return None if fault in _OF_CHANGES and rpc.name not in _CHANGES else fault


def leaves_in_doubt(fault: Fault, rpc: Rpc) -> bool:
    """Whether the sender cannot know if it was done."""
    return rpc.name == "commit" and fault in _IN_DOUBT


def answer(worker: Worker, thread: Thread, rpc: Rpc, fault: Fault | None, done: Callable[[Rpc], object]) -> None:
    """What is late, whoever sent it hears nothing of, and somebody else has it done.

    Args:
        done: does it, and returns what the database answers, or the world outside.
    """
    match fault:
        case None:
            answered = done(rpc)
            if isinstance(answered, StoreContended | Failed):
                worker.fail(thread, answered)
            else:
                worker.answer(thread, answered)
        case Fault.NOT_SENT | Fault.LATE:
            worker.fail(thread, _unanswered(rpc, fault))
        case Fault.REFUSED:
            worker.fail(thread, _refused(rpc, fault))
        case Fault.DEATH_BEFORE:
            worker.die()
        case Fault.DEATH_AFTER:
            done(rpc)
            worker.die()
        case Fault.ANSWER_LOST:
            done(rpc)
            worker.fail(thread, _unanswered(rpc, fault))


def _unanswered(rpc: Rpc, fault: Fault) -> Exception:
    return Failed(fault, retryable=True) if rpc.name == OUTSIDE else StoreUnavailable(fault)


def _refused(rpc: Rpc, fault: Fault) -> Exception:
    return Failed(fault, retryable=True, retry_after=_ASKED_PAUSE) if rpc.name == OUTSIDE else StoreContended(fault)
