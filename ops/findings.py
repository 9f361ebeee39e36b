"""`./shop findings`: what reconciliation has found wrong, and nobody has put right."""

from collections.abc import Sequence
from datetime import datetime

import click

from database.documents.findings import ALL_OPEN, OpenFinding, open_finding_from
from database.documents.reconciliations import PROGRESS, progress_from
from database.moments import FirestoreMoments
from database.store import Fields, Moment
from ops.commands import Asked, command
from ops.connection import Shop
from ops.exit_codes import ExitCode, Failed
from ops.page import Heading, Line, Page, Tone


@command("findings")
@click.pass_context
def findings(context: click.Context) -> None:
    """List what disagrees: money, stock, orders, the trail. Each with what to do about it.

    Ends with 3 if anything does, with 0 if nothing does, and with 1 if nobody has compared yet.
    """
    asked: Asked = context.obj
    at = moment_of(asked.shop)
    found = [
        (finding, fields)
        for batch in at.find(ALL_OPEN)
        for finding_id, fields in batch
        if (finding := open_finding_from(finding_id, fields))
    ]
    looked_until = progress_from(at.read([PROGRESS])[PROGRESS]).matched_until
    if not (found or looked_until):
        raise Failed("Nobody has compared yet: reconcileWithStripe takes STRIPE_API_KEY, as ./shop reconcile does.")
    page = page_of(found, looked_until)
    asked.output.show([{"id": finding.finding_id, **fields} for finding, fields in found], page)
    if found:
        context.exit(ExitCode.FOUND)


def moment_of(shop: Shop) -> Moment:
    """Raises StoreUnavailable."""
    return FirestoreMoments(shop.connection).now()


def page_of(found: Sequence[tuple[OpenFinding, Fields]], looked_until: datetime | None) -> Page:
    """The oldest first.

    Args:
        looked_until: all that happened before then was compared.
    """
    if not found:
        return (Line(f"Nothing disagrees of what happened before {looked_until:%Y-%m-%d %H:%M} UTC.", Tone.GOOD),)
    return tuple(
        part
        for finding, fields in found
        for part in (
            Heading(f"{finding.rule}, since {finding.since:%Y-%m-%d %H:%M} UTC"),
            Line(str(fields.get("found")), Tone.WARNING),
            Line(str(fields.get("remedy")), Tone.COMMAND),
        )
    )
