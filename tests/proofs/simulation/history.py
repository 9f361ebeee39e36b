"""A history as data: a shop, what happens around its orders, in which order it arrives, and who goes on at each turn.

Whatever a history leaves open happens in the simplest way: whoever is running goes on to
the end, nothing goes wrong, and what was never delivered is delivered at last.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from effects.effect import EffectKind
from settlement.terms import AutoRefund
from tests.proofs.simulation.scenarios import Scenario


class Fault(StrEnum):
    """What goes wrong with one RPC, or with the process that sent it."""

    NOT_SENT = "not sent"
    """Not done, and no answer."""
    ANSWER_LOST = "answer lost"
    """Done, and no answer."""
    LATE = "late"
    """No answer. Done, if still possible, long after its sender gave up."""
    REFUSED = "refused"
    """Not done: the answer is ABORTED."""
    DEATH_BEFORE = "death before"
    """The process dies before sending it."""
    DEATH_AFTER = "death after"
    """Done, and the process dies before the answer arrives."""


class Kind(StrEnum):
    """What can arrive."""

    ORDER = "the order is written"
    ADJUSTMENT = "the backend's adjustments"
    AGAIN = "the order is deleted and written again"
    TRIGGER = "the trigger"
    CANCEL = "the cancel request"
    EVENT = "Stripe's event"
    MISLED = "Stripe's event, where the setting expects the other mode,"
    OPERATOR = "the operator's request"
    EFFECT = "the trigger of effect"
    CHECKOUT = "the customer wants to pay"
    PAYS = "the customer pays in the session that they are shown"
    SWEEP = "the sweep"
    FOLD = "the fold"
    MARK = "the shop marks as hot, or does so no longer,"
    GONE = "the shop deletes the inventory of"
    REAPING = "expired claims are deleted"
    RECOUNT = "the shop counts, or counts no longer,"
    MINUTES = "minutes pass"


ACTS: Final[Mapping[str, Mapping[str, object]]] = {
    "accept": {"kind": "accept"},
    "cancel": {"kind": "cancel"},
    "release": {"kind": "release"},
    "refund": {"kind": "refund"},
    "refund_part": {"kind": "refund", "amount": 300},
    "refund_broken": {"kind": "refund", "restock": "none"},
    "refund_returned": {"kind": "refund", "amount": 500, "restock": "all"},
}
"""What operators do to an order besides extending its hold, by the first part of the request's id."""
ELSEWHERE: Final[Mapping[str, Mapping[str, object]]] = {
    "elsewhere": {"kind": "refund", "elsewhere": True},
    "elsewhere_part": {"kind": "refund", "amount": 300, "elsewhere": True},
    "elsewhere_again": {"kind": "refund", "amount": 300, "again": True, "elsewhere": True},
}
"""The refunds outside Stripe that operators record, likewise."""
MISTAKES: Final[Mapping[str, Mapping[str, object]]] = {"mistake": {"kind": "refund"}}
"""Or they call a recorded refund a mistake."""
MARKS: Final[Mapping[str, Mapping[str, object]]] = {
    "replay": {"kind": "replay"},
    "handle_event": {"kind": "handle", "of": "event"},
    "handle_effect": {"kind": "handle", "of": "effect"},
}
"""What they do to what waits for a person, likewise. Which that is, depends on the number in the request's id."""
TRIES: Final[Mapping[str, Mapping[str, object]]] = {"retry": {"kind": "retry"}}
"""Or they retry it, whatever others do to it."""


LONG_MINUTES: Final = 26 * 60
"""Longer than anything but a voucher lasts in a simulated shop, yet after twice as long parked events are still taken
up."""
LONG_TIMES_MAX: Final = 2
"""In one history."""


@dataclass(frozen=True, slots=True)
class Arrival:
    kind: Kind
    order_id: str = ""
    event_id: str = ""
    minutes: int = 0
    product_id: str = ""
    effect_id: str = ""
    request_id: str = ""
    """Of what an operator wants: what kind of thing that is, and a number."""

    @property
    def act(self) -> str:
        """The first part of the id of what an operator wants."""
        return self.request_id.partition("-")[0]

    @property
    def number(self) -> int:
        """The last part of it."""
        return int(self.request_id.rpartition("-")[2])

    def __str__(self) -> str:
        about = self.event_id or self.effect_id or self.request_id or self.order_id or self.product_id
        return " ".join(filter(None, (self.kind, about, str(self.minutes or ""))))


@dataclass(frozen=True, slots=True)
class Turn:
    """Who continues, as an index among all that can, and the fault of its RPC."""

    who: int = 0
    fault: Fault | None = None


CALM: Final = Turn()


class RefundFate(StrEnum):
    """The course of a refund that the service requests from Stripe."""

    DONE = "done"
    SLOW = "slow"
    """Pending at first."""
    STUCK = "stuck"
    """Only ever pending."""
    FAILED = "failed"
    """Done at first."""


Places = tuple[int, ...]
"""Behind how many arrivals each delivery of something takes its place; of nothing, if it is lost."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the shop does outside, and how it is there. Where there are several, they take turns."""

    customer_channels: tuple[EffectKind, ...] = ()
    operator_channels: tuple[EffectKind, ...] = ()
    auto_refund: AutoRefund = AutoRefund.OFF
    triggers: tuple[Places, ...] = ((0,),)
    """Of each effect that is created."""
    reports: tuple[Places, ...] = ((0,),)
    """Of each event about a refund that the service has asked for."""
    fates: tuple[RefundFate, ...] = (RefundFate.DONE,)
    clocks: tuple[int, ...] = (0,)
    """By how many minutes the clock of each worker that performs effects is ahead."""
    refusing: tuple[EffectKind, ...] = ()
    """Effects that are refused for good."""
    down: tuple[EffectKind, ...] = ()
    """What is never done, and may be done at the next try for all that anybody knows."""
    sessions_add: bool = False
    """Whether our sessions add shipping and tax, and accept promotion codes."""


@dataclass(frozen=True)
class History:
    stock: tuple[tuple[str, int | None], ...]
    """Of each product; None if it is never short."""
    scenarios: tuple[Scenario, ...]
    arrivals: tuple[Arrival, ...]
    turns: tuple[Turn, ...] = ()
    workers: int = 3
    """How many may work at the same time."""
    rpc_seconds: float = 0.1
    """How long an RPC takes; settling gives up after eight seconds."""
    opens_late: bool = False
    """Whether every event is hours old when the first arrives."""
    restocks: bool = True
    """Whether the shop puts refunded units back on the shelf."""
    is_grouped: bool = False
    """Whether all that holds does so in one process, in which holds of one product can be one commit."""
    backorders: tuple[tuple[str, int], ...] = ()
    """How many units of a product may be sold that are not there yet."""
    outside: Outside = Outside()
    hot: tuple[str, ...] = ()
    """The products that are hot from the beginning."""

    @property
    def units_at_most(self) -> Counter[str]:
        """The units needed to fulfil all orders."""
        wanted = Counter[str]()
        for scenario in self.scenarios:
            wanted.update(scenario.units_at_most)
        return wanted

    @property
    def operated(self) -> frozenset[str]:
        """The orders that an operator may finish by hand: what becomes of them does not follow from scenarios."""
        return frozenset(arrival.order_id for arrival in self.arrivals if arrival.act in {**ACTS, **ELSEWHERE})

    @property
    def is_ample(self) -> bool:
        """Whether there is enough for all orders, so that they do not compete."""
        wanted, backorders = self.units_at_most, dict(self.backorders)
        if any(arrival.kind is Kind.GONE for arrival in self.arrivals):
            return False
        return all(
            stock is None or wanted[product_id] <= stock + backorders.get(product_id, 0)
            for product_id, stock in self.stock
        )
