"""`./shop findings`: what reconciliation has found wrong, and nobody has put right."""

from collections.abc import Sequence
from typing import Final

import click

from database.documents.findings import ALL_FOUND, OpenFinding, open_finding_from
from database.documents.reconciliations import PROGRESS, Progress, progress_from
from database.moments import FirestoreMoments
from database.store import Fields, Moment
from ops.commands import Asked, command
from ops.connection import Shop
from ops.exit_codes import ExitCode, Failed
from ops.page import Heading, Line, Page, Tone
from reconciliation.finding import to_copy


@command("findings")
@click.pass_context
def findings(context: click.Context) -> None:
    """List what reconciliation found, and what to do about it.

    Findings that were marked as handled come last. Exits with 3 if there are others, with 0 if there are none, and
    with 1 if nothing has been compared yet.
    """
    asked: Asked = context.obj
    at = moment_of(asked.shop)
    found = [
        (finding, fields)
        for batch in at.find(ALL_FOUND)
        for finding_id, fields in batch
        if (finding := open_finding_from(finding_id, fields))
    ]
    progress = progress_from(at.read([PROGRESS])[PROGRESS])
    if not (found or progress.matched_until or progress.records_until):
        raise Failed("Nothing has been compared yet: reconcileWithStripe does that every hour, ./shop reconcile now.")
    page = page_of(found, progress)
    asked.output.show([{"id": finding.finding_id, **fields} for finding, fields in found], page)
    if not all(finding.is_handled for finding, _ in found):
        context.exit(ExitCode.FOUND)


def moment_of(shop: Shop) -> Moment:
    """Raises StoreUnavailable."""
    return FirestoreMoments(shop.connection).now()


def page_of(found: Sequence[tuple[OpenFinding, Fields]], progress: Progress) -> Page:
    """The oldest first; findings that a person has handled come last."""
    handled = [part for finding, fields in found if finding.is_handled for part in _handled(finding, fields)]
    if all(finding.is_handled for finding, _ in found):
        return *_all_is_well(progress, "Nothing else" if handled else "Nothing"), *handled
    parts = [part for finding, fields in found if not finding.is_handled for part in _open(finding, fields)]
    return *parts, *_CLOSING, *handled


_CLOSING: Final = (
    Line(""),
    Line("A finding closes once it is right and checked again: within the hour, or now, with"),
    Line("./shop reconcile --yes", Tone.COMMAND),
)


def _open(finding: OpenFinding, fields: Fields) -> Page:
    return (
        Heading(f"{finding.rule}, since {finding.since:%Y-%m-%d %H:%M} UTC"),
        Line(str(fields.get("found")), Tone.WARNING),
        Line(str(fields.get("remedy")), Tone.COMMAND),
        Line(to_copy("handle", finding.finding_id), Tone.COMMAND),
    )


def _handled(finding: OpenFinding, fields: Fields) -> Page:
    return (
        Heading(f"{finding.rule}, since {finding.since:%Y-%m-%d %H:%M} UTC, handled"),
        Line(str(fields.get("found"))),
        Line(f"by {fields.get('operator')}: {fields.get('reason')}", Tone.QUIET),
    )


def _all_is_well(progress: Progress, nothing: str) -> Page:
    """Nothing is wrong, as far as has been checked."""
    if until := progress.matched_until:
        return (Line(f"{nothing} disagrees, up to {until:%Y-%m-%d %H:%M} UTC.", Tone.GOOD),)
    return (
        Line(f"{nothing} disagrees in the database, up to {progress.records_until:%Y-%m-%d %H:%M} UTC."),
        Line("Stripe was never asked: reconcileWithStripe and ./shop reconcile need STRIPE_API_KEY."),
    )
