"""Renders what waits for a person. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ops.attention import Concern
from ops.page import Cell, Heading, Line, Page, Part, Row, Table, Tone
from ops.phrases import age, amounts, moment
from ops.waiting import Item
from reconciliation.finding import to_copy

SHOWN_MAX: Final = 5
"""How many of each concern are named."""


def page_of(concerns: Sequence[Concern], project: str, now: datetime) -> Page:
    waiting = [each for each in concerns if each.count]
    return [*_verdict(waiting, project, now), *_overview(concerns, now), *_items(waiting, now)]


def needs_person(concerns: Sequence[Concern]) -> bool:
    return any(each.needs_person for each in concerns)


def _verdict(waiting: Sequence[Concern], project: str, now: datetime) -> Iterator[Part]:
    if needs_person(waiting):
        yield Line(f"{project} at {moment(now)} UTC: something needs a person.", Tone.WARNING)
    else:
        yield Line(f"{project} at {moment(now)} UTC: nothing needs a person.", Tone.GOOD)


def _overview(concerns: Sequence[Concern], now: datetime) -> Iterator[Part]:
    yield Table([_row(each, now) for each in concerns], ("", "count", "oldest", "money", ""))


def _row(concern: Concern, now: datetime) -> Row:
    at_least = "" if concern.is_complete else "at least "
    tone = Tone.WARNING if concern.needs_person else Tone.PLAIN
    return (
        Cell(concern.name, tone if concern.count else Tone.QUIET),
        Cell(str(concern.count), tone, is_number=True),
        _when(concern.items[0], now) if concern.items else "-",
        at_least + amounts(concern.money) if concern.money else "-",
        Cell(concern.says, Tone.QUIET),
    )


def _items(waiting: Sequence[Concern], now: datetime) -> Iterator[Part]:
    for concern in waiting:
        yield Heading(f"{concern.name.capitalize()} ({concern.count})")
        for item in concern.items[:SHOWN_MAX]:
            yield Line(item.command or to_copy("why", item.id), Tone.COMMAND)
            money = [amounts(item.money)] if item.money else []
            yield Line("  " + ", ".join([_when(item, now), *money, *([item.note] if item.note else [])]), Tone.QUIET)
        if more := concern.count - len(concern.items[:SHOWN_MAX]):
            yield Line(f"... and {more} more", Tone.QUIET)


def _when(item: Item, now: datetime) -> str:
    return f"in {age(item.since, now)}" if item.since > now else f"{age(item.since, now)} ago"
