"""The operators' command line, as tests call it: on a shop in memory, at a time that they name."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from click.testing import CliRunner, Result

from ops.__main__ import shop
from ops.commands import Asked
from ops.connection import Shop
from ops.reading import Reader
from tests.support.builders import NOW
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore


@dataclass(frozen=True)
class ShopInMemory(Shop):
    kept: MemoryStore

    @cached_property
    def reader(self) -> Reader:
        return MemoryReader(self.kept)


def opened(store: MemoryStore, now: datetime = NOW) -> Asked:
    """What a command on this shop is given."""
    kept = ShopInMemory("demo-shop", {}, lambda: now, store)
    return Asked(open=lambda _named, _now: kept, now=lambda: now)


def operated(store: MemoryStore, *words: str, now: datetime = NOW) -> Result:
    """What `./shop` says to these words."""
    return CliRunner().invoke(shop, words, prog_name="./shop", obj=opened(store, now))
