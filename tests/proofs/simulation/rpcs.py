"""Workers' requests to the database and the outside world."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, assert_never

from database.store import Create, Delete, Increase, Update, Write

OUTSIDE: Final = "outside"
"""The name of the RPC to the outside world."""


class Rpc(NamedTuple):
    """A worker's request to the database."""

    name: str
    about: Sequence[str | Write]
    """The paths or ids to read, or the writes."""
    do: Callable[[], object]

    def __str__(self) -> str:
        described = (item if isinstance(item, str) else _described(item) for item in self.about)
        return f"{self.name} {', '.join(described)}"


def _described(write: Write) -> str:
    match write:
        case Create(fields=fields):
            shown = [f"{name} {fields[name]}" for name in ("result", "type") if name in fields]
        case Update(fields=fields):
            shown = [f"{name} {value}" for name, value in fields.items() if name in _SHOWN]
        case Increase(amounts=amounts):
            shown = [f"{name} {amount:+}" for name, amount in amounts.items()]
        case Delete():
            shown = []
        case _:
            assert_never(write)
    return f"{type(write).__name__.lower()} {write.path}" + (f" ({', '.join(shown)})" if shown else "")


_SHOWN: Final = {
    *("status", "heldFrom", "result", "stock", "reserved", "deliveries", "amountRefunded", "waiting"),
    *("state", "attempts", "sessionId", "endsAs"),
}
