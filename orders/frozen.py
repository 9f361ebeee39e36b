"""Records that never change: frozen dataclasses whose classes are created in half the time.

Python 3.11 compiles six methods for each frozen dataclass, which is most of this service's share of a cold start. With
`@frozen` only the constructor and the guards against assignment are compiled; all records share one equality, one hash
and one repr: docs/decisions/0031-frozen-records.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

RecordT = TypeVar("RecordT")


@overload
def frozen(cls: type[RecordT], /) -> type[RecordT]: ...


@overload
def frozen(*, slots: bool = True, kw_only: bool = False) -> Callable[[type[RecordT]], type[RecordT]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[Any] | None = None, /, *, slots: bool = True, kw_only: bool = False) -> object:
    """`@dataclass(frozen=True, slots=True)`, but created faster; equality compares every field."""

    def made(cls: type[Any]) -> type[Any]:
        # Without a docstring, `dataclass` computes a signature for it, which takes as long as compiling a method.
        cls.__doc__ = cls.__doc__ or cls.__name__
        record = dataclass(frozen=True, slots=slots, kw_only=kw_only, eq=False, repr=False)(cls)
        for method in _methods(record):
            setattr(record, method.__name__, method)
        return record

    return made(cls) if cls else made


def _methods(record: type[Any]) -> tuple[Callable[..., object], ...]:
    values = attrgetter(*(each.name for each in fields(record)))
    shown = tuple(each.name for each in fields(record) if each.repr)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - becomes that method
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - likewise
        return hash(values(self))

    def __repr__(self: object) -> str:  # noqa: N807 - likewise
        of = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({of})"

    return __eq__, __hash__, __repr__
