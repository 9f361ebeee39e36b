"""Where a list goes on, as a text to copy: the last row's time and id. Pure.

With the time alone, rows of one moment would be lost, or shown twice.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import click

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def cursor_of(at: datetime, document_id: str) -> str:
    # Firestore keeps microseconds.
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z,{document_id}"


def cursor_from(text: str) -> tuple[datetime, str]:
    """Raises click.BadParameter."""
    at, _, document_id = text.partition(",")
    if not document_id:
        raise click.BadParameter(f"{text!r} is not what the page before has named")
    return moment_from(at), document_id


def moment_from(text: str) -> datetime:
    """A time in ISO 8601, in UTC where it names no zone. Raises click.BadParameter."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time such as 2026-03-14 or 2026-03-14T15:09") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def since_from(text: str, now: datetime) -> datetime:
    """The same, or how long ago: `90m`, `36h`, `2d`, `1w`. Raises click.BadParameter."""
    count, unit = text[:-1], text[-1:]
    if unit in _UNITS and count.isascii() and count.isdigit():
        try:
            return now - int(count) * _UNITS[unit]
        except OverflowError:
            raise click.BadParameter(f"{text!r} is longer ago than there are years") from None
    return moment_from(text)
