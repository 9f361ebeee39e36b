"""`./shop export`: the books for an accountant, as JSON Lines or CSV."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TextIO

import click

from ops.commands import Asked, command
from ops.exporting import EXPORTS, Row, rows_of
from ops.output import json_of

FEES: Final = "Stripe's fees are not in it: they are in Stripe's own reports."


@command("export")
@click.argument("what", type=click.Choice(list(EXPORTS)))
@click.option("--since", type=click.DateTime(), help="What happened at this moment or later, in UTC.")
@click.option("--until", type=click.DateTime(), help="What happened before this moment, in UTC.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="A file; by default stdout.")
@click.pass_obj
def export(
    asked: Asked, what: str, *, since: datetime | None, until: datetime | None, form: str, output: TextIO
) -> None:
    """Write one row for each order, payment, refund or audit entry: amounts in minor units, each beside its currency.

    A refund is found by when its order was created. Stripe's fees are not in it: they are in Stripe's own reports.
    """
    wanted = EXPORTS[what]
    write = _csv_into(output, wanted.columns) if form == "csv" else _lines_into(output)
    count = 0
    with asked.output.progress("Rows") as progress:
        for row in rows_of(wanted, _utc(since), _utc(until), asked.shop.client):
            write({name: json_of(value) for name, value in row.items()})
            count += 1
            progress.by(1)
    asked.output.say(f"{count} rows. {FEES}")


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def _lines_into(output: TextIO) -> Callable[[Row], object]:
    return lambda row: output.write(json.dumps(row) + "\n")


def _csv_into(output: TextIO, columns: tuple[str, ...]) -> Callable[[Row], object]:
    writer = csv.DictWriter(output, columns, lineterminator="\n")
    writer.writeheader()
    return writer.writerow
