"""`@frozen` promises what `@dataclass(frozen=True, slots=True)` does."""

import copy
import pickle
import re
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, field, replace
from functools import cached_property
from typing import Any

import pytest

from orders.frozen import frozen
from tests.support.deployed import deployed_modules


@frozen
class Paid:
    order_id: str
    amounts: Sequence[int] = ()
    secret: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Shipped(Paid):
    """On its way."""

    parcels: list[str] = field(default_factory=list)


PAID = Paid("o-1", (1, 2), "key")


def made(name: str, *bases: type[Any]) -> Any:
    """A new class with these fields."""
    body = {"__annotations__": Paid.__annotations__, "amounts": (), "secret": field(default=None, repr=False)}
    return frozen(type(name, bases, body))


def test_records_of_one_class_are_equal_if_all_of_their_fields_are() -> None:
    one = made("Paid")
    assert one("o-1", (1, 2), "key") == one("o-1", (1, 2), "key")
    for other in (one("o-2", (1, 2), "key"), one("o-1", (1,), "key"), one("o-1", (1, 2), "another")):
        assert other != one("o-1", (1, 2), "key")


def test_what_is_of_another_class_is_never_equal() -> None:
    one = made("Paid")
    for other in made("Refunded"), made("Shipped", one):
        assert one("o-1") != other("o-1")
    assert one("o-1") != ("o-1", (), None)


def test_what_is_equal_is_one_key() -> None:
    one = made("Paid")
    assert {one("o-1"): 1}[one("o-1")] == 1
    assert len({hash(one("o-1", (1,), "key")), hash(one("o-2", (1,), "key")), hash(one("o-1", (1,), "another"))}) == 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(Shipped(order_id="o-1"))


def test_it_says_its_fields_but_those_to_hide() -> None:
    assert repr(made("Paid")("o-1", (1, 2), "key")) == "Paid(order_id='o-1', amounts=(1, 2))"
    assert repr(Shipped(order_id="o-1")) == "Shipped(order_id='o-1', amounts=(), parcels=[])"


def test_nothing_of_it_can_be_changed() -> None:
    paid = Paid("o-1")
    with pytest.raises(FrozenInstanceError):
        paid.order_id = "o-2"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del paid.order_id
    assert paid == Paid("o-1")
    assert not hasattr(paid, "__dict__")


def test_it_is_copied_and_matched_by_its_fields() -> None:
    shipped = Shipped(order_id="o-1", parcels=["p-1"])
    assert copy.deepcopy(shipped) == pickle.loads(pickle.dumps(shipped)) == shipped  # noqa: S301 - just dumped
    assert replace(shipped, order_id="o-2").parcels == ["p-1"]
    match PAID:
        case Paid(order_id, amounts):
            assert (order_id, amounts) == ("o-1", (1, 2))


def test_without_slots_it_remembers_what_it_has_worked_out() -> None:
    @frozen(slots=False)
    class Order:
        lines: tuple[int, ...]

        @cached_property
        def total(self) -> list[int]:
            return [sum(self.lines)]

    order = Order((1, 2))
    assert order.total is order.total
    assert order == Order((1, 2))


def test_a_docstring_stays() -> None:
    assert Shipped.__doc__ == "On its way."


def test_no_record_that_is_deployed_is_made_the_slow_way() -> None:
    slow = re.compile(r"^@dataclass\(.*frozen=True", re.MULTILINE)
    assert [str(file) for file in deployed_modules() if slow.search(file.read_text())] == []
