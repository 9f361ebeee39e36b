"""`./shop orders`: orders by status and time, page by page."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import click

from database.documents.orders import order_from
from ops.commands import Asked, command
from ops.order_list import order_row, orders_table
from ops.page import Line, Page, Tone
from ops.paging import cursor_from, cursor_of
from ops.reading import Found, Query, Where
from ops.times import since_from
from orders.order import OrderStatus

STATUSES: Final = tuple(str(status) for status in OrderStatus if status is not OrderStatus.UNKNOWN)


@command("orders")
@click.option(
    "--status",
    "statuses",
    type=click.Choice(STATUSES),
    multiple=True,
    help="Only orders with this status; may be repeated.",
)
@click.option("--user", metavar="ID", help="Only this customer's orders; instead of --status.")
@click.option("--since", metavar="TIME", help="Placed since: 90m, 36h, 2d, 1w, or 2026-03-14T15:09 in UTC.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most this many.")
@click.option("--after", metavar="CURSOR", help="Continue where the previous page ended.")
@click.pass_obj
def orders(
    asked: Asked, statuses: tuple[str, ...], user: str | None, since: str | None, limit: int, after: str | None
) -> None:
    """List orders, newest first.

    An order whose status somebody else has overwritten is only found with --user, `search` and `why`.
    """
    if statuses and user:
        raise click.UsageError("Use either --status or --user: no index serves both.")
    earliest = since_from(since, asked.now()) if since else None
    found = asked.shop.reader.find(query_for(statuses, user, earliest, limit, after))
    following = _next_of(found, limit)
    rows = [order_row(order_from(each.id, each.fields)) for each in found]
    page: Page = [orders_table(rows)] if rows else [Line("There are none.", Tone.QUIET)]
    more = [Line(_command_for(statuses, user, since, limit, following), Tone.COMMAND)] if following else []
    asked.output.show({"orders": rows, "next": following}, [*page, *more])


def query_for(
    statuses: Sequence[str], user: str | None, earliest: datetime | None, limit: int, after: str | None
) -> Query:
    """Served by the index (userId, createdAt desc) or (status, createdAt desc)."""
    which = Where("userId", "==", user) if user else Where("status", "in", list(statuses or STATUSES))
    since = (Where("createdAt", ">=", earliest),) if earliest else ()
    cursor = cursor_from(after) if after else None
    return Query("orders", (which, *since), "createdAt", is_descending=True, after=cursor, at_most=limit)


def _next_of(found: Sequence[Found], limit: int) -> str | None:
    """The start of the next page; None if this is the last."""
    if len(found) < limit:
        return None
    at = found[-1].fields["createdAt"]
    return cursor_of(at, found[-1].id) if isinstance(at, datetime) else None


def _command_for(statuses: Sequence[str], user: str | None, since: str | None, limit: int, after: str) -> str:
    said = [word for status in statuses for word in ("--status", status)]
    said += ["--user", user] if user else []
    said += ["--since", since] if since else []
    return shlex.join(["./shop", "orders", *said, "--limit", str(limit), "--after", after])
