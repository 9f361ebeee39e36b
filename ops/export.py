"""`./shop export`: the books for an accountant, as JSON Lines or CSV."""

import csv
import json
from collections.abc import Callable
from typing import Final, TextIO

import click

from ops.commands import Asked, command
from ops.exporting import EXPORTS, Row, rows_of
from ops.output import json_of
from ops.times import since_from

_BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
FEES: Final = "Stripe's fees are not included: they are only in Stripe's reports."


@command("export")
@click.argument("what", type=click.Choice(list(EXPORTS)))
@click.option("--since", metavar="TIME", help="Since when: 2026-03-01, 2026-03-14T15:09 in UTC, 36h, 2d or 1w.")
@click.option("--until", metavar="TIME", help="Until when, in the same format.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="A file; by default stdout.")
@click.pass_obj
def export(asked: Asked, what: str, *, since: str | None, until: str | None, form: str, output: TextIO) -> None:
    """Export the books: orders, payments, refunds or the audit trail.

    One row each, with amounts in minor units and their currency. For refunds, --since and --until are about when
    the order was created. Stripe's fees are not included: they are only in Stripe's reports.
    """
    wanted, now = EXPORTS[what], asked.now()
    earliest, end = (since_from(text, now) if text else None for text in (since, until))
    write = _csv_into(output, wanted.columns) if form == "csv" else _lines_into(output)
    count = 0
    with asked.output.progress("Rows") as progress:
        for row in rows_of(wanted, earliest, end, asked.shop.client):
            write({name: json_of(value) for name, value in row.items()})
            count += 1
            progress.by(1)
    asked.output.say(f"{count} row{'' if count == 1 else 's'}. {FEES}")


def _lines_into(output: TextIO) -> Callable[[Row], object]:
    return lambda row: output.write(json.dumps(row) + "\n")


def _csv_into(output: TextIO, columns: tuple[str, ...]) -> Callable[[Row], object]:
    writer = csv.DictWriter(output, columns, lineterminator="\n")
    writer.writeheader()
    return lambda row: writer.writerow({name: _as_text(value) for name, value in row.items()})


def _as_text(value: object) -> object:
    """Text that a customer chose, such as an order's id, must not be taken for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_FORMULA) else value
