"""`./shop findings`: what reconciliation has found wrong, and nobody has put right."""

from collections.abc import Sequence

import click

from database.documents.findings import ALL_OPEN, OpenFinding, open_finding_from
from database.moments import FirestoreMoments
from database.store import Fields, Moment
from ops.commands import Asked, command
from ops.connection import Shop
from ops.exit_codes import ExitCode
from ops.page import Heading, Line, Page, Tone


@command("findings")
@click.pass_context
def findings(context: click.Context) -> None:
    """List what disagrees: money, stock, orders, the trail. Each with what to do about it.

    Ends with 3 if anything does, and with 0 if nothing does.
    """
    asked: Asked = context.obj
    found = [
        (finding, fields)
        for batch in moment_of(asked.shop).find(ALL_OPEN)
        for finding_id, fields in batch
        if (finding := open_finding_from(finding_id, fields))
    ]
    asked.output.show([{"id": finding.finding_id, **fields} for finding, fields in found], page_of(found))
    if found:
        context.exit(ExitCode.FOUND)


def moment_of(shop: Shop) -> Moment:
    """Raises StoreUnavailable."""
    return FirestoreMoments(shop.connection).now()


def page_of(found: Sequence[tuple[OpenFinding, Fields]]) -> Page:
    """The oldest first."""
    if not found:
        return (Line("Nothing disagrees, as far as the last run has looked.", Tone.GOOD),)
    return tuple(
        part
        for finding, fields in found
        for part in (
            Heading(f"{finding.rule}, since {finding.since:%Y-%m-%d %H:%M} UTC"),
            Line(str(fields.get("found")), Tone.WARNING),
            Line(str(fields.get("remedy")), Tone.COMMAND),
        )
    )
