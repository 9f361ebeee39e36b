"""`./shop audit`: checks that the audit trail is as it was written, and prints what to keep of it elsewhere."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from audit.chain import Head
from audit.verification import Defect, Finding, Verdict
from database.ids import is_document_id
from ops.audit_reading import AnchorRead, Trail, heads_by_order
from ops.commands import Asked, Commands
from ops.exit_codes import ExitCode, Failed
from ops.output import json_of
from ops.page import Heading, Line, Page, Table, Tone
from ops.times import since_from

_OF_ENTRIES: Final = {
    "chained": "entries verified",
    "of_earlier_orders": "entries of earlier orders with the same id",
    "from_before": "entries older than their chain, which cannot be checked",
    "set_aside": "entries of events that changed nothing",
}
"""What a verdict counts, as text."""


@click.group("audit", cls=Commands)
def audit() -> None:
    """Check the audit trail, and print anchors to keep elsewhere."""


@audit.command("verify")
@click.argument("order", required=False)
@click.option(
    "--anchor",
    "kept",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Anchors kept elsewhere: the output of `audit anchor`, or log lines as JSON.",
)
@click.option("--since", metavar="TIME", help="Only orders changed since: 2026-03-14, 36h, 2d.")
@click.option("--until", metavar="TIME", help="Until when, in the same format.")
@click.pass_context
def verify(context: click.Context, order: str | None, kept: Path | None, since: str | None, until: str | None) -> None:
    """Find entries that were changed, deleted or inserted.

    Checks ORDER, or all orders and operators' acts without an order, and that no status was overwritten. With --anchor
    it also checks that the chains still contain what was anchored. Exits with 3 if anything is wrong, and with 1 if
    ORDER is unknown.
    """
    asked: Asked = context.obj
    if order and not is_document_id(order):
        raise click.UsageError(f"{order!r} is not a valid order id.")
    if (since or until) and (order or kept):
        raise click.UsageError("--since and --until check all orders: leave out ORDER and --anchor.")
    trail, now = Trail(asked.shop.client), asked.now()
    span = [since_from(text, now) if text else None for text in (since, until)]
    findings: list[Finding] = []
    count = {"orders": 0, **dict.fromkeys(_OF_ENTRIES, 0)}
    with asked.output.progress("Orders") as progress:
        changed = trail.verdicts_between(*span) if any(span) else _verdicts(trail, order, kept, findings)
        for verdict in changed:
            count["orders"] += verdict.order_id is not None
            for name in _OF_ENTRIES:
                count[name] += getattr(verdict, name)
            findings += verdict.findings
            progress.by(1)
    if order and not findings and not any(count[name] for name in _OF_ENTRIES):
        _check_that_something_was_looked_at(trail, order, kept, count["orders"])
    asked.output.show({**count, "findings": findings}, _page(count, findings))
    if findings:
        context.exit(ExitCode.FOUND)


@audit.command("anchor")
@click.option("--since", metavar="TIME", help="All since: 2026-03-14, 36h, 2d; by default only the latest.")
@click.pass_obj
def anchor(asked: Asked, since: str | None) -> None:
    """Print anchors with all their heads as JSON, one per line.

    Keep them where nobody who can write to the shop's database can write.
    """
    count = 0
    for each in Trail(asked.shop.client).anchors_since(since_from(since, asked.now()) if since else None):
        count += 1
        heads = [[order_id, head.count, head.hash] for order_id, head in each.heads]
        click.echo(json.dumps({"anchor": each.anchor_id, **_plain(each.fields), "orders": heads}))
    if not count:
        asked.output.say("There is no anchor: the sweep makes one an hour, if orders have changed.")


def _check_that_something_was_looked_at(trail: Trail, order: str, kept: Path | None, looked_at: int) -> None:
    """A mistyped id must not be reported as fine. Raises Failed."""
    if not trail.has_order(order):
        raise Failed(f"{order} is unknown: there is no such order, and no audit entry for it.")
    if kept and not looked_at:
        raise Failed(f"No anchor in {kept} says where the chain of {order} ends.")


def _plain(fields: Mapping[str, object]) -> dict[str, Any]:
    return {name: json_of(value) for name, value in fields.items()}


def _verdicts(trail: Trail, order: str | None, kept: Path | None, findings: list[Finding]) -> Iterator[Verdict]:
    if kept is None:
        yield from [trail.verdict(order)] if order else trail.verdicts()
        return
    anchored = heads_by_order(_anchors(trail, _kept(kept), findings))
    yield from (trail.verdict(each, heads) for each, heads in anchored.items() if order in (None, each))


def _anchors(trail: Trail, kept: Iterable[Mapping[str, Any]], findings: list[Finding]) -> Iterator[AnchorRead]:
    """The anchors with their heads from the file, or else from Firestore, if those are what was kept."""
    for each in kept:
        anchor_id, there = str(each["anchor"]), trail.anchor(str(each["anchor"]))
        defect = there.defect if there else "it is gone"
        if there and there.fields.get("hash") != each["hash"]:
            defect = f"its hash was {each['hash']}"
        if defect:
            findings.append(Finding(Defect.ANCHOR, None, anchor_id, f"{anchor_id}: {defect}"))
        if "orders" in each:
            heads = tuple((order_id, Head(count, hashed)) for order_id, count, hashed in each["orders"])
            yield AnchorRead(anchor_id, each, heads)
        elif there:
            yield there


def _kept(file: Path) -> list[Mapping[str, Any]]:
    """The anchors in the file. Raises Failed."""
    text = file.read_text()
    try:
        read = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        anchors = [each.get("jsonPayload", each) for each in read]
    except (ValueError, AttributeError):
        anchors = [{}]
    if not all({"anchor", "hash"} <= each.keys() for each in anchors):
        raise Failed(f"{file} contains something other than anchors: it must have one JSON object per line.")
    return anchors


def _page(count: Mapping[str, int], findings: Iterable[Finding]) -> Page:
    rows = tuple((each.order_id or "-", str(each.defect), each.entry_id or "", each.words) for each in findings)
    said = [
        Line(f"orders: {count['orders']}"),
        *(Line(f"{words}: {count[name]}", Tone.QUIET) for name, words in _OF_ENTRIES.items() if count[name]),
    ]
    if not rows:
        return (*said, Line("The trail is as it was written.", Tone.GOOD))
    table = Table(rows, ("order", "what", "entry", "why"))
    what_to_do = "The runbook says what to do, under “Money, stock or the trail disagree”."
    return (*said, Heading("Not as it was written"), table, Line(what_to_do))
