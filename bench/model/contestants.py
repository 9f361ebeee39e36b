"""The contestants: the settling code of an instance, how many instances a function has, and their concurrency."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final

from bench.model.firestore import Client, Database
from bench.model.textbook import Textbook
from bench.model.world import World
from database.grouping import GroupingStore, Lanes
from orders.events import Cause
from orders.outcome import Outcome, Settle
from service.wiring import settling
from settlement.settle import Patience
from settlement.turns import Call, InTurn, Turns
from tests.support.builders import TERMS
from tests.support.recording import silent

Layout = tuple[int, int]
"""Instances, and concurrent requests per instance."""


@dataclass(frozen=True, slots=True)
class Contestant:
    name: str
    holding: Layout
    instance: Callable[[World, Database], Settle]
    """Makes what one instance settles with."""
    holds_with: Callable[[World, Database], Settle]
    """The same, for the function that holds stock."""
    guess: float
    """Roughly the orders it sustains in the time of one commit."""
    is_hot: bool = False
    """Whether the product is marked as hot: its units are taken later."""
    is_audited: bool = True
    """Whether it writes what the auditor reads; otherwise only its stock figures are judged."""
    paying: Layout = (20, 16)


def _service(world: World, database: Database, *, holds: bool = False, is_grouped: bool = False) -> Settle:
    """`settle` as the service wires it, on virtual clocks; after a hold, the read for parked events follows."""
    client = Client(database)

    def called(call: Call, seconds_max: float) -> bool:
        return world.until(lambda: not call.locked(), seconds_max) and call.acquire(blocking=False)

    def wait(event: Event, seconds_max: float) -> bool:
        return world.until(event.is_set, seconds_max)

    patience = Patience(world.now, world.sleep, random.Random(0).random)
    store = GroupingStore(client, Lanes(), world.now, wait) if is_grouped else client
    settle = InTurn(partial(settling, store, TERMS, silent), patience, Turns(called))

    def place(event: Cause, now: datetime) -> Outcome:
        outcome = settle(event, now)
        client.call(lambda: database.read(()))
        return outcome

    return place if holds else settle


def _textbook(_world: World, database: Database) -> Settle:
    return Textbook(Client(database)).settle


_MANY: Final = (20, 16)
_FEW: Final = (4, 64)
_holding = partial(_service, holds=True)
TODAY: Final = Contestant("today", _MANY, _service, _holding, guess=0.4)
GROUPED: Final = Contestant("grouped", _FEW, _service, partial(_holding, is_grouped=True), guess=0.5)
LATER: Final = replace(TODAY, name="later", guess=0.9, is_hot=True)
BOTH: Final = replace(GROUPED, name="both", guess=12.0, is_hot=True)
BEST: Final = BOTH
TEXTBOOK: Final = replace(TODAY, name="textbook", instance=_textbook, holds_with=_textbook, guess=0.3, is_audited=False)
CONTESTANTS: Final = {each.name: each for each in (TEXTBOOK, TODAY, GROUPED, LATER, BOTH)}
