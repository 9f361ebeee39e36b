"""The position where a list goes on, as text to copy: the last row's time and id. Pure.

With the time alone, rows of the same moment would be lost or shown twice.
"""

from datetime import UTC, datetime

import click

from ops.times import moment_from


def cursor_of(at: datetime, document_id: str) -> str:
    # Firestore stores microseconds.
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z,{document_id}"


def cursor_from(text: str) -> tuple[datetime, str]:
    """Raises click.BadParameter."""
    at, _, document_id = text.partition(",")
    if not document_id:
        raise click.BadParameter(f"{text!r} is not what the previous page printed")
    return moment_from(at), document_id
