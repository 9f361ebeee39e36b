"""Calls of the operators' command line: on a shop in memory, at a given time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from click.testing import CliRunner, Result

from ops.__main__ import shop
from ops.commands import Asked
from ops.connection import Shop
from ops.reading import Reader
from tests.support.builders import NOW
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from database.firestore_store import FirestoreStore


YES = ("--yes", "--reason", "as agreed", "--operator", "olga")
"""Makes a command do what it shows."""


@dataclass(frozen=True)
class ShopInMemory(Shop):
    kept: MemoryStore = field(default_factory=MemoryStore)
    stripe: Any = None

    @cached_property
    def store(self) -> "FirestoreStore":
        return cast("FirestoreStore", self.kept)

    @cached_property
    def reader(self) -> Reader:
        return MemoryReader(self.kept)


def opened(store: MemoryStore, now: datetime = NOW, settings: Mapping[str, str] | None = None, **more: Any) -> Asked:
    """What a command on this shop is given."""
    kept = ShopInMemory("demo-shop", settings or {}, store, **more)
    return Asked(open=lambda _: kept, clock=lambda _: now)


def operated(store: MemoryStore, *words: str, now: datetime = NOW, given: str | None = None, **shop_has: Any) -> Result:
    """What `./shop` answers to these words.

    Args:
        given: the standard input.
        shop_has: the shop's settings, or what calls Stripe.
    """
    return CliRunner().invoke(shop, words, prog_name="./shop", obj=opened(store, now, **shop_has), input=given)
