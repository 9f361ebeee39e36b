"""Parses times as people type them. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

_DURATION: Final = re.compile(r"([0-9]{1,5})([mhdw])")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment_from(text: str, besides: str = "") -> datetime:
    """A time in ISO 8601, in UTC if it names no zone.

    Args:
        besides: what else is accepted, for the error message.

    Raises:
        click.BadParameter: it is not a time.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time such as 2026-03-14 or 2026-03-14T15:09{besides}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def duration_from(text: str) -> timedelta:
    """`90m`, `36h`, `2d`, `1w`. Raises click.BadParameter."""
    if not (found := _DURATION.fullmatch(text)):
        raise click.BadParameter(f"{text!r} is not a duration such as 90m, 36h, 2d or 1w")
    return int(found[1]) * _UNITS[found[2]]


def since_from(text: str, now: datetime) -> datetime:
    """A time, or how long ago. Raises click.BadParameter."""
    if _DURATION.fullmatch(text):
        return now - duration_from(text)
    return moment_from(text, ", or a duration such as 90m, 36h, 2d or 1w")
